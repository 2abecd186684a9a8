import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { readRefusals } from '@dossier/accounts/imports.ts';
import { presentRefusals } from '@dossier/api/import/refused-file.ts';
import { readImport } from '@dossier/accounts/imports.ts';
import type { Database } from '@dossier/postgres/database.ts';
import { ExitError } from '@dossier/runtime/errors.ts';

const chunkRows = 1000;

/** Writes the refused lines of an import to a file, in the form in which they can be imported once they are corrected. */
export async function writeRefused(database: Database, uuid: string, path: string): Promise<void> {
  const { reading } = await readImport(database, uuid);
  const lines = presentRefusals(readRefusals(database, uuid, chunkRows), reading['format'] === 'csv' ? 'csv' : 'jsonl');
  await pipeline(Readable.from(lines), createWriteStream(path)).catch((error: unknown) => {
    throw new ExitError(1, `The refused lines can't be written to ${path}. The others are imported.`, { cause: error });
  });
}
