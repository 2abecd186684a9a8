import { counted } from '../counted.ts';
import { bar, print, printJson } from '../output.ts';
import { printable } from '../printable.ts';
import { mostRefusedLines } from '@dossier/api/import/import-file.ts';
import type { ImportReport } from '@dossier/api/import/import-file.ts';
import type { Reading } from '@dossier/api/import/columns.ts';
import type { OpenedFile } from '@dossier/api/import/open-file.ts';
import type { Survey } from '@dossier/api/import/survey.ts';

const shownRefusals = 20;

/** One line for the progress: how far, how many, how fast. */
export function progressText(
  report: ImportReport,
  source: { readonly totalBytes: number | null; readonly readBytes: () => number },
  elapsedMs: number,
): string {
  const rate = Math.round(report.lines / Math.max(0.001, elapsedMs / 1000));
  const share = source.totalBytes === null || source.totalBytes === 0 ? '' : `${bar(source.readBytes() / source.totalBytes)} `;
  return `${share}${report.lines} lines, ${rate} a second${report.refused > 0 ? `, ${report.refused} refused` : ''}`;
}

export interface ImportOutcome {
  /** Null where no list was made, because no line could be used. */
  readonly list: { readonly id: number; readonly name: string } | null;
  readonly file: Pick<OpenedFile, 'format' | 'charset' | 'delimiter' | 'survey'>;
  readonly reading: Reading;
  readonly report: ImportReport;
  readonly seconds: number;
  readonly dryRun: boolean;
  readonly interrupted: boolean;
}

/** The report for a person, with the first refused lines, or as JSON with all that were kept. */
export function printReport({ list, file, reading, report, seconds, dryRun, interrupted }: ImportOutcome, json: boolean): void {
  const { lines, added, changed, unchanged, refused, refusedLines } = report;
  if (json) {
    printJson({
      dossier_list: list?.id ?? null,
      name: list?.name ?? null,
      format: file.format,
      encoding: file.charset,
      delimiter: file.delimiter,
      columns: file.survey.columns.map(({ name, as, known, rows }) => ({ name, as, known, rows })),
      lines,
      added,
      changed,
      unchanged,
      refused,
      refused_lines: refusedLines,
      scientific_ids: file.survey.scientific,
      repeated_ids: file.survey.repeated,
      ...(report.doubles && { doubles: report.doubles }),
      dry_run: dryRun,
      seconds: Math.round(seconds * 1000) / 1000,
      interrupted,
    });
    return;
  }
  for (const { line, reason } of refusedLines.slice(0, shownRefusals)) print(`line ${line} refused: ${printable(reason)}`);
  if (refused > shownRefusals) {
    print(`… and ${refused - shownRefusals} more; --json lists ${refused > mostRefusedLines ? `the first ${mostRefusedLines}` : 'all'}`);
  }
  for (const sentence of warnings(file.survey)) print(sentence);
  const doubles = doublesWarning(report);
  if (doubles !== null) print(doubles);
  const unknown = file.format === 'csv' ? null : unknownColumns(file.survey, reading);
  if (unknown !== null) print(unknown);
  const where = list === null ? noList(interrupted) : `Watch list ${list.id} (${printable(list.name)})`;
  print(`${where}: ${added} added, ${changed} changed, ${unchanged} unchanged, ${refused} refused, in ${seconds.toFixed(1)} s.`);
  if (dryRun) print('This was a dry run: nothing was changed.');
  else if (interrupted)
    print('Interrupted. What is counted is imported; run the same import again to go on (lines without external_id would be added twice).');
}

function noList(interrupted: boolean): string {
  return `No watch list was made${interrupted ? '' : ', since the file holds nothing that can be imported'}`;
}

const shownColumns = 20;
const shownDoubts = 5;

/** Which columns are no field of a dossier, and what becomes of them; null where there are none. */
export function unknownColumns(survey: Survey, reading: Reading): string | null {
  const names = survey.unknown.map(({ name }) => printable(name));
  if (names.length === 0) return null;
  const more = names.length > shownColumns ? ` and ${names.length - shownColumns} more` : '';
  const said = `No fields of a dossier are: ${names.slice(0, shownColumns).join(', ')}${more}.`;
  return reading.unknown === 'keep'
    ? `${said} They are kept in meta; --drop-unknown leaves them out, --column NAME=FIELD says what one is.`
    : `${said} They are left out (--drop-unknown).`;
}

function warnings({ scientific, repeated }: Survey): string[] {
  const sentences: string[] = [];
  if (scientific.count > 0) {
    const rows = scientific.rows.slice(0, shownDoubts).map(({ line, external_id: id }) => `${printable(id)} in line ${line}`);
    sentences.push(
      `Warning: ${counted(scientific.count, 'external_id looks', 'external_ids look')} as if a spreadsheet had rounded them (${rows.join(', ')}): different people may have become one. Export the column as text.`,
    );
  }
  if (repeated.count > 0) {
    const rows = repeated.rows
      .slice(0, shownDoubts)
      .map(({ line, external_id: id, first }) => `${printable(id)} in lines ${first} and ${line}`);
    sentences.push(
      `Warning: ${counted(repeated.count, 'line has', 'lines have')} the external_id of an earlier one (${rows.join(', ')}): the last one counts.`,
    );
  }
  return sentences;
}

/** That an import would bring people who are there already; null where it wouldn't, or nobody looked. */
function doublesWarning({ doubles }: ImportReport): string | null {
  if (doubles === undefined || doubles.count === 0) return null;
  const rows = doubles.rows.slice(0, shownDoubts).map(({ line, name }) => `${printable(name)} in line ${line}`);
  return `Warning: ${counted(doubles.count, 'line', 'lines')} without external_id, each with somebody of the same name, dates and fields in the list already (${rows.join(', ')}): they would be there twice. Take them out of the file, or give the file and the list external ids, by which they are found again.`;
}
