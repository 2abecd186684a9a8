import { crc32, gzipSync, zstdCompressSync } from 'node:zlib';

/** A file as people have them, and what an import makes of it. */
export interface OddFile {
  readonly name: string;
  readonly content: string | Buffer;
  /** As the command line gets it; `people` with nothing behind unless it is named. */
  readonly file?: string;
  /** As a program sends it; nothing that helps unless it is named. */
  readonly type?: string;
  /** Names of the people who are taken. */
  readonly people?: readonly string[];
  /** Rows that are refused, by line and a part of the reason. */
  readonly refused?: readonly (readonly [number, string])[];
  /** A part of the sentence by which the whole file is refused. */
  readonly named?: string;
}

const people = ['Ada', 'Bob', 'Eve'] as const;
const lines = people.map((name, at) => JSON.stringify({ external_id: `a${at + 1}`, name }));
const jsonl = `${lines.join('\n')}\n`;
const csv = `external_id,name,comment\n${people.map((name, at) => `a${at + 1},${name},c\n`).join('')}`;
const utf16 = (text: string, isBig = false): Buffer => {
  const bytes = Buffer.from(text, 'utf16le');
  return isBig ? bytes.swap16() : bytes;
};
const bytes = (...parts: readonly (string | number)[]): Buffer =>
  Buffer.concat(parts.map((part) => (typeof part === 'number' ? Buffer.from([part]) : Buffer.from(part))));

/** A ZIP archive of stored files, as office documents are. */
function zip(files: Readonly<Record<string, string>>): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, text] of Object.entries(files)) {
    const content = Buffer.from(text);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt32LE(crc32(content), 10);
    common.writeUInt32LE(content.length, 14);
    common.writeUInt32LE(content.length, 18);
    common.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from('PK\u0003\u0004'), common, Buffer.from(name), content]);
    const place = Buffer.alloc(14);
    place.writeUInt32LE(offset, 10);
    directory.push(Buffer.concat([Buffer.from('PK\u0001\u0002'), Buffer.from([20, 0]), common, place.subarray(0, 14), Buffer.from(name)]));
    parts.push(local);
    offset += local.length;
  }
  const end = Buffer.alloc(18);
  end.writeUInt16LE(directory.length, 4);
  end.writeUInt16LE(directory.length, 6);
  end.writeUInt32LE(Buffer.concat(directory).length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...parts, ...directory, Buffer.from('PK\u0005\u0006'), end]);
}

const types =
  '<Types><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>';
const numbered = (first: number, last: number, line: (at: number) => string): string =>
  Array.from({ length: last - first + 1 }, (_, at) => `${line(first + at)}\n`).join('');

