import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { createTestDatabase } from './database.ts';
import type { TestDatabase } from './database.ts';
import { freePort } from './free-port.ts';

/** What `npx dossier` starts. */
export const executable = fileURLToPath(new URL('../../apps/cli/bin/dossier.mjs', import.meta.url));

export interface Ended {
  code: number | null;
  out: string;
  err: string;
}

export interface Invocation {
  environment?: Record<string, string>;
  input?: string;
}

/** A host on which commands are run, in a folder and with a database of its own. */
export interface CommandHost {
  readonly test: TestDatabase;
  readonly folder: string;
  /** On which nothing listens. */
  readonly port: string;
  dossier(parameters: readonly string[], invocation?: Invocation): Promise<Ended>;
  remove(): Promise<void>;
}

export async function createCommandHost(): Promise<CommandHost> {
  const test = await createTestDatabase();
  const folder = await mkdtemp(join(tmpdir(), 'executable-'));
  const port = String(await freePort());
  return {
    test,
    folder,
    port,
    async dossier(parameters, { environment = {}, input = '' } = {}) {
      const child = spawn(process.execPath, [executable, ...parameters], {
        cwd: folder,
        env: { DATABASE_URL: test.url, DATA_DIR: join(folder, 'data'), PORT: port, ...environment },
      });
      child.stdin.end(input);
      const [out, err] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
      return { code: child.exitCode, out, err };
    },
    async remove() {
      await test.drop();
      await rm(folder, { recursive: true });
    },
  };
}
