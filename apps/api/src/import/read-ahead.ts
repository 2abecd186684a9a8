/** Takes items one by one, and may begin to make the next one before it is asked for: one, so that memory stays bounded. */
export class ReadAhead<Item> {
  readonly #items: AsyncIterator<Item, unknown>;
  #next: Promise<IteratorResult<Item, unknown>> | null = null;

  constructor(items: AsyncIterable<Item, unknown>) {
    this.#items = items[Symbol.asyncIterator]();
  }

  /** Begins with the next item, unless that was done before. Why it can't be made is told by `next`. */
  begin(): void {
    if (this.#next !== null) return;
    this.#next = this.#items.next();
    // Perhaps nobody asks for it any more.
    this.#next.catch(() => undefined);
  }

  /** The next item, or null behind the last one. */
  async next(): Promise<Item | null> {
    const begun = this.#next ?? this.#items.next();
    this.#next = null;
    const { value, done } = await begun;
    return done === true ? null : value;
  }

  /** Ends the making of items, after the one under way. */
  async close(): Promise<void> {
    await this.#items.return?.();
  }
}
