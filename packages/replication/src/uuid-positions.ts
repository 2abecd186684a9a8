import { getRandomValues } from 'node:crypto';
import { Scratch } from './scratch.ts';

const uuidBytes = 16;
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
export class UuidPositions {
  readonly #page: Buffer;
  #positions: Int32Array;
  #count = 0;

  constructor(page: Buffer) {
    this.#page = page;
    this.#positions = new Int32Array(1024);
  }

  get count(): number {
    return this.#count;
  }

  add(at: number): void {
    if (this.#count === this.#positions.length) {
      const larger = new Int32Array(2 * this.#count);
      larger.set(this.#positions);
      this.#positions = larger;
    }
    this.#positions[this.#count] = at;
    this.#count += 1;
  }

  /** The uuids as they are written, in the order in which they were added. */
  texts(): string[] {
    return Array.from(this.#positions.subarray(0, this.#count), (at) => uuidText(this.#page, at));
  }

  /**
   * A uuid that stands at two of the places, or null. By a hash table with open addressing and multiply-shift hashing (Dietzfelbinger et al., "A reliable
   * randomized algorithm for the closest-pair problem", 1997), whose multipliers are drawn anew each time: no page can be made so that it takes long.
   */
  findRepeated(): string | null {
    const bits = 33 - Math.clz32(this.#count);
    const slots = new Int32Array(2 ** bits);
    const multipliers = getRandomValues(new Int32Array(4)).map((word) => word | 1);
    for (const at of this.#positions.subarray(0, this.#count)) {
      let slot = this.#hash(at, multipliers) >>> (32 - bits);
      for (let held = slots[slot] ?? 0; held !== 0; held = slots[slot] ?? 0) {
        if (this.#isSame(held - 1, at)) return uuidText(this.#page, at);
        slot = (slot + 1) % slots.length;
      }
      slots[slot] = at + 1;
    }
    return null;
  }

  #hash(at: number, multipliers: Int32Array): number {
    let sum = 0;
    for (let word = 0; word < 4; word += 1) {
      sum = (sum + Math.imul(this.#page.readInt32LE(at + 4 * word), multipliers[word] ?? 1)) | 0;
    }
    return sum;
  }

  #isSame(one: number, other: number): boolean {
    for (let index = 0; index < uuidBytes; index += 1) if (this.#page[one + index] !== this.#page[other + index]) return false;
    return true;
  }
}
