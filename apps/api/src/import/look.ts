import { ApplicationError } from '@dossier/runtime/errors.ts';
import type { RefusedLine } from './import-file.ts';
import { openFile } from './open-file.ts';
import type { Declared, OpenedFile } from './open-file.ts';

/** What was seen of the beginning of a file. */
export interface Look extends Omit<OpenedFile, 'rows'> {
  readonly rows: number;
  readonly refusals: readonly RefusedLine[];
}

const enoughRows = 100;
const shownRefusals = 10;

/** Looks at the first rows of a file, also of one that was cut off, or whose header can't be used. */
export async function lookAt(source: AsyncIterable<Uint8Array>, declared: Declared): Promise<Look> {
  const { rows: chunks, ...file } = await openFile(source, { ...declared, isLook: true });
  const refusals: RefusedLine[] = [];
  let rows = 0;
  try {
    for await (const chunk of chunks) {
      rows += chunk.length;
      for (const { number, parsed } of chunk) if ('fault' in parsed) refusals.push({ line: number, reason: parsed.fault });
      if (rows >= enoughRows) break;
    }
  } catch (error) {
    // A packed file that was cut off can be read as far as it goes.
    if (rows === 0 || !(error instanceof ApplicationError) || error.code !== 'BAD_PARAM') throw error;
  }
  return { ...file, rows, refusals: refusals.slice(0, shownRefusals) };
}
