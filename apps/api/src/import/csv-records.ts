import { parse } from 'csv-parse/sync';
import { isUtf8 } from 'node:buffer';
import { maximumLineBytes, readLines, tooLong } from './lines.ts';
import type { Line } from './lines.ts';

/** A record of a CSV file: its fields, or why it has none. */
export interface CsvRecord {
  /** The lines where it begins and ends. */
  readonly number: number;
  readonly last: number;
  /** Length of its text. */
  readonly characters: number;
  readonly content: { readonly fields: readonly Field[] } | { readonly fault: string; readonly text: string };
  /** It stands behind a broken quote, and may be a piece of what that quote should have held. */
  readonly isDoubtful: boolean;
}

/** The text of a field; null where its bytes aren't valid UTF-8. */
export type Field = string | null;

/** Longer fields than of so many lines are rare. */
const doubtfulLines = 100;
const neverClosed = 'is not valid CSV: a quote is never closed';
const misplaced = 'is not valid CSV: a quote stands where none may be; quotes inside of a field are doubled, and the field is quoted';

/**
 * The records of a CSV file (RFC 4180), a chunk's worth at a time; blank lines are none. What a broken quote can't harm is read: a line whose quote leads to no
 * record is refused by itself, and reading goes on with the next line. (csv-parse alone would take all that follows for the inside of the quote.)
 */
export async function* readRecords(source: AsyncIterable<Uint8Array>, delimiter: string): AsyncGenerator<CsvRecord[]> {
  const framer = new Framer(delimiter);
  for await (const lines of readLines(source)) {
    framer.add(lines);
    yield parseFrames(framer.take(), delimiter);
  }
  framer.end();
  yield parseFrames(framer.take(), delimiter);
}

/** Lines that make a record, or a line that makes none. */
interface Frame {
  readonly lines: readonly Line[];
  readonly fault: string | null;
  /** There are blanks around quotes. */
  readonly isLoose: boolean;
  readonly isDoubtful: boolean;
}

/** Puts lines together to records: quotes come in pairs, and a line with an odd number of them goes on in the next ones. */
class Framer {
  readonly #strict: RegExp;
  readonly #loose: RegExp;
  #frames: Frame[] = [];
  /** Lines since a quote that is open. */
  #open: Line[] = [];
  #openCharacters = 0;
  /** Up to this line records may be pieces of a field. */
  #doubtfulUpTo = 0;

  constructor(delimiter: string) {
    const recordOf = (blanks: string): RegExp => {
      const field = `(?:${blanks}"[^"]*(?:""[^"]*)*"${blanks}|[^"\\${delimiter}]*)`;
      return new RegExp(`^${field}(?:\\${delimiter}${field})*$`);
    };
    this.#strict = recordOf('');
    this.#loose = recordOf(' *');
  }

  add(lines: readonly Line[]): void {
    const waiting = lines.toReversed();
    for (let line = waiting.pop(); line !== undefined; line = waiting.pop()) {
      for (const again of this.#addLine(line).toReversed()) waiting.push(again);
    }
  }

  end(): void {
    while (this.#open.length > 0) this.add(this.#giveUp(neverClosed));
  }

  take(): Frame[] {
    return this.#frames.splice(0);
  }

  /** Takes a line in; returns those that have to be looked at again, because the quote before them is none. */
  #addLine(line: Line): Line[] {
    if (this.#open.length === 0 && (line.isTooLong || !hasOddQuotes(line.text))) {
      if (line.isTooLong) this.#push([line], tooLong);
      else if (line.text.trim() !== '') this.#push([line], this.#isRecord(line.text) ? null : misplaced);
      return [];
    }
    this.#open.push(line);
    this.#openCharacters += line.text.length;
    if (line.isTooLong || this.#openCharacters > maximumLineBytes) return this.#giveUp(neverClosed);
    if (this.#open.length > 1 && !hasOddQuotes(line.text)) return [];
    if (this.#open.length === 1) return this.#isRecord(`${line.text}"`) ? [] : this.#giveUp(misplaced);
    if (!this.#isRecord(textOf(this.#open))) return this.#giveUp(misplaced);
    this.#push(this.#open, null);
    this.#close();
    return [];
  }

  #isRecord(text: string): boolean {
    return !text.includes('"') || this.#loose.test(text);
  }

  /** Refuses the line with the open quote; returns the lines behind it. */
  #giveUp(fault: string): Line[] {
    const [first, ...others] = this.#open;
    this.#close();
    if (first !== undefined) this.#push([first], fault);
    this.#doubtfulUpTo = Math.max(this.#doubtfulUpTo, (first?.number ?? 0) + doubtfulLines);
    return others;
  }

  #close(): void {
    this.#open = [];
    this.#openCharacters = 0;
  }

  #push(lines: readonly Line[], fault: string | null): void {
    const text = fault === null ? textOf(lines) : '';
    const isLoose = text.includes('" ') || text.includes(' "') ? !this.#strict.test(text) : false;
    this.#frames.push({ lines, fault, isLoose, isDoubtful: (lines[0]?.number ?? 0) <= this.#doubtfulUpTo });
  }
}

function hasOddQuotes(text: string): boolean {
  let odd = false;
  for (let at = text.indexOf('"'); at !== -1; at = text.indexOf('"', at + 1)) odd = !odd;
  return odd;
}

function textOf(lines: readonly Line[]): string {
  return lines.map(({ text, end }, at) => (at === lines.length - 1 ? text : text + end)).join('');
}

/** The records of all frames at once, as that is what csv-parse is quick at. */
function parseFrames(frames: readonly Frame[], delimiter: string): CsvRecord[] {
  const texts = frames.map(({ lines, fault }) => (fault === null ? frameText(lines) : ''));
  const fieldsOf = (isLoose: boolean): Iterator<string[]> => {
    const records = texts.filter((_, at) => frames[at]?.fault === null && frames[at].isLoose === isLoose);
    const trim = { ltrim: isLoose, rtrim: isLoose };
    return parse(records.join('\n'), { delimiter, record_delimiter: '\n', relax_column_count: true, ...trim }).values();
  };
  const strict = fieldsOf(false);
  const loose = fieldsOf(true);
  return frames.map(({ lines, fault, isLoose, isDoubtful }, at): CsvRecord => {
    const number = lines[0]?.number ?? 0;
    const facts = { number, last: lines.at(-1)?.number ?? number, characters: texts[at]?.length ?? 0, isDoubtful };
    if (fault !== null) return { ...facts, content: { fault, text: textOf(lines) } };
    const fields = (isLoose ? loose : strict).next().value ?? [];
    return { ...facts, content: { fields: isWhole(lines) ? fields : fields.map(decode) } };
  });
}

function isWhole(lines: readonly Line[]): boolean {
  return lines.every((line) => line.isUtf8);
}

/** A record with bytes that are no UTF-8 has a character for each of them, in all its lines. A mark of the byte order stands where files were put together. */
function frameText(lines: readonly Line[]): string {
  const text = textOf(
    isWhole(lines) ? lines : lines.map((line) => (line.isUtf8 ? { ...line, text: Buffer.from(line.text).toString('latin1') } : line)),
  );
  return text.startsWith('\ufeff') ? text.slice(1) : text;
}

function decode(latin1: string): Field {
  const bytes = Buffer.from(latin1, 'latin1');
  return isUtf8(bytes) ? bytes.toString('utf8') : null;
}
