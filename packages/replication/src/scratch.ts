const digits = Buffer.from('0123456789abcdef');
const zero = 0x30;

/** Memory in which short texts are put together, again and again: a text or a buffer for each part of them would cost more than to write it. */
export class Scratch {
  #bytes: Buffer;
  #used = 0;

  constructor(bytes: number) {
    this.#bytes = Buffer.allocUnsafe(bytes);
  }

  /** Forgets what was written. */
  clear(): void {
    this.#used = 0;
  }

  /** What was written, as bytes that are good until the next change. */
  written(): Buffer {
    return this.#bytes.subarray(0, this.#used);
  }

  /** What was written, where it is nothing but ASCII. */
  text(): string {
    return this.#bytes.toString('latin1', 0, this.#used);
  }

  /** Makes room for so many bytes more; nothing is ever written beyond it. */
  reserve(bytes: number): void {
    if (this.#used + bytes <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(2 * (this.#used + bytes));
    this.#bytes.copy(larger, 0, 0, this.#used);
    this.#bytes = larger;
  }

  byte(value: number): void {
    this.#bytes[this.#used] = value;
    this.#used += 1;
  }

  copy(source: Buffer, from: number, to: number): void {
    this.#used += source.copy(this.#bytes, this.#used, from, to);
  }

  /** Bytes as lower-case hexadecimal digits. */
  hex(source: Buffer, from: number, to: number): void {
    const bytes = this.#bytes;
    let at = this.#used;
    for (let index = from; index < to; index += 1) {
      const byte = source[index] ?? 0;
      bytes[at] = digits[byte >> 4] ?? 0;
      bytes[at + 1] = digits[byte & 15] ?? 0;
      at += 2;
    }
    this.#used = at;
  }

  /** A number from 0 to 2³¹ - 1 with decimal digits. */
  decimal(value: number): void {
    let end = this.#used + 1;
    for (let rest = value; rest >= 10; rest = (rest / 10) | 0) end += 1;
    let rest = value;
    for (let at = end - 1; at >= this.#used; at -= 1) {
      this.#bytes[at] = zero + (rest % 10);
      rest = (rest / 10) | 0;
    }
    this.#used = end;
  }
}
