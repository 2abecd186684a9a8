import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './free-port.ts';

export interface Proxy {
  readonly url: string;
  stop(): Promise<void>;
}

/** An nginx in front of a node; all that isn't in `directives` is as nginx has it by default. Needs the program `nginx` and fails without it. */
export async function startNginx(node: string, directives = ''): Promise<Proxy> {
  const folder = await mkdtemp(join(tmpdir(), 'dossier-nginx-'));
  const port = await freePort();
  const places = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`).join('\n');
  const configuration = `pid ${folder}/nginx.pid;
error_log stderr;
events {}
http {
  access_log off;
  ${places}
  server {
    listen 127.0.0.1:${port};
    ${directives}
    location / {
      proxy_pass ${node};
      proxy_set_header Host $http_host;
    }
  }
}`;
  await writeFile(join(folder, 'nginx.conf'), configuration);
  const child = spawn('nginx', ['-e', 'stderr', '-p', folder, '-c', join(folder, 'nginx.conf'), '-g', 'daemon off; user root;'], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { PATH: `${process.env['PATH']}:/usr/sbin` },
  });
  await once(child, 'spawn');
  const url = `http://127.0.0.1:${port}`;
  for (let tries = 0; !(await fetch(`${url}/healthz`).catch(() => null)); tries += 1) {
    if (tries === 100 || child.exitCode !== null) throw new Error('nginx does not answer');
    await sleep(50);
  }
  return {
    url,
    async stop() {
      const exit = once(child, 'exit');
      child.kill('SIGTERM');
      await exit;
      await rm(folder, { recursive: true });
    },
  };
}
