import closeWithGrace from 'close-with-grace';
import type { Logger } from 'pino';

export interface ShutdownOptions {
  readonly logger: Logger;
  /** All closers together get this long; the process has ended by then. */
  readonly timeoutMs: number;
}

export interface Shutdown {
  /** Registers what has to be closed. The last one added is closed first, so add right after opening. */
  add(name: string, close: () => Promise<void> | void): void;
  /**
   * From now on SIGINT, SIGTERM, SIGHUP and uncaught errors run the closers and end the process: exit code 0 if all
   * closed in time, 1 after an error. A second signal ends it at once.
   */
  install(): void;
  /** Runs the closers without ending the process; further calls await the same run. Throws what failed to close. */
  close(): Promise<void>;
}

interface Closer {
  readonly name: string;
  readonly close: () => Promise<void> | void;
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** npm sends a signal on to its child, which may have got it from the terminal already: within this time it is one. */
const sameSignalMs = 500;

/** Collects closers and runs them once, last added first, in bounded time. */
export function createShutdown({ logger, timeoutMs }: ShutdownOptions): Shutdown {
  const closers: Closer[] = [];
  let closing: Promise<void> | undefined;

  function close(): Promise<void> {
    closing ??= closeAll(closers.toReversed(), timeoutMs);
    return closing;
  }

  function install(): void {
    const grace = closeWithGrace(
      {
        delay: timeoutMs,
        logger: { error: (problem) => logger.error({ err: problem }, 'did not close cleanly') },
        onTimeout: () => logger.error({ timeoutMs }, 'not everything closed in time: ending anyway'),
        // Signals are handled below: close-with-grace takes npm's copy of a Ctrl-C for a second one.
        skip: [...signals, 'SIGQUIT', 'SIGILL', 'SIGTRAP', 'SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGSEGV', 'SIGUSR2', 'beforeExit'],
      },
      async ({ err }) => {
        if (err !== undefined) logger.fatal({ err }, 'an error nobody caught: closing');
        await close();
      },
    );
    let firstSignalAt: number | undefined;
    for (const signal of signals) {
      process.on(signal, () => {
        if (firstSignalAt === undefined) {
          firstSignalAt = performance.now();
          logger.info({ signal }, 'closing');
          grace.close();
        } else if (performance.now() - firstSignalAt > sameSignalMs) {
          logger.warn({ signal }, 'second signal: ending at once');
          process.exit(1);
        }
      });
    }
  }

  return { add: (name, run) => closers.push({ name, close: run }), install, close };
}

async function closeAll(closers: readonly Closer[], timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  const failures: Error[] = [];
  for (const closer of closers) {
    // Half of what is left, so that one that hangs doesn't keep the others from closing.
    const failure = await closeOne(closer, Math.max(0, deadline - performance.now()) / 2);
    if (failure !== null) failures.push(failure);
  }
  if (failures.length > 0) throw new AggregateError(failures, failures.map((failure) => failure.message).join(' '));
}

async function closeOne({ name, close }: Closer, limitMs: number): Promise<Error | null> {
  const { promise: late, resolve } = Promise.withResolvers<Error>();
  const timer = setTimeout(() => resolve(new Error(`${name} did not close within ${Math.round(limitMs)} ms.`)), limitMs);
  try {
    return await Promise.race([late, Promise.resolve(close()).then(() => null)]);
  } catch (cause) {
    return new Error(`${name} could not be closed.`, { cause });
  } finally {
    clearTimeout(timer);
  }
}
