import { metaFault } from '@dossier/domain/dossier.ts';
import type { Json } from '@dossier/domain/dossier.ts';
import { parseJson } from '@dossier/domain/whole-numbers.ts';

/** A custom field while it is edited: its value as text, with the JSON that it stands for where it is no text. */
export interface MetaRow {
  readonly key: string;
  readonly text: string;
  /** Whether the text is JSON: a number, a list, true… and not the words themselves. */
  readonly json: boolean;
  /** Whether it was added by its name in this form: then it stays where it was added, also if a list declares that name. */
  readonly added?: boolean;
}

/** The row of a field that a list declares, if there is one. */
export function declaredRow(rows: readonly MetaRow[], name: string): MetaRow | undefined {
  return rows.find((row) => row.key === name && row.added !== true);
}

/** The rows with the one of a declared field in its place; an empty one says nothing and goes. */
export function withDeclared(rows: readonly MetaRow[], row: MetaRow): MetaRow[] {
  const known = declaredRow(rows, row.key);
  if (known === undefined) return row.text === '' ? [...rows] : [...rows, row];
  return rows.flatMap((other) => (other !== known ? other : row.text === '' ? [] : row));
}

/** The rows of a dossier's custom fields. */
export function rowsOf(meta: Readonly<Record<string, unknown>>): MetaRow[] {
  return Object.entries(meta).map(([key, value]) => ({
    key,
    text: typeof value === 'string' ? value : JSON.stringify(value),
    json: typeof value !== 'string',
  }));
}

/**
 * The custom fields that the rows stand for. Rows without a name are left out; JSON that is none any more, or can't be kept as such (a number that would be
 * rounded, for one), is taken as text.
 */
export function metaOf(rows: readonly MetaRow[]): { [key: string]: Json } {
  const named = rows.filter(({ key }) => key.trim() !== '');
  return Object.fromEntries(named.map((row) => [row.key.trim(), valueOf(row)]));
}

function valueOf({ text, json }: MetaRow): Json {
  if (!json) return text;
  try {
    const value = parseJson(text);
    return metaFault(value) === null ? (value as Json) : text;
  } catch {
    return text;
  }
}
