import type { AuditEntry } from '@dossier/protocol/audit.ts';
import { csvMark, csvRow } from './csv-text.ts';

const columns = [
  'id',
  'date',
  'actor',
  'via',
  'address',
  'action',
  'object_kind',
  'object_id',
  'object_uuid',
  'object_name',
  'details',
  'before',
  'after',
];

/** Entries of the audit as a file. */
export async function* presentAudit(chunks: AsyncIterable<readonly AuditEntry[]>, format: 'csv' | 'jsonl'): AsyncGenerator<string> {
  if (format === 'csv') yield csvMark + csvRow(columns);
  for await (const chunk of chunks) yield chunk.map(format === 'csv' ? csvLine : (entry) => `${JSON.stringify(entry)}\n`).join('');
}

function csvLine({ object, ...entry }: AuditEntry): string {
  const { id, date, actor, via, address, action, details, before, after } = entry;
  const values = [id, date, actor, via, address, action, object.kind, object.id, object.uuid, object.name, details, before, after];
  return csvRow(values.map(textOf));
}

function textOf(value: string | number | object | null): string {
  if (value === null) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
