import { parseJson } from '@dossier/domain/whole-numbers.ts';
import { headerFault, readColumns } from './columns.ts';
import type { Column } from './columns.ts';
import type { Dialect } from './csv-header.ts';
import { readRecords } from './csv-records.ts';
import type { CsvRecord, Field } from './csv-records.ts';
import { parseFields, setOwn } from './parse-line.ts';
import type { LineReader } from './parse-line.ts';
import { notUtf8 } from './rows.ts';
import type { Given, ImportRow } from './rows.ts';
import type { Survey, SurveyedColumn } from './survey.ts';

/** So other writers say nothing, unquoted or quoted; exports put an apostrophe before a text that is really this. */
const nulls = ['', 'NULL', '\\N'];

export interface CsvReader extends LineReader {
  readonly survey: Survey;
  readonly dialect: Dialect;
  /** The file is only looked at: also one whose header can't be used. */
  readonly isLook: boolean;
}

/**
 * The rows of a CSV file with a header. A field that is empty or null says nothing, and a row of such fields is none. Columns that nobody reads may hold
 * anything. Nothing is read behind a header that can't be used, as one without a name.
 */
export async function* readCsvRows(source: AsyncIterable<Uint8Array>, reader: CsvReader): AsyncGenerator<ImportRow[]> {
  const { delimiter, namesDelimiter } = reader.dialect;
  let table: Table | null = null;
  let isFirst = namesDelimiter;
  for await (const records of readRecords(source, delimiter)) {
    const rows: ImportRow[] = [];
    for (const record of records) {
      if (isFirst) isFirst = false;
      else if (table === null) {
        const opened = openTable(record, reader);
        if (!(opened instanceof Table)) {
          yield [refusal(record, `${opened.fault}; nothing was read`, '')];
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

function openTable({ content }: CsvRecord, reader: CsvReader): Table | { readonly fault: string } {
  if ('fault' in content) return content;
  const columns = readColumns(content.fields, reader.reading);
  const surveyed = columns.map(({ name, target, isKnown }) => reader.survey.column(name, target, isKnown));
  const fault = reader.isLook ? null : headerFault(columns, reader.reading);
  return fault === null ? new Table({ header: content.fields, columns, surveyed, reader }) : { fault };
}

function refusal({ number, last, characters }: CsvRecord, fault: string, given: Given): ImportRow {
  return { number, characters, parsed: { fault: last === number ? fault : `(to line ${last}) ${fault}` }, given: () => given };
}

interface Opened {
  readonly header: readonly Field[];
  readonly columns: readonly Column[];
  readonly surveyed: readonly (SurveyedColumn | undefined)[];
  readonly reader: CsvReader;
}

class Table {
  readonly #header: readonly Field[];
  readonly #columns: readonly Column[];
  readonly #surveyed: readonly (SurveyedColumn | undefined)[];
  readonly #reader: CsvReader;

  constructor({ header, columns, surveyed, reader }: Opened) {
    this.#header = header;
    this.#columns = columns;
    this.#surveyed = surveyed;
    this.#reader = reader;
  }

  /** What a record says, or why it is refused; null where it says nothing. */
  read(record: CsvRecord): ImportRow | null {
    const { number, characters, content, isDoubtful } = record;
    if ('fault' in content) return refusal(record, content.fault, content.text);
    const { fields } = content;
    if (fields.every((field) => field?.trim() === '') || this.#repeatsHeader(fields)) return null;
    const refuse = (fault: string): ImportRow => refusal(record, fault, this.#given(fields));
    const width = this.#columns.length;
    if (fields.slice(width).some((field) => field?.trim() !== '')) {
      return refuse(`has ${fields.length} fields, more than the ${width} of the header`);
    }
    if (isDoubtful && fields.length !== width) return refuse('stands behind a broken quote, and has too few fields for a row');
    const values = this.#values(fields);
    if (typeof values === 'string') return refuse(values);
    const parsed = parseFields(values.fields, values.extra);
    return 'fault' in parsed
      ? refuse(parsed.fault)
      : { number, characters, parsed: { ...parsed, untyped: true }, given: () => this.#given(fields) };
  }

  #given(fields: readonly Field[]): Given {
    const given: Record<string, unknown> = {};
    for (const [at, field] of fields.entries()) setOwn(given, this.#columns[at]?.name ?? `column ${at + 1}`, field ?? '\ufffd');
    return given;
  }

  /** As where files were put together. */
  #repeatsHeader(fields: readonly Field[]): boolean {
    return fields.length === this.#header.length && fields.every((field, at) => field === this.#header[at]);
  }

  /** The fields of a dossier and its own ones, or why there are none. */
  #values(fields: readonly Field[]): { fields: Record<string, unknown>; extra: Record<string, unknown> | undefined } | string {
    const values: Record<string, unknown> = {};
    let extra: Record<string, unknown> | undefined;
    for (const [at, { target }] of this.#columns.entries()) {
      const field = fields[at] ?? (at < fields.length ? null : '');
      if (field !== null && !nulls.includes(field)) this.#reader.survey.value(this.#surveyed[at], field);
      if (target === null) continue;
      if (field === null) return `${notUtf8}; save the file as "CSV UTF-8"`;
      if (nulls.includes(field)) continue;
      const text = unguard(field);
      if ('key' in target) setOwn((extra ??= {}), target.key, text);
      else {
        const value = this.#fieldValue(target.field, text);
        if (typeof value === 'object' && value !== null && 'fault' in value) return String(value.fault);
        values[target.field] = value;
      }
    }
    return { fields: values, extra };
  }

  /** What a field of a dossier holds, or why it can't. */
  #fieldValue(field: string, text: string): unknown {
    if (field === 'meta') return parseJsonAs(text, (value) => !Array.isArray(value)) ?? { fault: 'meta: must be a JSON object' };
    if (field === 'photos') return parseJsonAs(text, Array.isArray) ?? { fault: 'photos: must be a JSON array of paths' };
    if (field === 'name' && this.#isGlued(text)) {
      return { fault: 'name: holds line breaks and as many fields as rows have; a quote of one row seems to be closed in another' };
    }
    return text;
  }

  /** Two quotes too many, rows apart in the same column, make one field of all between them. */
  #isGlued(text: string): boolean {
    const breaks = text.split(/\r\n|\n|\r/).length - 1;
    const width = this.#columns.length;
    return breaks > 0 && width > 1 && text.split(this.#reader.dialect.delimiter).length - 1 === breaks * (width - 1);
  }
}

function parseJsonAs(text: string, isRight: (value: object) => boolean): object | null {
  try {
    const value = parseJson(text);
    return typeof value === 'object' && value !== null && isRight(value) ? value : null;
  } catch {
    return null; // the line is refused and says what is expected
  }
}

/** Exports put an apostrophe before what a spreadsheet would take for a formula, and before what would say nothing. */
function unguard(field: string): string {
  return /^'+(?:[=+\-@\t\r]|NULL$|\\N$)/.test(field) ? field.slice(1) : field;
}
