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

  /** Ends everything. What can't be ended is told and doesn't keep the rest from being ended. */
  async end(tell: (line: string) => void): Promise<void> {
    for (let step = this.#steps.pop(); step; step = this.#steps.pop()) {
      try {
        await step.end();
      } catch (error) {
        tell(`could not end ${step.what}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  }
}
