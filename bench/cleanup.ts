/** Ends what a benchmark has started, the last first, each once: after the measurements, after a failure and after Ctrl-C. */
export class Cleanup {
  readonly #steps: { what: string; end: () => Promise<unknown> }[] = [];
  #closed = false;

  /** Whether nothing may be started any more. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Ends everything; what is deferred from now on is ended at once. */
  async close(tell: (line: string) => void): Promise<void> {
    this.#closed = true;
    await this.end(tell);
  }

  /** Remembers how to end something. The result ends it now. */
  defer(what: string, end: () => Promise<unknown>): () => Promise<void> {
    const step = { what, end };
    if (this.#closed) void end().catch(() => undefined);
    else this.#steps.push(step);
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
