import type { Database } from '@dossier/postgres/database.ts';
import { writeRows } from './page-writer.ts';

/** The answer to a question for some dossiers of a list by their uuids, without a file of its own: nobody else asks for the same ones. Null if there is no such list. */
export async function readRows(database: Database, request: { listId: number; uuids: readonly string[] }): Promise<Buffer | null> {
  const parts: Buffer[] = [];
  // Each block is used again once it was taken.
  const end = await writeRows(database, request, (block) => {
    parts.push(Buffer.from(block));
    return Promise.resolve();
  });
  return end && Buffer.concat(parts);
}
