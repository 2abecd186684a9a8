import { format } from 'node:util';
import type { Logger } from 'pino';

/**
 * From now on what libraries print, and what Node warns of, goes to the log: a raw line between those of the log can't be read by what collects it,
 * and may hold what a log mustn't. For processes that do nothing but log.
 */
export function catchStrayLines(logger: Logger): void {
  const print =
    (level: 'debug' | 'info' | 'warn') =>
    (...parts: unknown[]): void =>
      logger[level]({ from: 'a library' }, hideCredentials(format(...parts)));
  Object.assign(console, { log: print('info'), info: print('info'), debug: print('debug'), warn: print('warn'), error: print('warn') });
  process.removeAllListeners('warning');
  process.on('warning', (warning) => logger.warn({ err: warning }, 'Node warns of something.'));
}

/** Whatever may be user and password in front of a host. */
function hideCredentials(text: string): string {
  return text.replaceAll(/:\/\/[^\s@]*@/g, '://***@');
}
