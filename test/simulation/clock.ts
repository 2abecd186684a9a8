const start = Date.UTC(2027, 2, 1, 12);

/** The simulated time. It stands still but for `advance`; each node's clock may differ from it. */
export class Clock {
  #now = start;
  readonly #offsets = { master: 0, slave: 0 };

  /** What the clock of a node shows. */
  at(node: 'master' | 'slave'): Date {
    return new Date(this.#now + this.#offsets[node]);
  }

  /** How much time has truly passed, in milliseconds. */
  get passedMs(): number {
    return this.#now - start;
  }

  advance(milliseconds: number): void {
    this.#now += milliseconds;
  }

  /** Sets clocks right, or wrong by so much; those that aren't named stay. */
  set(offsetsMs: Partial<Record<'master' | 'slave', number>>): void {
    Object.assign(this.#offsets, offsetsMs);
  }
}
