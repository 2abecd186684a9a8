import type { ImportRefusal } from '@dossier/accounts/imports.ts';
import { csvMark, csvRow } from '../export/csv-text.ts';
import type { Given } from './rows.ts';

/** So other writers say nothing. */
const nulls = ['NULL', '\\N'];

/**
 * Refused rows as they were given, each with its line and the reason, in the form of the file that they were in: corrected, they can be imported, which passes
 * over `refused_line`, `refused_reason` and `refused_text` (of a row that has no fields).
 */
export async function* presentRefusals(chunks: AsyncIterable<readonly ImportRefusal[]>, format: 'jsonl' | 'csv'): AsyncGenerator<string> {
  if (format === 'jsonl') {
    for await (const chunk of chunks) yield chunk.map(jsonLine).join('');
    return;
  }
  // Bounded, as they are where they are kept.
  const rows: (ImportRefusal & { readonly fields: Readonly<Record<string, unknown>> })[] = [];
  for await (const chunk of chunks)
    for (const refusal of chunk) rows.push({ ...refusal, fields: fieldsOf(JSON.parse(refusal.given) as Given) });
  const columns = [...new Set(rows.flatMap(({ fields }) => Object.keys(fields)))];
  yield csvMark + csvRow(['refused_line', 'refused_reason', ...columns]);
  for (const { line, reason, fields } of rows) yield csvRow([String(line), reason, ...columns.map((column) => textOf(fields[column]))]);
}

function fieldsOf(given: Given): Readonly<Record<string, unknown>> {
  return typeof given === 'string' ? { refused_text: given } : given;
}

function textOf(value: unknown): string {
  return typeof value === 'string' && !nulls.includes(value) ? value : '';
}

function jsonLine({ line, reason, given }: ImportRefusal): string {
  const facts = { refused_line: line, refused_reason: reason };
  const text = JSON.parse(given) as Given;
  return `${JSON.stringify({ ...facts, ...(typeof text === 'string' ? objectOf(text) : text) })}\n`;
}

/** The object that a line is, else the line as a text. */
function objectOf(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch {
    // given back as it is
  }
  return { refused_text: text };
}
