import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Cleanup } from './cleanup.ts';

/** A script of the benchmark in a process of its own, which answers each message with one. */
export class BenchProcess {
  readonly child: ChildProcess;
  /** Ends it. */
  readonly end: () => Promise<void>;
  /** Fails once it has ended. */
  readonly #ended: Promise<never>;

  constructor(script: string, parameters: readonly string[], cleanup: Cleanup) {
    this.child = fork(fileURLToPath(new URL(script, import.meta.url)), parameters, { detached: true });
    this.#ended = once(this.child, 'exit').then(([code]) => {
      throw new Error(`${script} ended with ${String(code)}`);
    });
    // Mostly its end is expected.
    this.#ended.catch(() => undefined);
    this.end = cleanup.defer(script, async () => {
      if (this.child.exitCode !== null || this.child.signalCode !== null) return;
      const ended = once(this.child, 'exit');
      this.child.kill('SIGKILL');
      await ended;
    });
  }

  /** Asks for something and waits for the answer. Throws if the process ends instead. */
  async ask<Answer = number>(question: string): Promise<Answer> {
    const answered = once(this.child, 'message') as Promise<[Answer]>;
    this.child.send(question);
    const [answer] = await Promise.race([answered, this.#ended]);
    return answer;
  }
}

/** Answers each message of the parent by what `work` returns for it. */
export function answerParent(work: (question: string) => Promise<number | object>): void {
  process.on('message', (question) => {
    void work(String(question)).then(
      (answer) => process.send?.(answer),
      (error: unknown) => {
        process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
        process.exit(1);
      },
    );
  });
}
