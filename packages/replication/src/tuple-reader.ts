import { blockHeader, blockTrailer } from '@dossier/protocol/rows.ts';
import { answerRefused } from './sync-failure.ts';

/**
 * Goes through the rows of a block in COPY's binary format (protocol/rows.ts), and makes nothing of them. A row is the number of its fields in two bytes,
 * then each field's length in four (-1: it is null) and its bytes. Throws PAGE_INCOMPLETE for a block without its two ends, and ANSWER_MALFORMED where
 * rows and fields are not as many, or not as long, as they have to be: nobody can tell where the next one begins.
 */
export class TupleReader {
  readonly block: Buffer;
  /** Where each field of the row begins that was read last. */
  readonly starts: Int32Array;
  /** How long each field of that row is; -1 for null. */
  readonly lengths: Int32Array;
  /** Where that row begins and ends. */
  from = 0;
  to = blockHeader.length;
  readonly #fields: number;
  readonly #end: number;

  /** @param fields how many each row has */
  constructor(block: Buffer, fields: number) {
    this.block = block;
    this.#fields = fields;
    this.starts = new Int32Array(fields);
    this.lengths = new Int32Array(fields);
    this.#end = block.length - blockTrailer.length;
    const isWhole =
      this.#end >= this.to && block.subarray(0, this.to).equals(blockHeader) && block.subarray(this.#end).equals(blockTrailer);
    if (!isWhole) throw answerRefused('PAGE_INCOMPLETE', 'a block of it is not whole');
  }

  /** Goes on to the next row; false if there is none. */
  next(): boolean {
    const { block, starts, lengths } = this;
    if (this.to === this.#end) return false;
    let at = this.to;
    this.from = at;
    if (at + 2 > this.#end || block.readInt16BE(at) !== this.#fields) throw this.#malformed();
    at += 2;
    for (let field = 0; field < this.#fields; field += 1) {
      if (at + 4 > this.#end) throw this.#malformed();
      const length = block.readInt32BE(at);
      at += 4;
      starts[field] = at;
      lengths[field] = length;
      if (length === -1) continue;
      if (length < 0 || at + length > this.#end) throw this.#malformed();
      at += length;
    }
    this.to = at;
    return true;
  }

  #malformed(): Error {
    return answerRefused('ANSWER_MALFORMED', `a row at byte ${this.from} of a block does not have the agreed form`);
  }
}
