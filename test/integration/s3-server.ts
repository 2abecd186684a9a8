import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

export interface S3Server {
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts an S3 server for tests on a free port of 127.0.0.1, with one bucket, in a process of its own. Both its keys are `S3RVER`. */
export async function startS3Server(folder: string, bucket: string): Promise<S3Server> {
  const program = createRequire(import.meta.url).resolve('s3rver/bin/s3rver.js');
  const options = ['--directory', folder, '--address', '127.0.0.1', '--port', '0', '--silent', '--configure-bucket', bucket];
  // It encrypts the tokens of long listings with DES.
  const server = spawn(process.execPath, ['--openssl-legacy-provider', program, ...options], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(server, 'exit');
  for await (const line of createInterface({ input: server.stdout })) {
    const port = /listening on .*:(\d+)$/.exec(line)?.[1];
    if (port === undefined) continue;
    const stop = async (): Promise<void> => {
      server.kill();
      await exited;
    };
    return { url: `http://127.0.0.1:${port}`, stop };
  }
  throw new Error('the S3 server for tests ended before it listened');
}
