import { isUtf8 } from 'node:buffer';
import { maximumLineBytes, tooLong } from './lines.ts';
import { notUtf8 } from './rows.ts';

/** A value of a JSON document that holds many, by the number of the line where it begins: its text, or why it has none. */
export type Element = { readonly number: number; readonly text: string } | { readonly number: number; readonly fault: string };

const neverEnds = 'begins here and never ends: a bracket or a quote is missing';
/** So often is a value of the longest size looked through in vain. */
const mostRestarts = 1000;
/** Between elements; a byte order mark stands where files were put together. */
const gap = /(?:[ \t\r\n,]|\xef\xbb\xbf)*/y;
const bracket = /"[^"\\\r\n]*(?:\\.[^"\\\r\n]*)*"|["{}[\]]/g;
const endOfScalar = /[,\]\r\n]/g;
const lineEnd = /\r\n|\n|\r/g;

/**
 * Cuts JSON documents, one or several behind each other, into the elements of their outermost arrays and into what stands outside of any, each of at most
 * `maximumLineBytes`. Where a value doesn't end as it should, the next line that begins with an object as its own did is the next element; without such a
 * line nothing further is read, and the last element says so.
 */
export async function* readElements(source: AsyncIterable<Uint8Array>): AsyncGenerator<Element[]> {
  const cutter = new Cutter();
  for await (const piece of source) {
    // A character for each byte: what JSON is built of are single bytes, and each element is decoded by itself.
    yield cutter.cut(Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength).toString('latin1'), false);
    if (cutter.hasStopped) return;
  }
  yield cutter.cut('', true);
}

class Cutter {
  /** What is not yet cut. */
  #text = '';
  #number = 1;
  #isInArray = false;
  /** What stands before the next element in its line, if nothing but blanks does: the next line that begins so begins an element. */
  #indentation: string | null = '';
  #restarts = 0;
  hasStopped = false;

  cut(more: string, isLast: boolean): Element[] {
    this.#text += more;
    const elements: Element[] = [];
    while (!this.hasStopped) {
      this.#passGap(isLast);
      const found = this.#next(isLast);
      if (found === null) break;
      elements.push(found);
    }
    return elements;
  }

  /** Goes on to the next element, over the brackets of outermost arrays. */
  #passGap(isLast: boolean): void {
    let at = 0;
    for (;;) {
      gap.lastIndex = at;
      at += gap.exec(this.#text)?.[0].length ?? 0;
      if (this.#text[at] !== (this.#isInArray ? ']' : '[')) break;
      this.#isInArray = !this.#isInArray;
      at += 1;
    }
    // Half of a CRLF, or of a byte order mark, is looked at with its other half.
    while (!isLast && at > 0 && at === this.#text.length && '\r\xef\xbb'.includes(this.#text[at - 1] ?? '')) at -= 1;
    this.#drop(at);
  }

  #drop(length: number): void {
    const passed = this.#text.slice(0, length);
    const ends = [...passed.matchAll(lineEnd)];
    const last = ends.at(-1);
    const line = last === undefined ? (this.#indentation ?? '.') + passed : passed.slice(last.index + last[0].length);
    this.#indentation = /^[ \t[]*$/.test(line) ? line.replaceAll('[', '') : null;
    this.#number += ends.length;
    this.#text = this.#text.slice(length);
  }

  #next(isLast: boolean): Element | null {
    if (this.#text === '') return null;
    const number = this.#number;
    const end = endOf(this.#text);
    const isShort = this.#text.length <= maximumLineBytes;
    if (typeof end !== 'number') {
      const next = this.#nextLine();
      // What comes may hold the end, or a line to go on with.
      if (!isLast && isShort && (end === 'open' || next === -1)) return null;
      return { number, fault: this.#restart(next, isShort ? neverEnds : tooLong) };
    }
    const bytes = Buffer.from(this.#text.slice(0, end), 'latin1');
    this.#drop(end);
    if (bytes.length > maximumLineBytes) return { number, fault: tooLong };
    return isUtf8(bytes) ? { number, text: bytes.toString('utf8') } : { number, fault: notUtf8 };
  }

  /** Where the next line begins with an object as the line of the element under way does, or -1. */
  #nextLine(): number {
    return this.#indentation === null ? -1 : this.#text.search(new RegExp(`[\\r\\n]${this.#indentation}\\{`));
  }

  /** Goes on behind a value that has no end; returns why it is refused. */
  #restart(next: number, fault: string): string {
    this.#restarts += 1;
    if (next === -1 || this.#restarts > mostRestarts) {
      this.hasStopped = true;
      return `${fault}; nothing from here on was read`;
    }
    this.#drop(next);
    return fault;
  }
}

/** Where the value ends with which the text begins. `open`: not in this text. `broken`: nowhere. */
function endOf(text: string): number | 'open' | 'broken' {
  if (text[0] !== '{' && text[0] !== '[') {
    endOfScalar.lastIndex = 1;
    return endOfScalar.exec(text)?.index ?? (text.length > maximumLineBytes ? 'broken' : 'open');
  }
  const open: string[] = [];
  bracket.lastIndex = 0;
  for (let match = bracket.exec(text); match !== null; match = bracket.exec(text)) {
    const [found] = match;
    if (found === '"') return /[\r\n]/.test(text.slice(match.index)) ? 'broken' : 'open';
    if (found === '{') open.push('}');
    else if (found === '[') open.push(']');
    else if (found.length === 1 && open.pop() !== found) return 'broken';
    if (open.length === 0) return match.index + 1;
  }
  return 'open';
}
