import { ApplicationError, ExitError } from '@dossier/runtime/errors.ts';
import { counted } from '../counted.ts';
import { databaseFault, isDatabaseFault } from '../database-fault.ts';
import type { ImportReport } from '@dossier/api/import/import-file.ts';

/** An error that ended an import, with what is safe and how to go on. */
export function importFailure(error: unknown, report: ImportReport, databaseUrl: string): Error {
  const fault = explain(error, databaseUrl);
  const written = report.lines - report.refused;
  if (written === 0) return fault;
  const sofar = `${counted(written, 'line before is', 'lines before are')} imported (${report.added} added, ${report.changed} changed, ${report.unchanged} unchanged).`;
  const again = 'Then run the same import again: it goes on where it stopped, only lines without external_id would be added twice.';
  const remedy = fault instanceof ExitError || fault instanceof ApplicationError ? fault.remedy : undefined;
  return new ExitError(1, `${fault.message} ${sofar}`, { remedy: remedy === undefined ? again : `${remedy} ${again}`, cause: error });
}

function explain(error: unknown, databaseUrl: string): Error {
  if (!(error instanceof Error)) return new Error(String(error));
  const code = 'code' in error ? error.code : '';
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new ExitError(1, 'The disk that holds the photos (MEDIA_ROOT) is full.', { remedy: 'Free disk space.', cause: error });
  }
  if (code === 'EACCES' || code === 'EROFS' || code === 'EPERM') {
    return new ExitError(1, `The photos can't be written to MEDIA_ROOT (${code}).`, {
      remedy: 'Run this as the user that the node runs as.',
      cause: error,
    });
  }
  if (error instanceof ExitError || error instanceof ApplicationError || !isDatabaseFault(error)) return error;
  return databaseFault(error, databaseUrl);
}
