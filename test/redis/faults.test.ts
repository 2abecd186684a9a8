import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { describe, it } from 'vitest';
import { NodeProcess } from '../kit/node-process.ts';
import { startRedisServer } from '../kit/redis-server.ts';
import { expectConverged, expectOneRound, nextRound, seededMoments, startRounds } from '../kit/rounds.ts';

describe('a Redis that forgets or goes away', () => {
  it.each(['FLUSHALL', 'a restart'])(
    'by %s at 5 moments: always the old list or the new one, then equal',
    async (fault) => {
      const server = await startRedisServer();
      const redisUrl = server.redisUrl ?? '';
      const client = new Redis(redisUrl, { maxRetriesPerRequest: null });
      client.on('error', () => undefined);
      const master = await NodeProcess.create('master', { topology: { workers: 'in the same process' } });
      const slave = await NodeProcess.create('slave', { topology: { workers: 2, redisUrl } });
      try {
        const rounds = await startRounds(master, slave);
        for (const moment of seededMoments(5, 400)) {
          await nextRound(rounds);
          await delay(moment);
          if (fault === 'FLUSHALL') {
            await client.flushall();
          } else {
            await server.pause();
            await server.resume();
          }
          await expectOneRound(rounds);
          await expectConverged(rounds);
        }
      } finally {
        client.disconnect();
        await Promise.all([master.remove(), slave.remove()]);
        await server.stop();
      }
    },
    900_000,
  );
});