export const oddFiles: readonly OddFile[] = [
  // What it is
  { name: 'JSON Lines', content: jsonl, people },
  { name: 'JSON Lines that are called CSV', content: jsonl, file: 'people.csv', type: 'text/csv', people },
  { name: 'CSV', content: csv, people },
  { name: 'CSV that is called JSON Lines', content: csv, file: 'people.jsonl', type: 'application/x-ndjson', people },
  { name: 'CSV as Windows sends it', content: csv, file: 'people.CSV', type: 'application/vnd.ms-excel', people },
  {
    name: 'CSV that is called CSV and has other columns',
    content: 'first,second\nAda,x\n',
    file: 'people.csv',
    type: 'text/csv; header=present',
    people: [],
    refused: [[1, 'it names "first", "second"']],
  },
  {
    name: 'a JSON array',
    content: JSON.stringify(
      lines.map((line) => JSON.parse(line) as object),
      null,
      2,
    ),
    people,
  },
  { name: 'a JSON array with one person a line', content: `[\n${lines.join(',\n')}\n]\n`, people },
  { name: 'a JSON array in one line', content: `[${lines.join(',')}]`, file: 'people.json', type: 'application/json', people },
  {
    name: 'JSON objects over several lines',
    content: lines.map((line) => JSON.stringify(JSON.parse(line), null, '\t')).join('\n'),
    people,
  },
  {
    name: 'a JSON array in which a bracket is missing',
    content: `[\n${lines[0]},\n{"name": "X",\n${lines[1]},\n${lines[2]}\n]`,
    people,
    refused: [[3, 'never ends']],
  },
  {
    name: 'an answer of an API',
    content: `{"results":[${lines.join(',')}],"next_page":null}`,
    people: [],
    refused: [[1, 'give the list "results" by itself']],
  },
  { name: 'JSON Lines whose line breaks are gone', content: lines.join(''), people: [], refused: [[1, 'holds several JSON objects']] },
  { name: 'a gzip file', content: gzipSync(csv), file: 'people.csv.gz', people },
  { name: 'a gzip file of UTF-16', content: gzipSync(utf16(`\ufeff${csv}`)), people },
  {
    name: 'two gzip files behind each other',
    content: Buffer.concat([gzipSync(`${lines[0]}\n`), gzipSync(`${lines[1]}\n${lines[2]}`)]),
    people,
  },
  { name: 'a Zstandard file', content: zstdCompressSync(jsonl), people },
  { name: 'a gzip file that breaks off', content: gzipSync(jsonl).subarray(0, -12), named: 'damaged or breaks off' },
  {
    name: 'an Excel workbook',
    content: zip({ '[Content_Types].xml': types, 'xl/workbook.xml': '<workbook/>' }),
    file: 'people.csv',
    type: 'text/csv',
    named: 'an Excel workbook (xlsx)',
  },
  {
    name: 'a workbook of LibreOffice',
    content: zip({ mimetype: 'application/vnd.oasis.opendocument.spreadsheet', 'content.xml': '<x/>' }),
    named: 'a spreadsheet of LibreOffice (ods)',
  },
  {
    name: 'an old Excel workbook',
    content: Buffer.concat([Buffer.from('d0cf11e0a1b11ae1', 'hex'), Buffer.alloc(2048)]),
    named: 'a document of an old Office',
  },
  { name: 'a ZIP archive of people', content: zip({ 'people.csv': csv }), people },
  { name: 'a PDF document', content: '%PDF-1.7\n%âãÏÓ\n1 0 obj\n', named: 'a PDF document' },
  { name: 'a picture', content: Buffer.from('89504e470d0a1a0a0000000d49484452000000010000000108020000009077', 'hex'), named: 'image/png' },
  { name: 'XML', content: '<?xml version="1.0"?>\n<people><person/></people>', named: 'an XML document' },
  { name: 'an HTML page', content: '\n<!DOCTYPE html><html><body>Sign in</body></html>', named: 'an HTML page' },
  { name: 'a vCard file', content: 'BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ada\r\nEND:VCARD\r\n', named: 'a vCard file' },
  { name: 'an empty file', content: '', people: [] },
  { name: 'blank lines only', content: '\ufeff\r\n \n\n', people: [] },
  { name: 'a header only', content: 'name,comment\r\n', people: [] },
  {
    name: 'lines of something else',
    content: 'x\nx\nx\n',
    people: [],
    refused: [
      [1, 'nor is it the header of a CSV file'],
      [2, 'is no JSON object'],
      [3, 'is no JSON object'],
    ],
  },

  // How it is written
  { name: 'CSV with a byte order mark', content: `\ufeff${csv}`, people },
  { name: 'CSV in UTF-16, little end first', content: utf16(`\ufeff${csv}`), people },
  { name: 'CSV in UTF-16, big end first', content: utf16(`\ufeff${csv}`, true), people },
  { name: 'CSV in UTF-16 without a mark', content: utf16(csv), people },
  {
    name: 'Unicode text as Excel saves it',
    content: utf16(`\ufeffexternal_id\tname\r\na1\tАда\r\na2\t愛\r\n`),
    file: 'people.txt',
    people: ['Ада', '愛'],
  },
  { name: 'JSON Lines in UTF-16', content: utf16(`\ufeff${jsonl}`), people },
  {
    name: 'CSV in windows-1251, told by its letters',
    content: Buffer.from(
      '6e616d652c630acfe5f2f0eee220c8e2e0ed2cf50ad1e8e4eef0eee2e020c0edede02cf50acaf3e7ede5f6eee220c4ece8f2f0e8e92cf50a',
      'hex',
    ),
    people: [],
    refused: [
      [2, 'it seems to be windows-1251'],
      [3, 'it seems'],
      [4, 'it seems'],
    ],
  },
  { name: 'UTF-32', content: Buffer.from('fffe00006e000000', 'hex'), named: 'UTF-32' },
  {
    name: 'two files with marks, put together',
    content: `\ufeff${csv}\ufeffexternal_id,name,comment\na4,Joe,d\n`,
    people: [...people, 'Joe'],
  },
  { name: 'JSON Lines with marks, put together', content: `\ufeff${lines[0]}\n\ufeff${lines[1]}\n${lines[2]}`, people },
  { name: 'several kinds of line ends', content: 'external_id,name\na1,Ada\r\na2,Bob\ra3,Eve\n', people },
  { name: 'several kinds of line ends, the other way round', content: 'name,external_id\r\nAda,a1\nBob,a2\r\nEve,a3', people },
  { name: 'line ends of an old Mac', content: csv.replaceAll('\n', '\r'), people },
  { name: 'JSON Lines with line ends of an old Mac', content: jsonl.replaceAll('\n', '\r'), people },
  {
    name: 'CSV in windows-1251',
    content: Buffer.concat([
      Buffer.from('name,comment\nAda,\n'),
      Buffer.from([0xcf, 0xf0, 0xe8, 0xe2, 0xe5, 0xf2, 0x2c, 0xec, 0xe8, 0xf0, 0x0a]),
    ]),
    people: ['Ada'],
    refused: [[3, 'is not valid UTF-8; save the file as "CSV UTF-8"']],
  },
  {
    name: 'bad bytes in a column that is kept in meta',
    content: bytes('name,junk\nAda,', 0xff, 0xfe, '\nBob,', 0x80, '\n"E\u0301ve",x\n'),
    people: ['E\u0301ve'],
    refused: [
      [2, 'is not valid UTF-8'],
      [3, 'is not valid UTF-8'],
    ],
  },
  {
    name: 'bad bytes in a column beside good ones',
    content: bytes('name,comment,junk\nÉva,é,', 0xff, '\nBob,', 0xe9, ',x\n'),
    people: [],
    refused: [
      [2, 'is not valid UTF-8'],
      [3, 'is not valid UTF-8'],
    ],
  },
  { name: 'bad bytes in a header that nobody reads', content: bytes('name,', 0xe9, '\nAda,x\nBob,y\nEve,z\n'), people },
  { name: 'the replacement character, which is one', content: 'name\nA\ufffdda\n', people: ['A\ufffdda'] },

  // Columns
  {
    name: 'a header with other letter cases and blanks',
    content: ' External-ID , NAME ,"Valid Until"\na1,Ada,2030-01-01\na2,Bob,\na3,Eve,\n',
    people,
  },
  {
    name: 'a header with delimiters inside quotes',
    content: 'name;"last, first, middle, maiden";external_id\nAda;"a, b";a1\nBob;c;a2\nEve;;a3\n',
    people,
  },
  {
    name: 'a header with line breaks inside quotes',
    content: 'name;"two\nlines";external_id\nAda;x;a1\nBob;c;a2\nEve;;a3\n;x;\n',
    people,
    refused: [[6, 'name']],
  },
  {
    name: 'a line for spreadsheets',
    content: 'sep=;\r\nname;comment\r\nAda;a,b,c\r\nBob;\r\nEve;\r\n;x\r\n',
    people,
    refused: [[6, 'name: is missing']],
  },
  { name: 'a line for spreadsheets that says otherwise', content: 'sep=|\nname|comment\nAda|a;b;c\nBob|\nEve|\n', people },
  { name: 'a first column whose letters are those of a picture', content: 'BMI,name\n20,Ada\n21,Bob\n22,Eve\n', people },
  { name: 'repeated columns that nobody reads', content: 'name,note,note,,\nAda,a,b,,\nBob,a,b,,\nEve,,,,\n', people },
  {
    name: 'repeated columns that are read',
    content: 'name,comment,Comment\nAda,a,b\n',
    people: [],
    refused: [[1, 'names the column comment twice']],
  },
  {
    name: 'blank rows',
    content: '\n\nname,comment\n\nAda,x\n,\n  ,  \n"",""\nBob,y\n\n\nEve,\n,z\n',
    people,
    refused: [[13, 'name: is missing']],
  },
  { name: 'trailing separators', content: 'name;comment\nAda;x;;;\nBob;;\nEve;\n', people },
  {
    name: 'fields beyond the header',
    content: 'name;comment\nAda;x\nBob;y;z\nEve;w\n',
    people: ['Ada', 'Eve'],
    refused: [[3, 'has 3 fields, more than the 2 of the header']],
  },
  { name: 'rows that end early', content: 'name,comment,active\nAda\nBob,x\nEve,y,true\n', people },
  {
    name: 'blanks around quotes',
    content: '"external_id", "name", "comment"\n"a1", "Ada", "x, y"\n"a2" ,"Bob" , ""\na3,Eve,"z ""q"" "\n',
    people,
  },
  {
    name: 'nulls of databases',
    content: 'external_id,name,comment,active\nNULL,Ada,NULL,NULL\n\\N,Bob,\\N,\\N\nNULL,Eve,x,1\nNULL,NULL,y,\n',
    people,
    refused: [[5, 'name: is missing']],
  },
  { name: 'truth of databases', content: 'name,active\nAda,t\nBob,0\nEve,TRUE\nX,perhaps\n', people, refused: [[5, 'active']] },
  {
    name: 'keys that are numbers',
    content:
      '{"external_id":17,"name":"Ada"}\n{"external_id":"17","name":"Ada"}\n{"external_id":0,"name":"Bob","active":1}\n{"external_id":"","name":"Eve","valid_until":""}\n{"external_id":1e300,"name":"X"}\n',
    people,
    refused: [[5, 'external_id']],
  },
  {
    name: 'nulls',
    content: '{"external_id":null,"name":"Ada","comment":null,"active":null,"meta":null,"valid_from":null,"photo":null}\n{"name":null}\n',
    people: ['Ada'],
    refused: [[2, 'name']],
  },
  {
    name: 'numbers that are none',
    content: '{"name":"Ada","meta":{"x":NaN}}\n{"name":"Bob"}\n',
    people: ['Bob'],
    refused: [[1, 'is not JSON']],
  },
  { name: 'one column', content: 'name\nAda\nBob\nEve\n', people },

  // Quotes
  {
    name: 'line breaks inside of quotes',
    content: 'name,comment\nAda,"two\nlines"\nBob,"three\r\n\r\nlines"\n,x\nEve,"a\n,y"\n,z\n',
    people,
    refused: [
      [7, 'name: is missing'],
      [10, 'name: is missing'],
    ],
  },
  {
    name: 'a quote within a field',
    content: `external_id,name\na1,Ada\na2,Pe"ter\na3,Eve\n`,
    people: ['Ada', 'Eve'],
    refused: [[3, 'a quote stands where none may be']],
  },
  {
    name: 'a quote that is never closed',
    content: `external_id,name\na1,Ada\na2,"Peter\na3,Eve\na4,Bob`,
    people: ['Ada', 'Eve', 'Bob'],
    refused: [[3, 'a quote is never closed']],
  },
  {
    name: 'a quote that is never closed, among many',
    content: `id,name,comment\n${numbered(1, 9, (at) => `${at},"N${at}","c, ""${at}"""`)}10,"N10,"x"\n${numbered(11, 19, (at) => `${at},"N${at}",`)}`,
    people: [
      ...numbered(1, 9, (at) => `N${at}`)
        .trim()
        .split('\n'),
      ...numbered(11, 19, (at) => `N${at}`)
        .trim()
        .split('\n'),
    ],
    refused: [[11, 'quote']],
  },
  {
    name: 'a quote that is closed in another row',
    content: 'external_id,name,comment\na1,Ada,x\na2,"Joe,x\na3,Moe,y\na4,Zoe",z\na5,Bob,\na6,Eve,\n',
    people,
    refused: [[3, 'a quote of one row seems to be closed in another']],
  },
  {
    name: 'text behind a quote',
    content: 'name,comment\nAda,"x"y\nBob,\nEve,\n',
    people: ['Bob', 'Eve'],
    refused: [[2, 'a quote stands where none may be']],
  },
  {
    name: 'lines of a broken field that are no people',
    content: 'name,comment,active\nAda,,\nJoe,"said "hi" to\nall of them\nand left",true\nBob,,\nEve,,\n',
    people,
    refused: [
      [3, 'quote'],
      [4, 'too few fields'],
      [5, 'quote'],
    ],
  },

  // What drives a terminal
  {
    name: 'terminal escapes',
    content: '{"name":"\\u001b[2J\u009b31mAda"}\n\u001b[2J\n{"name":"Bob",\u001b]0;owned\u0007}\n',
    people: ['\u001b[2J\u009b31mAda'],
    refused: [
      [2, 'is no JSON object'],
      [3, 'is not JSON'],
    ],
  },
];
