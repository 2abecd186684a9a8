import type { Logger } from '@dossier/runtime/logger.ts';

/** Does a piece of work again and again, one at a time, whatever clocks and queues say. A failure is logged and the next turn comes. */
export function startTimer(everyMs: number, logger: Logger, work: () => Promise<void>): { stop(): Promise<void> } {
  let underway: Promise<void> | null = null;
  const timer = setInterval(() => {
    underway ??= work()
      .catch((error: unknown) => logger.warn({ err: error }, 'Regular work of this worker failed; it is done again soon.'))
      .finally(() => (underway = null));
  }, everyMs);
  return {
    async stop() {
      clearInterval(timer);
      await underway;
    },
  };
}
