import { isUtf8 } from 'node:buffer';

const [quote, backslash, comma, colon] = [0x22, 0x5c, 0x2c, 0x3a];
const [openCurly, closeCurly, openSquare, closeSquare] = [0x7b, 0x7d, 0x5b, 0x5d];
/** Up to so many keys of an object are compared with each other byte by byte. */
const fewKeys = 8;
/** A number of so many characters without an exponent is a finite one. */
const longNumber = 300;

/** What a text may not be, in the middle of looking at it. */
class Fault extends Error {}

/**
 * Looks at JSON byte by byte and makes nothing of it: thousands of small texts stand in a page. It has to be JSON (RFC 8259), of bounded depth, in which
 * nothing stands that PostgreSQL's `json` takes and this system doesn't keep: U+0000, halves of surrogate pairs, a key twice in one object, numbers
 * without an end.
 */
export class JsonLook {
  readonly #block: Buffer;
  #from = 0;
  #at = 0;
  #end = 0;
  #maximumDepth = 0;
  #isAscii = true;

  constructor(block: Buffer) {
    this.#block = block;
  }

  /** Why the text between two places is not taken, to be read after "its meta", or null. `kind`: what it has to be. */
  faultOf(from: number, to: number, { kind, maximumDepth }: { kind: 'object' | 'array'; maximumDepth: number }): string | null {
    this.#from = from;
    this.#at = from;
    this.#end = to;
    this.#maximumDepth = maximumDepth;
    this.#isAscii = true;
    try {
      this.#blanks();
      if (this.#block[this.#at] !== (kind === 'object' ? openCurly : openSquare) && this.#at < to) this.#fail(`is no JSON ${kind}`);
      this.#value(0);
      this.#blanks();
      if (this.#at < to) this.#noJson();
      if (!this.#isAscii && !isUtf8(this.#block.subarray(from, to))) this.#fail('is not valid UTF-8');
      return null;
    } catch (error) {
      if (error instanceof Fault) return error.message;
      throw error;
    }
  }

  #fail(what: string): never {
    throw new Fault(what);
  }

  #noJson(): never {
    this.#fail(`is no JSON from byte ${this.#at - this.#from} on`);
  }

  /** The next byte, or -1 at the end of the text. */
  #peek(): number {
    return this.#at < this.#end ? (this.#block[this.#at] ?? -1) : -1;
  }

  #blanks(): void {
    for (let byte = this.#peek(); byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09; byte = this.#peek()) this.#at += 1;
  }

