import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { importDossiers } from '@dossier/registry/import.ts';
import { freePort } from '@dossier/test/kit/free-port.ts';
import { attempt } from './context.ts';
import type { BenchContext } from './context.ts';
import { settle } from './fill.ts';
import { RunFollower } from './follow.ts';
import { benchPhoto, storePhoto } from './photo-set.ts';
import { benchDossier } from './rows.ts';
import type { BenchNode, Workshop } from './workshop.ts';

const run = promisify(execFile);
const count = 2000;
const photoBytes = 100_000;

/** A list of 2,000 dossiers with a photo of 100 KB each, beside nginx, curl and sha256sum with the same files. */
export async function benchPhotos(context: BenchContext): Promise<void> {
  const { workshop, runs, tell, budget } = context;
  const folder = await mkdtemp(join(workshop.folder, 'photos-'));
  const master = await workshop.startNode('master', { mediaRoot: join(folder, 'master') });
  tell(`making ${count} photos of ${photoBytes} bytes`);
  const list = await master.node.makeList('photos');
  const files = await fillPhotos(master, { list, webRoot: join(folder, 'web') });
  await settle(master.databaseUrl);
  for (let round = 1; round <= runs; round += 1) {
    if (!budget.allows(`round ${round} of ${runs} of "photos"`)) break;
    tell(`photos, round ${round} of ${runs}`);
    await attempt(context, `photos, round ${round}, the product`, () => measureProduct(context, { master, list, folder, round }));
    await attempt(context, `photos, round ${round}, curl from nginx (Debian: apt-get install nginx-light curl)`, () =>
      measureCurl(context, { folder, files, round }),
    );
  }
  await master.remove();
}

/** Gives each dossier of the list a photo of its own, in the master's store and below nginx' root. */
async function fillPhotos(master: BenchNode, { list, webRoot }: { list: number; webRoot: string }): Promise<Map<string, string>> {
  await mkdir(webRoot, { recursive: true });
  const files = new Map<string, string>();
  for (let from = 0; from < count; from += 500) {
    const dossiers = [];
    for (let number = from; number < from + 500; number += 1) {
      const { content, data } = benchPhoto(`photo ${number}`, photoBytes);
      await storePhoto(master.mediaRoot, content.sha256, data);
      await writeFile(join(webRoot, `${number}.jpg`), data);
      files.set(`${number}.jpg`, content.sha256);
      dossiers.push({ ...benchDossier('photos', number, [content]), photos: [content] });
    }
    await importDossiers(master.database, { listId: list, dossiers });
  }
  return files;
}

async function measureProduct(
  { workshop, measures }: BenchContext,
  { master, list, folder, round }: { master: BenchNode; list: number; folder: string; round: number },
): Promise<void> {
  const mediaRoot = join(folder, `slave-${round}`);
  // The second slave finds the photos of the first: what it takes is the rows' share.
  for (const name of ['photos', 'photos, all present'] as const) {
    const slave = await workshop.startNode('slave', { mediaRoot });
    await using follower = await RunFollower.open(slave);
    const local = await slave.node.makeList('photos');
    const { totalMs } = await follower.follow(local, () => slave.node.link(master.node.url, list, local));
    measures.record(name, { unit: 'ms', round, value: totalMs });
    await slave.remove();
  }
}

/** curl fetches all files at once into a fresh folder, two sha256sum check them; with and without waiting until they are on the disk. */
async function measureCurl(
  { workshop, measures }: BenchContext,
  { folder, files, round }: { folder: string; files: ReadonlyMap<string, string>; round: number },
): Promise<void> {
  const { url, end } = await startNginx(workshop, join(folder, 'web'));
  try {
    const target = join(folder, `curl-${round}`);
    await mkdir(target);
    const names = [...files.keys()];
    await writeFile(join(target, 'urls'), names.map((name) => `url = "${url}/${name}"\noutput = "${name}"\n`).join(''));
    const sums = (part: number) => names.filter((_, index) => index % 2 === part).map((name) => `${files.get(name)}  ${name}\n`);
    for (const part of [0, 1]) await writeFile(join(target, `sums-${part}`), sums(part).join(''));
    const options = { cwd: target, maxBuffer: 64 * 1024 * 1024 };
    const begun = performance.now();
    await run('curl', ['--silent', '--show-error', '--fail', '--parallel', '--parallel-max', '16', '--config', 'urls'], options);
    await Promise.all([0, 1].map((part) => run('sha256sum', ['--check', '--quiet', `sums-${part}`], options)));
    measures.record('curl and sha256sum', { unit: 'ms', round, value: performance.now() - begun });
    await run('sync', names, options);
    measures.record('curl, sha256sum and sync', { unit: 'ms', round, value: performance.now() - begun });
    if ((await readdir(target)).length < names.length) throw new Error('curl did not fetch everything');
  } finally {
    await end();
  }
}

async function startNginx(workshop: Workshop, root: string): Promise<{ url: string; end: () => Promise<void> }> {
  const folder = await mkdtemp(join(workshop.folder, 'nginx-'));
  const port = await freePort();
  const user = process.getuid?.() === 0 ? 'user root;\n' : '';
  const configuration = `${user}daemon off;
worker_processes 1;
pid ${folder}/pid;
error_log ${folder}/error.log;
events { worker_connections 512; }
http {
  access_log off;
  sendfile on;
  client_body_temp_path ${folder}; proxy_temp_path ${folder}; fastcgi_temp_path ${folder}; uwsgi_temp_path ${folder}; scgi_temp_path ${folder};
  server { listen 127.0.0.1:${port}; root ${root}; }
}
`;
  await writeFile(join(folder, 'nginx.conf'), configuration);
  const child = spawn('nginx', ['-c', join(folder, 'nginx.conf'), '-e', join(folder, 'error.log')], { stdio: 'ignore', detached: true });
  await once(child, 'spawn');
  const end = workshop.cleanup.defer('nginx', async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
    await rm(folder, { recursive: true, force: true });
  });
  const url = `http://127.0.0.1:${port}`;
  for (let attempts = 0; ; attempts += 1) {
    const isUp = await fetch(`${url}/0.jpg`, { method: 'HEAD' }).then(
      (response) => response.ok,
      () => false,
    );
    if (isUp) return { url, end };
    if (attempts > 100) throw new Error('nginx does not answer');
    await delay(50);
  }
}
