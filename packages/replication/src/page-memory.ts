const mebibyte = 1024 * 1024;

/**
 * Memory for pages, which are alike in size and come one after another: a later page gets what a written one had. Otherwise V8 would have to look
 * through its whole heap again and again for what pages have left, and hold some of them until then.
 */
export class PageMemory {
  readonly #free: ArrayBufferLike[] = [];
  readonly #lent = new WeakSet<ArrayBufferLike>();

  /** Memory of exactly so many bytes. */
  readonly take = (bytes: number): Buffer => {
    const index = this.#free.findIndex((memory) => memory.byteLength >= bytes);
    const [memory = new ArrayBuffer(Math.ceil(bytes / mebibyte) * mebibyte)] = index === -1 ? [] : this.#free.splice(index, 1);
    this.#lent.add(memory);
    return Buffer.from(memory, 0, bytes);
  };

  /** Takes back what `take` gave, at which nobody may look any more. A page that stands elsewhere is left alone. */
  giveBack(page: Buffer): void {
    if (this.#lent.delete(page.buffer)) this.#free.push(page.buffer);
  }
}
