const delimiters = [',', ';', '\t', '|'];

/** How the beginning of a file says that it is CSV. */
export interface Dialect {
  readonly delimiter: string;
  /** Its first line is one by which spreadsheets are told the delimiter. */
  readonly namesDelimiter: boolean;
  /** The first line names a column that is a dossier's name. */
  readonly hasName: boolean;
}

/** What separates the fields of a file that begins so: what its first line says, or people say, else what is most frequent in its header, outside of quotes. */
export function readDialect(head: string, said?: string): Dialect {
  const [first = '', ...others] = head.trimStart().split(/\r\n|\n|\r/);
  const named = /^"?sep=([^\p{L}\p{N}"\s]|\t)"?$/iu.exec(first)?.[1];
  const header = (named === undefined ? [first, ...others] : others).join('\n').trimStart();
  const bare = header.replaceAll(/"(?:[^"]|"")*"/g, '').split('\n')[0] ?? '';
  const counts = delimiters.map((delimiter) => bare.split(delimiter).length);
  const delimiter = said ?? named ?? delimiters[counts.indexOf(Math.max(...counts))] ?? ',';
  const names = (header.split('\n')[0] ?? '').split(delimiter).map((name) => name.trim().replaceAll(/^"|"$/g, ''));
  return { delimiter, namesDelimiter: named !== undefined, hasName: names.some((name) => name.trim().toLowerCase() === 'name') };
}
