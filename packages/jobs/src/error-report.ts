import type { Logger } from '@dossier/runtime/logger.ts';

const silenceMs = 30_000;
const rememberedMessages = 100;

/**
 * A listener for 'error' events that logs a message once and then keeps silent about it for half a minute: every queue and
 * worker repeats the same sentence several times a second while its server is away. `tell` hears of each.
 */
export function reportErrors(logger: Logger, tell: (error: Error) => void = () => undefined): (error: Error) => void {
  const lastLogged = new Map<string, number>();
  return (error) => {
    tell(error);
    const now = performance.now();
    const last = lastLogged.get(error.message);
    if (last !== undefined && now - last < silenceMs) return;
    if (lastLogged.size >= rememberedMessages) lastLogged.clear();
    lastLogged.set(error.message, now);
    logger.warn({ err: error }, 'The job queue reports an error; queues and workers go on by themselves.');
  };
}
