/** Columns that are fields of a dossier; `meta.` before any other name makes it a key of `meta`. */
const columns = ['external_id', 'name', 'comment', 'active', 'valid_from', 'valid_until', 'meta'];
const metaPrefix = 'meta.';
const delimiters = [',', ';', '\t', '|'];

/** What a column of a CSV file is: a field of a dossier, a key of its `meta`, or null for one that nobody reads. */
export type Column = { readonly field: string } | { readonly key: string } | null;

/** The columns that a header names, or why it can't be used. Letter case, blanks and hyphens don't count, but in keys of `meta`. */
export function readHeader(header: readonly (string | null)[]): readonly Column[] | { readonly fault: string } {
  const read = header.map(columnOf);
  const names = read.flatMap((column) => (column === null ? [] : JSON.stringify(column)));
  const twice =
    read[
      read.findIndex((column) => column !== null && names.indexOf(JSON.stringify(column)) !== names.lastIndexOf(JSON.stringify(column)))
    ];
  if (twice) return { fault: `the header names the column ${'field' in twice ? twice.field : metaPrefix + twice.key} twice` };
  if (read.some((column) => column !== null && 'field' in column && column.field === 'name')) return read;
  const found = header.map((name) => (name ?? '').trim()).filter((name) => name !== '');
  const shown = found.slice(0, 10).map((name) => JSON.stringify(name.slice(0, 40)));
  return {
    fault: `the header must name the column "name"; possible are ${columns.join(', ')} and ${metaPrefix}KEY; it names ${shown.join(', ')}`,
  };
}

function columnOf(text: string | null): Column {
  const name = (text ?? '').trim();
  if (name.toLowerCase().startsWith(metaPrefix) && name.length > metaPrefix.length) return { key: name.slice(metaPrefix.length) };
  const field = name.toLowerCase().replaceAll(/[\s-]+/g, '_');
  return columns.includes(field) ? { field } : null;
}

/** How the beginning of a file says that it is CSV. */
export interface Dialect {
  readonly delimiter: string;
  /** Its first line is one by which spreadsheets are told the delimiter. */
  readonly namesDelimiter: boolean;
  /** The first line names a column that is a dossier's name. */
  readonly hasName: boolean;
}

/** What separates the fields of a file that begins so: what its first line says, else what is most frequent in its header, outside of quotes. */
export function readDialect(head: string): Dialect {
  const [first = '', ...others] = head.trimStart().split(/\r\n|\n|\r/);
  const named = /^"?sep=([^\p{L}\p{N}"\s]|\t)"?$/iu.exec(first)?.[1];
  const header = (named === undefined ? [first, ...others] : others).join('\n').trimStart();
  const bare = header.replaceAll(/"(?:[^"]|"")*"/g, '').split('\n')[0] ?? '';
  const counts = delimiters.map((delimiter) => bare.split(delimiter).length);
  const delimiter = named ?? delimiters[counts.indexOf(Math.max(...counts))] ?? ',';
  const names = (header.split('\n')[0] ?? '').split(delimiter).map((name) => name.trim().replaceAll(/^"|"$/g, ''));
  return { delimiter, namesDelimiter: named !== undefined, hasName: names.some((name) => name.trim().toLowerCase() === 'name') };
}
