/** Takes the next bytes of a page. Once the promise is kept the block is filled with others. */
export type TakeBlock = (block: Buffer) => Promise<void>;

/** Where rows come from: a socket that can be told to wait. */
interface Source {
  pause(): unknown;
  resume(): unknown;
}

const blockBytes = 256 * 1024;
/** With so many blocks that are not taken yet the source waits. */
const mostWaiting = 2;

/** Gathers rows in a few big blocks, which are used again and again, and hands them on in order. The source waits for whoever takes them. */
export class RowBlocks {
  readonly #take: TakeBlock;
  readonly #free: Buffer[] = [];
  #block: Buffer = Buffer.allocUnsafeSlow(blockBytes);
  #filled = 0;
  #waiting = 0;
  #taken: Promise<void> = Promise.resolve();
  #source: Source | null = null;

  constructor(take: TakeBlock) {
    this.#take = take;
  }

  /** From here on it is this source that has to wait. */
  fillFrom(source: Source): void {
    this.#source = source;
  }

  append(bytes: Buffer): void {
    for (let at = 0; at < bytes.length;) {
      const copied = bytes.copy(this.#block, this.#filled, at);
      at += copied;
      this.#filled += copied;
      if (this.#filled === blockBytes) this.#handOn();
    }
  }

  /** Kept when everything was taken; broken if something could not be. */
  async flush(): Promise<void> {
    this.#handOn();
    await this.#taken;
  }

  #handOn(): void {
    const block = this.#block;
    const bytes = block.subarray(0, this.#filled);
    this.#waiting += 1;
    if (this.#waiting === mostWaiting) this.#source?.pause();
    this.#taken = this.#taken.then(() => this.#take(bytes)).finally(() => this.#release(block));
    // Whoever flushes hears of it.
    this.#taken.catch(() => undefined);
    this.#block = this.#free.pop() ?? Buffer.allocUnsafeSlow(blockBytes);
    this.#filled = 0;
  }

  #release(block: Buffer): void {
    this.#free.push(block);
    this.#waiting -= 1;
    if (this.#waiting < mostWaiting) this.#source?.resume();
  }
}
