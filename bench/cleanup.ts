/** Ends what a benchmark has started, the last first, each once: after the measurements, after a failure and after Ctrl-C. */
export class Cleanup {
  readonly #steps: { what: string; end: () => Promise<unknown> }[] = [];

  /** Remembers how to end something. The result ends it now. */
  defer(what: string, end: () => Promise<unknown>): () => Promise<void> {
    const step = { what, end };
    this.#steps.push(step);
    return async () => {
      const at = this.#steps.indexOf(step);
      if (at < 0) return;
      this.#steps.splice(at, 1);
      await end();
    };
  }

  /** How much there is to end by now, for `end`. */
  mark(): number {
    return this.#steps.length;
  }

  /** Ends everything, or what was added after a mark. What can't be ended is told and doesn't keep the rest from being ended. */
  async end(tell: (line: string) => void, mark = 0): Promise<void> {
    while (this.#steps.length > mark) {
      const step = this.#steps.pop();
      try {
        await step?.end();
      } catch (error) {
        tell(`could not end ${step?.what}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  }
}
