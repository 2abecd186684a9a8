const digits = Buffer.from('0123456789abcdef');

/** Memory in which a short text is put together, again and again: a text or a buffer for each part of it would cost more than to write it. */
export class Scratch {
  readonly #bytes: Buffer;
  #used = 0;

  /** @param bytes how long the longest text is */
  constructor(bytes: number) {
    this.#bytes = Buffer.allocUnsafe(bytes);
  }

  /** Forgets what was written. */
  clear(): void {
    this.#used = 0;
  }

  /** What was written. */
  text(): string {
    return this.#bytes.toString('latin1', 0, this.#used);
  }

  byte(value: number): void {
    this.#bytes[this.#used] = value;
    this.#used += 1;
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
}
