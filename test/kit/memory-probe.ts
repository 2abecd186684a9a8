// Loaded into a node's process by a test (NODE_OPTIONS: --import), never by the product. On SIGUSR2 it collects all garbage and writes what is
// left to the file that DOSSIER_MEMORY_PROBE names: what a process holds, without what V8 merely has not collected yet.

import { renameSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const file = process.env['DOSSIER_MEMORY_PROBE'];
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** What is freed by finalizers of the first collection goes with the second one. */
async function write(path: string): Promise<void> {
  collect();
  await delay(10);
  collect();
  writeFileSync(`${path}.part`, JSON.stringify(process.memoryUsage()));
  renameSync(`${path}.part`, path);
}

if (file !== undefined) process.on('SIGUSR2', () => void write(file));
