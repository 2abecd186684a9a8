import { parseJson } from '@dossier/domain/whole-numbers.ts';
import { readHeader } from './csv-header.ts';
import type { Column, Dialect } from './csv-header.ts';
import { readRecords } from './csv-records.ts';
import type { CsvRecord, Field } from './csv-records.ts';
import { parseFields } from './parse-line.ts';
import { notUtf8 } from './rows.ts';
import type { ImportRow } from './rows.ts';

/** So other writers say nothing, unquoted or quoted; exports put an apostrophe before a text that is really this. */
const nulls = ['', 'NULL', '\\N'];

/**
 * The rows of a CSV file with a header. A field that is empty or null says nothing, and a row of such fields is none. Columns that nobody reads may hold
 * anything. Nothing is read behind a header that names no column "name".
 */
export async function* readCsvRows(source: AsyncIterable<Uint8Array>, { delimiter, namesDelimiter }: Dialect): AsyncGenerator<ImportRow[]> {
  let table: Table | null = null;
  let isFirst = namesDelimiter;
  for await (const records of readRecords(source, delimiter)) {
    const rows: ImportRow[] = [];
    for (const record of records) {
      if (isFirst) isFirst = false;
      else if (table === null) {
        const opened = openTable(record, delimiter);
        if (!(opened instanceof Table)) {
          yield [refusal(record, `${opened.fault}; nothing was read`)];
          return;
        }
        table = opened;
      } else {
        const row = table.read(record);
        if (row !== null) rows.push(row);
      }
    }
    yield rows;
  }
}

function openTable({ content }: CsvRecord, delimiter: string): Table | { readonly fault: string } {
  if ('fault' in content) return content;
  const columns = readHeader(content.fields);
  return 'fault' in columns ? columns : new Table(content.fields, columns, delimiter);
}

function refusal({ number, last, characters }: CsvRecord, fault: string): ImportRow {
  return { number, characters, parsed: { fault: last === number ? fault : `(to line ${last}) ${fault}` } };
}

class Table {
  readonly #header: readonly Field[];
  readonly #columns: readonly Column[];
  readonly #delimiter: string;

  constructor(header: readonly Field[], columns: readonly Column[], delimiter: string) {
    this.#header = header;
    this.#columns = columns;
    this.#delimiter = delimiter;
  }

  /** What a record says, or why it is refused; null where it says nothing. */
  read(record: CsvRecord): ImportRow | null {
    const { number, characters, content, isDoubtful } = record;
    if ('fault' in content) return refusal(record, content.fault);
    const { fields } = content;
    if (fields.every((field) => field?.trim() === '') || this.#repeatsHeader(fields)) return null;
    const width = this.#columns.length;
    if (fields.slice(width).some((field) => field?.trim() !== '')) {
      return refusal(record, `has ${fields.length} fields, more than the ${width} of the header`);
    }
    if (isDoubtful && fields.length !== width) return refusal(record, 'stands behind a broken quote, and has too few fields for a row');
    const values = this.#values(fields);
    if (typeof values === 'string') return refusal(record, values);
    const parsed = parseFields(values);
    return 'fault' in parsed ? refusal(record, parsed.fault) : { number, characters, parsed: { ...parsed, untyped: true } };
  }

  /** As where files were put together. */
  #repeatsHeader(fields: readonly Field[]): boolean {
    return fields.length === this.#header.length && fields.every((field, at) => field === this.#header[at]);
  }

  /** The fields of a dossier, or why there are none. */
  #values(fields: readonly Field[]): Record<string, unknown> | string {
    const values: Record<string, unknown> = {};
    let meta: Record<string, unknown> | undefined;
    for (const [at, column] of this.#columns.entries()) {
      const field = fields[at] ?? (at < fields.length ? null : '');
      if (column === null) continue;
      if (field === null) return `${notUtf8}; save the file as "CSV UTF-8"`;
      if (nulls.includes(field)) continue;
      const text = unguard(field);
      if ('key' in column) setOwn((meta ??= {}), column.key, text);
      else if (column.field === 'meta') {
        const value = parseMeta(text);
        if (value === null) return 'meta: must be a JSON object';
        for (const [key, item] of Object.entries(value)) setOwn((meta ??= {}), key, item);
        meta ??= {};
      } else if (column.field === 'name' && this.#isGlued(text)) {
        return 'name: holds line breaks and as many fields as rows have; a quote of one row seems to be closed in another';
      } else values[column.field] = text;
    }
    return meta === undefined ? values : { ...values, meta };
  }

  /** Two quotes too many, rows apart in the same column, make one field of all between them. */
  #isGlued(text: string): boolean {
    const breaks = text.split(/\r\n|\n|\r/).length - 1;
    const width = this.#columns.length;
    return breaks > 0 && width > 1 && text.split(this.#delimiter).length - 1 === breaks * (width - 1);
  }
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

/** Exports put an apostrophe before what a spreadsheet would take for a formula, and before what would say nothing. */
function unguard(field: string): string {
  return /^'+(?:[=+\-@\t\r]|NULL$|\\N$)/.test(field) ? field.slice(1) : field;
}
