/** Pieces of work of which none keeps another one from being done. */
export class Attempts {
  readonly #failures: unknown[] = [];

  /** Does a piece; its failure is kept. */
  async attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#failures.push(error);
    }
  }

  /** Throws what failed: the failure itself, or all of them in one. */
  finish(): void {
    const [first] = this.#failures;
    if (this.#failures.length === 1) throw first;
    if (this.#failures.length > 1) throw new AggregateError(this.#failures, `${this.#failures.length} of several pieces of work failed.`);
  }
}
