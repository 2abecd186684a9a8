import { blockHeader, blockTrailer } from '@dossier/protocol/rows.ts';
import { answerRefused } from './sync-failure.ts';
import type { SyncFailure } from './sync-failure.ts';

/**
 * Goes through the rows of a block in COPY's binary format (protocol/rows.ts), field by field, and makes nothing of them. A row is the number of its
 * fields in two bytes, then each field's length in four (-1: it is null) and its bytes. Throws PAGE_INCOMPLETE for a block without its two ends, and
 * what `malformed` makes for a row that isn't as it is asked for.
 */
export class TupleReader {
  readonly block: Buffer;
  /** Where the field begins that was asked for last. */
  at = 0;
  readonly #malformed: () => SyncFailure;
  readonly #end: number;
  #next = blockHeader.length;

  constructor(block: Buffer, malformed: () => SyncFailure) {
    this.block = block;
    this.#malformed = malformed;
    this.#end = block.length - blockTrailer.length;
    const isWhole =
      this.#end >= this.#next && block.subarray(0, this.#next).equals(blockHeader) && block.subarray(this.#end).equals(blockTrailer);
    if (!isWhole) throw answerRefused('PAGE_INCOMPLETE', 'a block of a page is not whole');
  }

  isThrough(): boolean {
    return this.#next === this.#end;
  }

  /** Goes on to the next row, which has so many fields. */
  row(fields: number): void {
    const from = this.#next;
    if (from + 2 > this.#end || this.block.readInt16BE(from) !== fields) throw this.#malformed();
    this.#next = from + 2;
  }

  /** Goes on to the next field; returns its length, -1 for null. */
  fieldOrNull(): number {
    const at = this.#next + 4;
    if (at > this.#end) throw this.#malformed();
    const length = this.block.readInt32BE(this.#next);
    if (length < -1 || at + length > this.#end) throw this.#malformed();
    this.at = at;
    this.#next = length === -1 ? at : at + length;
    return length;
  }

  /** Goes on to the next field, which isn't null; returns its length. */
  field(): number {
    const length = this.fieldOrNull();
    if (length === -1) throw this.#malformed();
    return length;
  }

  /** Goes on to the next field, which has so many bytes; returns where it begins. */
  fixed(bytes: number): number {
    if (this.fieldOrNull() !== bytes) throw this.#malformed();
    return this.at;
  }

  /** Goes on to the next field, an int4. */
  integer(): number {
    return this.block.readInt32BE(this.fixed(4));
  }

  /** Goes on to the next field, a uuid; returns where it begins. */
  uuid(): number {
    return this.fixed(16);
  }
}
