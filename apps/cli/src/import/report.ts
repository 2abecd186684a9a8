import { bar, print, printJson } from '../output.ts';
import { printable } from '../printable.ts';
import { mostRefusedLines } from '@dossier/api/import/import-file.ts';
import type { ImportReport } from '@dossier/api/import/import-file.ts';

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
  /** What the file was read as. */
  readonly format: string;
  readonly report: ImportReport;
  readonly seconds: number;
  readonly interrupted: boolean;
}

/** The report for a person, with the first refused lines, or as JSON with all that were kept. */
export function printReport({ list, format, report, seconds, interrupted }: ImportOutcome, json: boolean): void {
  const { lines, added, changed, unchanged, refused, refusedLines } = report;
  if (json) {
    printJson({
      dossier_list: list?.id ?? null,
      name: list?.name ?? null,
      format,
      lines,
      added,
      changed,
      unchanged,
      refused,
      refused_lines: refusedLines,
      seconds: Math.round(seconds * 1000) / 1000,
      interrupted,
    });
    return;
  }
  for (const { line, reason } of refusedLines.slice(0, shownRefusals)) print(`line ${line} refused: ${printable(reason)}`);
  if (refused > shownRefusals) {
    print(`… and ${refused - shownRefusals} more; --json lists ${refused > mostRefusedLines ? `the first ${mostRefusedLines}` : 'all'}`);
  }
  const where = list === null ? noList(interrupted) : `Watch list ${list.id} (${printable(list.name)})`;
  print(`${where}: ${added} added, ${changed} changed, ${unchanged} unchanged, ${refused} refused, in ${seconds.toFixed(1)} s.`);
  if (interrupted)
    print('Interrupted. What is counted is imported; run the same import again to go on (lines without external_id would be added twice).');
}

function noList(interrupted: boolean): string {
  return `No watch list was made${interrupted ? '' : ', since the file holds nothing that can be imported'}`;
}
