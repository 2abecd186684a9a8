import { noDate } from '@dossier/protocol/import.ts';
import type { ExportedDossier } from '@dossier/registry/export.ts';
import { csvMark, csvRow } from './csv-text.ts';

const columns = ['external_id', 'name', 'comment', 'active', 'valid_from', 'valid_until', 'meta'] as const;
type Chunks = AsyncIterable<readonly ExportedDossier[]>;

export const dossierMediaTypes = {
  csv: 'text/csv; charset=utf-8; header=present',
  jsonl: 'application/x-ndjson',
  zip: 'application/zip',
} as const;

/** Dossiers as a file that can be imported, without photos. */
export function presentDossiers(chunks: Chunks, format: 'csv' | 'jsonl'): AsyncGenerator<string> {
  return format === 'csv' ? presentCsv(chunks) : presentJsonl(chunks);
}

/** Also what a dossier doesn't have: whoever is known otherwise where the file is imported becomes what the file says. */
function fieldsOf({ external_id, name, comment, active, valid_from, valid_until }: ExportedDossier) {
  return {
    external_id: external_id ?? undefined,
    name,
    comment,
    active,
    valid_from: valid_from ?? noDate,
    valid_until: valid_until ?? noDate,
  };
}

async function* presentJsonl(chunks: Chunks): AsyncGenerator<string> {
  for await (const chunk of chunks) yield chunk.map((dossier) => jsonLine(dossier)).join('');
}

/** A line of an import file; with the paths of the dossier's photos, if they go along. */
export function jsonLine(dossier: ExportedDossier, photos?: readonly string[]): string {
  // Written by hand it may have line breaks, which in JSON stand only between values.
  const meta = dossier.meta.replaceAll(/[\r\n]/g, ' ');
  return `${JSON.stringify({ ...fieldsOf(dossier), photos }).slice(0, -1)},"meta":${meta}}\n`;
}

async function* presentCsv(chunks: Chunks): AsyncGenerator<string> {
  yield csvMark + csvRow(columns);
  for await (const chunk of chunks) {
    yield chunk
      .map((dossier) => {
        const fields = { ...fieldsOf(dossier), meta: dossier.meta };
        return csvRow(columns.map((column) => String(fields[column] ?? '')));
      })
      .join('');
  }
}
