import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { query } from '@dossier/postgres/database.ts';
import type { Database } from '@dossier/postgres/database.ts';

/** Deletes the pages of histories that no list has any more: nobody is given them, and they hold what was withdrawn. `folder`: that of the page cache; it may be missing. */
export async function forgetPages(database: Database, folder: string): Promise<void> {
  const epochs = await readdir(folder).catch(() => []);
  if (epochs.length === 0) return;
  const lists = await query<{ epoch: string }>(database, `select epoch from list_positions`);
  const known = new Set(lists.map(({ epoch }) => epoch));
  for (const epoch of epochs) if (!known.has(epoch)) await rm(join(folder, epoch), { recursive: true, force: true });
}
