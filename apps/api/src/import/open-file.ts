import { sizeText } from '@dossier/domain/size.ts';
import { fileTypeFromBuffer } from 'file-type';
import { ApplicationError } from '@dossier/runtime/errors.ts';
import { plainReading } from './columns.ts';
import type { Reading } from './columns.ts';
import { readDialect } from './csv-header.ts';
import { readCsvRows } from './csv-rows.ts';
import type { CsvReader } from './csv-rows.ts';
import { charsetOf, likelyCharset, toUtf8 } from './encoding.ts';
import { readHead } from './head.ts';
import { readJsonRows } from './json-rows.ts';
import { readJsonlRows } from './jsonl-rows.ts';
import { notUtf8 } from './rows.ts';
import type { ImportRow } from './rows.ts';
import { Survey } from './survey.ts';
import { unpack } from './unpacked.ts';

/** What is said of a file beside its content, which counts first. */
export interface Declared {
  readonly format?: 'jsonl' | 'csv' | undefined;
  /** A label of the Encoding Standard, as `windows-1251`. */
  readonly charset?: string | undefined;
  /** What separates the fields of a CSV file. */
  readonly delimiter?: string | undefined;
  readonly reading?: Reading | undefined;
  /** The file, or its beginning, is only looked at: what isn't JSON is taken for CSV, also where its header can't be used. */
  readonly isLook?: boolean | undefined;
  /** Of the unpacked file: TOO_LARGE is thrown beyond. */
  readonly maximumBytes?: number | undefined;
}

/** An import file, ready to be read. */
export interface OpenedFile {
  readonly format: 'jsonl' | 'json' | 'csv';
  /** How its text is written, by a label of the Encoding Standard. */
  readonly charset: string;
  /** Null but for CSV. */
  readonly delimiter: string | null;
  readonly rows: AsyncIterable<ImportRow[]>;
  /** What was seen of the rows that were read so far. */
  readonly survey: Survey;
}

const headBytes = 64 * 1024;

/**
 * Finds out what a file is: JSON Lines, a JSON document or CSV, in UTF-8, UTF-16 or the declared charset, packed by gzip or Zstandard or not. Throws
 * UNSUPPORTED_MEDIA_TYPE, with the name of what it is, for anything else.
 */
export async function openFile(source: AsyncIterable<Uint8Array>, declared: Declared): Promise<OpenedFile> {
  const raw = await readHead(bounded(await unpack(source), declared.maximumBytes ?? Number.POSITIVE_INFINITY), headBytes);
  await refuseOthers(raw.head);
  const charset = charsetOf(raw.head, declared.charset);
  const { head, all } = await readHead(toUtf8(raw.all, charset), headBytes);
  const text = head.toString('utf8').trimStart();
  refuseMarkup(text);
  const { delimiter: said, reading = plainReading, isLook = false } = declared;
  const dialect = readDialect(text, said);
  const hasColumns = isLook || Object.keys(reading.columns).length > 0;
  const format = formatOf(text, dialect.hasName || dialect.namesDelimiter || hasColumns, declared.format);
  const survey = new Survey();
  const reader = { reading, survey, dialect, isLook };
  const rows = watch(explain(read(all, format, reader), { head, isSaid: declared.format !== undefined, format }), survey);
  return { format, charset, delimiter: format === 'csv' ? dialect.delimiter : null, rows, survey };
}

/** Shows the survey whom rows are about. */
async function* watch(rows: AsyncIterable<ImportRow[]>, survey: Survey): AsyncGenerator<ImportRow[]> {
  for await (const chunk of rows) {
    for (const { number, parsed } of chunk)
      if (!('fault' in parsed) && parsed.externalId !== null) survey.externalId(number, parsed.externalId);
    yield chunk;
  }
}

/** TOO_LARGE for a file of more bytes. */
export function tooLarge(bytes: number): ApplicationError {
  return new ApplicationError('TOO_LARGE', `The file has more than ${sizeText(bytes)}.`, {
    remedy: 'Cut it in parts, or import it on the host with "dossier import", which takes files of any size.',
  });
}

