import { setTimeout as sleep } from 'node:timers/promises';

import { expect, it } from 'vitest';

import { createLogger } from './logger.ts';
import { createShutdown } from './shutdown.ts';

const logger = createLogger({ level: 'silent', name: 'test', pretty: false });

it('closes the last added first, one after another, and once', async () => {
  const steps: string[] = [];
  const shutdown = createShutdown({ logger, timeoutMs: 1_000 });
  shutdown.add('database', () => void steps.push('database'));
  shutdown.add('server', async () => {
    steps.push('server begins');
    await sleep(1);
    steps.push('server ends');
  });
  await Promise.all([shutdown.close(), shutdown.close()]);
  expect(steps).toEqual(['server begins', 'server ends', 'database']);
});

it('goes on after one that fails or hangs, and tells which', async () => {
  const closed: string[] = [];
  const shutdown = createShutdown({ logger, timeoutMs: 40 });
  shutdown.add('database', () => void closed.push('database'));
  shutdown.add('queue', () => {
    throw new Error('gone');
  });
  shutdown.add('server', () => new Promise<void>(() => {}));
  await expect(shutdown.close()).rejects.toThrow('server did not close within 20 ms. queue could not be closed.');
  expect(closed).toEqual(['database']);
});
