const start = Date.UTC(2027, 2, 1, 12);

/** The simulated time. It stands still but for `advance`; each node's clock may differ from it. */
export class Clock {
  #now = start;
  readonly #offsets = { master: 0, slave: 0 };

  /** What the clock of a node shows. */
  at(node: 'master' | 'slave'): Date {
    return new Date(this.#now + this.#offsets[node]);
  }

  advance(milliseconds: number): void {
    this.#now += milliseconds;
  }

  /** Sets a node's clock right, or wrong by so much. */
  set(node: 'master' | 'slave', offsetMs: number): void {
    this.#offsets[node] = offsetMs;
  }
}
