import { isUtf8 } from 'node:buffer';
import { Readable } from 'node:stream';
import { parse } from 'csv-parse';
import type { CsvError } from 'csv-parse';
import { parseJson } from '@dossier/domain/whole-numbers.ts';
import { maximumLineBytes } from './lines.ts';
import { parseFields } from './parse-line.ts';
import type { ImportRow } from './rows.ts';

/** Columns that are fields of a dossier; `meta.` before any other name makes it a key of `meta`. */
const columns = ['external_id', 'name', 'comment', 'active', 'valid_from', 'valid_until', 'meta'];
const metaPrefix = 'meta.';
const delimiters = [',', ';', '\t'];
const chunkRows = 200;
const firstLineBytes = 64 * 1024;
const byteOrderMark = Buffer.from('\ufeff');

interface Read {
  readonly record: Buffer[];
  readonly info: { readonly lines: number };
}

/**
 * The rows of a CSV file (RFC 4180, UTF-8, with a header; comma, semicolon or tab between fields). An empty field says nothing. Where
 * the quotes don't fit, nobody can tell where the next record begins: that line is refused, and nothing after it is read.
 */
export async function* readCsvRows(source: AsyncIterable<Uint8Array>): AsyncGenerator<ImportRow[]> {
  const { delimiter, bytes } = await detectDelimiter(source);
  let broken: CsvError | undefined;
  const parser = parse({
    // Bytes, to tell what is no UTF-8 from a replacement character that somebody wrote.
    encoding: null,
    delimiter,
    info: true,
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: maximumLineBytes,
    // An error would drop the records before it that nobody has taken yet.
    skip_records_with_error: true,
    on_skip: (error) => {
      broken ??= error;
    },
  });
  // `pipe` would leave the parser waiting if the source broke off.
  const input = Readable.from(bytes).on('error', (error) => parser.destroy(error));
  let header: string[] | null = null;
  let rows: ImportRow[] = [];
  let lines = 0;
  try {
    for await (const { record, info } of input.pipe(parser) as AsyncIterable<Read>) {
      if (broken !== undefined && info.lines >= lineOf(broken)) break;
      lines = info.lines;
      const number = lines - record.reduce((sum, field) => sum + breaksOf(field), 0);
      if (header === null) {
        header = record.map((name) => name.toString('utf8').trim());
        const fault = headerFault(header);
        if (fault === null) continue;
        yield [{ number, characters: 0, parsed: { fault } }];
        return;
      }
      rows.push(readRecord(header, record, number));
      if (rows.length < chunkRows) continue;
      yield rows;
      rows = [];
    }
  } finally {
    input.destroy();
  }
  if (broken !== undefined) {
    const fault = `is not valid CSV: ${reasonOf(broken)}; nothing from here on was read`;
    rows.push({ number: lines + 1, characters: 0, parsed: { fault } });
  }
  if (rows.length > 0) yield rows;
}

/** The line at which the parser noticed. */
function lineOf(error: CsvError): number {
  return 'lines' in error && typeof error.lines === 'number' ? error.lines : 0;
}

function reasonOf({ code }: CsvError): string {
  if (code === 'CSV_MAX_RECORD_SIZE') return `it is longer than ${maximumLineBytes} bytes`;
  if (code === 'CSV_QUOTE_NOT_CLOSED') return 'a quote is never closed';
  return 'a quote stands where none may be; quotes inside of a field are doubled, and the field is quoted';
}

function headerFault(header: readonly string[]): string | null {
  if (header.some((name, at) => name !== '' && header.indexOf(name) !== at)) return 'the header names a column twice';
  if (header.includes('name')) return null;
  return `the header must name the column "name"; possible are ${columns.join(', ')} and ${metaPrefix}KEY`;
}

function readRecord(header: readonly string[], record: readonly Buffer[], number: number): ImportRow {
  const characters = record.reduce((sum, field) => sum + field.length, 0);
  const refuse = (fault: string): ImportRow => ({ number, characters, parsed: { fault } });
  if (record.length > header.length) return refuse(`has ${record.length} fields, more than the ${header.length} of the header`);
  if (!record.every(isUtf8)) return refuse('is not valid UTF-8; save the file as "CSV UTF-8"');
  const fields: Record<string, unknown> = {};
  let meta: Record<string, unknown> | undefined;
  for (const [at, name] of header.entries()) {
    const text = unguard(record[at]?.toString('utf8') ?? '');
    if (text === '') continue;
    if (name === 'meta') {
      const value = parseMeta(text);
      if (value === null) return refuse('meta: must be a JSON object');
      meta ??= {};
      for (const [key, item] of Object.entries(value)) setOwn(meta, key, item);
    } else if (name.startsWith(metaPrefix)) setOwn((meta ??= {}), name.slice(metaPrefix.length), text);
    else if (columns.includes(name)) fields[name] = name === 'active' ? text.toLowerCase() : text;
  }
  if (meta !== undefined) fields['meta'] = meta;
  return { number, characters, parsed: parseFields(fields) };
}

function breaksOf(field: Buffer): number {
  let breaks = 0;
  for (let at = field.indexOf(0x0a); at !== -1; at = field.indexOf(0x0a, at + 1)) breaks += 1;
  return breaks;
}

/** A key may have any name, also one that an assignment would take for something else. */
function setOwn(target: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
}

function parseMeta(text: string): object | null {
  try {
    const value = parseJson(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : null;
  } catch {
    return null; // the line is refused and says what is expected
  }
}

/** Exports put an apostrophe before what a spreadsheet would take for a formula. */
function unguard(field: string): string {
  return /^'+[=+\-@\t\r]/.test(field) ? field.slice(1) : field;
}

/** What separates the fields of the header, and all bytes including those that were read to find out. */
async function detectDelimiter(source: AsyncIterable<Uint8Array>): Promise<{ delimiter: string; bytes: AsyncIterable<Uint8Array> }> {
  const iterator = source[Symbol.asyncIterator]();
  const read: Uint8Array[] = [];
  let length = 0;
  while (length < firstLineBytes && !read.some((chunk) => chunk.includes(0x0a))) {
    const { value, done } = await iterator.next();
    if (done === true) break;
    read.push(value);
    length += value.byteLength;
  }
  const first = Buffer.concat(read);
  const beginning = first.subarray(0, byteOrderMark.length).equals(byteOrderMark) ? first.subarray(byteOrderMark.length) : first;
  const line = beginning.toString('utf8').split('\n')[0] ?? '';
  const counts = delimiters.map((delimiter) => line.split(delimiter).length);
  async function* all(): AsyncGenerator<Uint8Array> {
    yield beginning;
    yield* { [Symbol.asyncIterator]: () => iterator };
  }
  return { delimiter: delimiters[counts.indexOf(Math.max(...counts))] ?? ',', bytes: all() };
}
