/** Blocks of memory that are used again and again: a buffer of its own for each answer would cost several times more to collect than to fill. */
export class BlockPool {
  readonly #bytes: number;
  readonly #mostFree: number;
  readonly #free: Buffer[] = [];

  /** `mostFree`: of so many bytes each, how many are kept while nobody uses them. */
  constructor({ bytes, mostFree }: { bytes: number; mostFree: number }) {
    this.#bytes = bytes;
    this.#mostFree = mostFree;
  }

  take(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(this.#bytes);
  }

  /** Takes back what `take` gave. A block that may still be on its way is better left to the collection of garbage. */
  giveBack(block: Buffer): void {
    if (this.#free.length < this.#mostFree) this.#free.push(block);
  }
}
