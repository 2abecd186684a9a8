import { createLogger } from './logger.ts';
import { createShutdown } from './shutdown.ts';

// A process of its own for the tests: its argument says what is wrong with it.
const flaw = process.argv[2];
const logger = createLogger({ level: 'info', name: 'fixture', pretty: false });
const shutdown = createShutdown({ logger, timeoutMs: 1_500 });
const busy = setInterval(() => {}, 1_000);
shutdown.add('first', () => logger.info('first closed'));
shutdown.add('second', () => {
  clearInterval(busy);
  return flaw === 'hangs' ? new Promise<void>(() => {}) : undefined;
});
shutdown.install();
logger.info('ready');
if (flaw === 'throws')
  setTimeout(() => {
    throw new Error('nobody catches this');
  });
