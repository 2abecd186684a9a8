import { it } from 'vitest';
import { killAtMoments, killsOfEach } from '../kit/kills.ts';
import { NodeProcess } from '../kit/node-process.ts';
import { startRedisServer } from '../kit/redis-server.ts';
import { startRounds } from '../kit/rounds.ts';

it(
  `kill -9 of Redis at ${killsOfEach} moments: always the old list or the new one, then equal`,
  async () => {
    const server = await startRedisServer();
    const master = await NodeProcess.create('master', { topology: { workers: 'in the same process' } });
    const slave = await NodeProcess.create('slave', { topology: { workers: 2, redisUrl: server.redisUrl ?? '' } });
    try {
      const rounds = await startRounds(master, slave);
      await killAtMoments(rounds, { victim: 'Redis', longestMs: 400, kill: () => server.crash(), revive: () => server.resume() });
    } finally {
      await Promise.all([master.remove(), slave.remove()]);
      await server.stop();
    }
  },
  60_000 + killsOfEach * 60_000,
);