async function* bounded(source: AsyncIterable<Uint8Array>, maximum: number): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const piece of source) {
    bytes += piece.byteLength;
    if (bytes > maximum) throw tooLarge(maximum);
    yield piece;
  }
}

function read(source: AsyncIterable<Uint8Array>, format: OpenedFile['format'], reader: CsvReader): AsyncIterable<ImportRow[]> {
  if (format === 'csv') return readCsvRows(source, reader);
  return format === 'json' ? readJsonRows(source, reader) : readJsonlRows(source, reader);
}

/** A file that begins as JSON is JSON, whatever it is called; else one that is called CSV, or names its columns, is CSV. */
function formatOf(text: string, hasColumns: boolean, declared: 'jsonl' | 'csv' | undefined): OpenedFile['format'] {
  if (text.startsWith('[') || /^\{[ \t]*[\r\n]/.test(text)) return 'json';
  if (text.startsWith('{')) return 'jsonl';
  return declared === 'csv' || hasColumns ? 'csv' : 'jsonl';
}

/** What the name of a file says of it; its content counts first. */
export function formatOfName(file: string): 'jsonl' | 'csv' | undefined {
  const [extension] = /\.[a-z]+$/i.exec(file.replace(/\.(gz|zst)$/i, '')) ?? [''];
  if (/^\.(csv|tsv|tab)$/i.test(extension)) return 'csv';
  return /^\.(jsonl|ndjson|json)$/i.test(extension) ? 'jsonl' : undefined;
}

const names: Readonly<Record<string, string>> = {
  xlsx: 'an Excel workbook (xlsx)',
  xlsm: 'an Excel workbook (xlsm)',
  ods: 'a spreadsheet of LibreOffice (ods)',
  docx: 'a Word document (docx)',
  cfb: 'a document of an old Office (such as xls or doc)',
  zip: 'a ZIP archive',
  pdf: 'a PDF document',
};

/** Documents that are texts. Of others two letters are enough to be taken for one: a picture begins as the column "BMI" does. */
const textual = ['pdf', 'rtf', 'ps', 'eps'];

async function refuseOthers(head: Buffer): Promise<void> {
  const found = await fileTypeFromBuffer(head);
  if (found === undefined) return;
  const isText = !head.some((byte) => byte < 0x09);
  if (isText && !textual.includes(found.ext)) return;
  throw refusal(names[found.ext] ?? `a file of the type ${found.mime}`);
}

function refuseMarkup(text: string): void {
  if (!text.startsWith('<')) {
    if (text.startsWith('BEGIN:VCARD')) throw refusal('a vCard file');
    return;
  }
  if (/^<(!doctype\s+html|html)/i.test(text)) throw refusal('an HTML page, perhaps the answer of a proxy or a sign-in');
  throw refusal('an XML document');
}

function refusal(what: string): ApplicationError {
  return new ApplicationError(
    'UNSUPPORTED_MEDIA_TYPE',
    `The file is ${what}, and people are imported from JSON Lines, JSON or CSV. Nothing was imported.`,
    {
      remedy: 'Export or save it as CSV in UTF-8 (in Excel: "CSV UTF-8") or as JSON Lines, and import that.',
    },
  );
}

/** Says with the first refusals what the file seems to be. */
async function* explain(
  rows: AsyncIterable<ImportRow[]>,
  { head, isSaid, format }: { head: Buffer; isSaid: boolean; format: OpenedFile['format'] },
): AsyncGenerator<ImportRow[]> {
  const charset = likelyCharset(head);
  let isFirst = true;
  for await (const chunk of rows) {
    yield chunk.map((row) => {
      const wasFirst = isFirst;
      isFirst = false;
      if (!('fault' in row.parsed)) return row;
      const { fault } = row.parsed;
      if (charset !== null && fault.startsWith(notUtf8)) return withFault(row, `${fault} (it seems to be ${charset})`);
      if (!wasFirst || isSaid || format !== 'jsonl' || fault.startsWith('name')) return row;
      return withFault(row, `${fault}; nor is it the header of a CSV file, which would name the column "name"`);
    });
  }
}

function withFault(row: ImportRow, fault: string): ImportRow {
  return { ...row, parsed: { fault } };
}
