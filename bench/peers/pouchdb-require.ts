import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where PouchDB is installed for the benchmark: an ignored folder, so that nothing of it is part of the product. */
export const pouchFolder = fileURLToPath(new URL('../results/pouchdb/', import.meta.url));

/** What is used of a PouchDB database. */
export interface Pouch {
  bulkDocs(documents: readonly object[]): Promise<unknown>;
  info(): Promise<{ doc_count: number }>;
  close(): Promise<void>;
  replicate: { from(url: string, options: { batch_size: number; batches_limit: number }): Promise<{ ok: boolean; docs_written: number }> };
}

export interface PouchConstructor {
  new (name: string): Pouch;
  defaults(options: { prefix: string }): PouchConstructor;
}

/** Loads a module of the folder in which PouchDB was installed. */
export function requirePouch(module: string): unknown {
  return createRequire(join(pouchFolder, 'package.json'))(module);
}
