import type { ConnectionOptions } from './connection.ts';
import { queueUnavailable } from './deadline.ts';
import { jobs } from './declarations.ts';
import { reportErrors } from './error-report.ts';
import { openConnection } from './open-connection.ts';

const idPattern = new RegExp(`^${jobs['dead-letter'].name}-(\\d+)$`);
const poolSize = 2;

/**
 * Tells when somebody deletes a dead letter from the queue, as Bull Board's “remove” does. Our own `remove` is told too, so
 * `onRemoved` must bear dead letters that are settled already. What is deleted while nobody watches, or by a clean-up of the
 * whole queue, isn't told; the database still has it.
 * @throws ApplicationError UNAVAILABLE when PostgreSQL is the datastore and doesn't answer.
 */
export async function watchDeadLetters(
  options: ConnectionOptions & { onRemoved: (deadLetterId: number) => Promise<void> },
): Promise<{ close(): Promise<void> }> {
  const report = reportErrors(options.logger);
  const connection = openConnection(options, 'worker', poolSize);
  const events = connection.events('dead-letters');
  events.on('removed', ({ jobId }) => {
    const digits = idPattern.exec(jobId)?.[1];
    if (digits !== undefined) options.onRemoved(Number(digits)).catch(report);
  });
  const close = async (): Promise<void> => {
    await events.close();
    await connection.close();
  };
  if (options.redisUrl !== null) return { close };
  try {
    await events.waitUntilReady();
  } catch (error) {
    await close();
    throw queueUnavailable(error);
  }
  return { close };
}
