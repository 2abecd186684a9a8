import { getRandomValues } from 'node:crypto';
import { maximumPageRows } from '@dossier/protocol/feed.ts';
import { Scratch } from './scratch.ts';
import { answerRefused } from './sync-failure.ts';

export const uuidBytes = 16;
const hyphen = 0x2d;
const letters = new Scratch(36);

/** The uuid at this place, as it is written. */
export function uuidText(block: Buffer, at: number): string {
  letters.clear();
  letters.hex(block, at, at + 4);
  letters.byte(hyphen);
  letters.hex(block, at + 4, at + 6);
  letters.byte(hyphen);
  letters.hex(block, at + 6, at + 8);
  letters.byte(hyphen);
  letters.hex(block, at + 8, at + 10);
  letters.byte(hyphen);
  letters.hex(block, at + 10, at + uuidBytes);
  return letters.text();
}

/**
 * Where uuids stand in a page. Texts of them would live as long as the page does, and be left behind in the part of V8's heap that is looked through
 * last: what pages leave there would grow with the list.
 */
export class UuidPlaces {
  readonly #page: Buffer;
  #places = new Int32Array(1024);
  #count = 0;

  constructor(page: Buffer) {
    this.#page = page;
  }

  get count(): number {
    return this.#count;
  }

  /** Adds a place. Throws SyncFailure where a page would have more rows than any may have. */
  add(at: number): void {
    if (this.#count === maximumPageRows) throw answerRefused('ANSWER_MALFORMED', `a page has more than ${maximumPageRows} rows`);
    if (this.#count === this.#places.length) {
      const larger = new Int32Array(2 * this.#count);
      larger.set(this.#places);
      this.#places = larger;
    }
    this.#places[this.#count] = at;
    this.#count += 1;
  }

  /** The uuids as they are written, in the order in which they were added. */
  texts(): string[] {
    return Array.from(this.#places.subarray(0, this.#count), (at) => uuidText(this.#page, at));
  }

  /**
   * A uuid that stands at two of the places, or null. By a hash table with linear probing and tabulation hashing, whose table is drawn anew each time: no page
   * can be made so that it takes long (Pătraşcu and Thorup, "The power of simple tabulation hashing", 2012).
   */
  findRepeated(): string | null {
    const bits = 33 - Math.clz32(this.#count);
    const slots = new Int32Array(2 ** bits);
    const drawn = getRandomValues(new Int32Array(256 * uuidBytes));
    for (const at of this.#places.subarray(0, this.#count)) {
      let slot = this.#hash(at, drawn) >>> (32 - bits);
      for (let held = slots[slot] ?? 0; held !== 0; held = slots[slot] ?? 0) {
        if (this.#isSame(held - 1, at)) return uuidText(this.#page, at);
        slot = (slot + 1) % slots.length;
      }
      slots[slot] = at + 1;
    }
    return null;
  }

  /** `drawn` holds a random number for each value of each byte. */
  #hash(at: number, drawn: Int32Array): number {
    let mixed = 0;
    for (let index = 0; index < uuidBytes; index += 1) mixed ^= drawn[256 * index + (this.#page[at + index] ?? 0)] ?? 0;
    return mixed;
  }

  #isSame(one: number, other: number): boolean {
    for (let index = 0; index < uuidBytes; index += 1) if (this.#page[one + index] !== this.#page[other + index]) return false;
    return true;
  }
}