  #value(depth: number): void {
    const byte = this.#peek();
    if (byte === quote) this.#string();
    else if (byte === openCurly) this.#object(depth + 1);
    else if (byte === openSquare) this.#array(depth + 1);
    else if (byte === 0x74) this.#word('true');
    else if (byte === 0x66) this.#word('false');
    else if (byte === 0x6e) this.#word('null');
    else this.#number();
  }

  #object(depth: number): void {
    this.#open(depth);
    if (this.#peek() === closeCurly) {
      this.#at += 1;
      return;
    }
    const keys = new Keys(this.#block);
    for (;;) {
      const start = this.#at;
      const isPlain = this.#string();
      if (keys.has(start, this.#at, isPlain)) this.#fail(`names a key twice in one object, the second time at byte ${start - this.#from}`);
      this.#blanks();
      if (this.#peek() !== colon) this.#noJson();
      this.#at += 1;
      this.#blanks();
      this.#value(depth);
      if (this.#isOver(closeCurly)) return;
    }
  }

  #array(depth: number): void {
    this.#open(depth);
    if (this.#peek() === closeSquare) {
      this.#at += 1;
      return;
    }
    for (;;) {
      this.#value(depth);
      if (this.#isOver(closeSquare)) return;
    }
  }

  #open(depth: number): void {
    if (depth > this.#maximumDepth) this.#fail(`is nested deeper than ${this.#maximumDepth} levels`);
    this.#at += 1;
    this.#blanks();
  }

  /** Passes over the bracket that closes, or a comma. */
  #isOver(close: number): boolean {
    this.#blanks();
    const byte = this.#peek();
    if (byte !== comma && byte !== close) this.#noJson();
    this.#at += 1;
    if (byte === close) return true;
    this.#blanks();
    return false;
  }

  /** Passes over a string; true if it has no escapes. */
  #string(): boolean {
    if (this.#peek() !== quote) this.#noJson();
    const block = this.#block;
    let isPlain = true;
    let at = this.#at + 1;
    for (; at < this.#end; at += 1) {
      const byte = block[at] ?? 0;
      if (byte === quote) {
        this.#at = at + 1;
        return isPlain;
      }
      if (byte >= 0x80) this.#isAscii = false;
      if (byte < 0x20) break;
      if (byte !== backslash) continue;
      isPlain = false;
      this.#at = at + 1;
      at = this.#escape();
    }
    this.#at = at;
    return this.#noJson();
  }

  /** Looks at what stands after a backslash; returns where its last byte is. */
  #escape(): number {
    const byte = this.#peek();
    if (byte !== 0x75) {
      if (byte < 0 || !'"\\/bfnrt'.includes(String.fromCharCode(byte))) this.#noJson();
      return this.#at;
    }
    const unit = this.#codeUnit(this.#at + 1);
    if (unit === 0) this.#fail('holds the character U+0000, which cannot be stored');
    if (unit < 0xd800 || unit > 0xdfff) return this.#at + 4;
    const isPair = unit < 0xdc00 && this.#block[this.#at + 5] === backslash && this.#block[this.#at + 6] === 0x75;
    const other = isPair ? this.#codeUnit(this.#at + 7) : 0;
    if (other < 0xdc00 || other > 0xdfff) this.#fail('holds half of a surrogate pair (not valid Unicode)');
    return this.#at + 10;
  }

  #codeUnit(from: number): number {
    const digits = this.#block.toString('latin1', from, Math.min(from + 4, this.#end));
    if (!/^[0-9a-fA-F]{4}$/.test(digits)) this.#noJson();
    return Number.parseInt(digits, 16);
  }

  #word(word: string): void {
    for (let index = 0; index < word.length; index += 1) {
      if (this.#peek() !== word.charCodeAt(index)) this.#noJson();
      this.#at += 1;
    }
  }

  #number(): void {
    const start = this.#at;
    if (this.#peek() === 0x2d) this.#at += 1;
    if (this.#peek() === 0x30) this.#at += 1;
    else this.#digits();
    if (this.#peek() === 0x2e) {
      this.#at += 1;
      this.#digits();
    }
    const hasExponent = this.#peek() === 0x65 || this.#peek() === 0x45;
    if (hasExponent) {
      this.#at += 1;
      if (this.#peek() === 0x2b || this.#peek() === 0x2d) this.#at += 1;
      this.#digits();
    }
    if (!hasExponent && this.#at - start < longNumber) return;
    if (!Number.isFinite(Number(this.#block.toString('latin1', start, this.#at))))
      this.#fail('holds a number that is too large to be kept');
  }

  #digits(): void {
    const start = this.#at;
    for (let byte = this.#peek(); byte >= 0x30 && byte <= 0x39; byte = this.#peek()) this.#at += 1;
    if (this.#at === start) this.#noJson();
  }
}

/** The keys of one object. Few plain ones are compared where they stand; more, or escaped ones, as what they say. */
class Keys {
  readonly #block: Buffer;
  readonly #places: number[] = [];
  #texts: Set<string> | null = null;

  constructor(block: Buffer) {
    this.#block = block;
  }

  /** Adds the key between two places, quotes included; true if it was there already. */
  has(from: number, to: number, isPlain: boolean): boolean {
    if (this.#texts === null && isPlain && this.#places.length < 2 * fewKeys) {
      for (let index = 0; index < this.#places.length; index += 2) {
        if (this.#isSame(this.#places[index] ?? 0, this.#places[index + 1] ?? 0, from, to)) return true;
      }
      this.#places.push(from, to);
      return false;
    }
    this.#texts ??= this.#readTexts();
    const before = this.#texts.size;
    return this.#texts.add(this.#textOf(from, to)).size === before;
  }

  #readTexts(): Set<string> {
    const texts = new Set<string>();
    for (let index = 0; index < this.#places.length; index += 2) {
      texts.add(this.#textOf(this.#places[index] ?? 0, this.#places[index + 1] ?? 0));
    }
    return texts;
  }

  #textOf(from: number, to: number): string {
    return JSON.parse(this.#block.toString('utf8', from, to)) as string;
  }

  // oxlint-disable-next-line max-params -- two ranges, in the innermost loop
  #isSame(from: number, to: number, otherFrom: number, otherTo: number): boolean {
    if (to - from !== otherTo - otherFrom) return false;
    for (let index = to - from - 1; index >= 0; index -= 1) {
      if (this.#block[from + index] !== this.#block[otherFrom + index]) return false;
    }
    return true;
  }
}
