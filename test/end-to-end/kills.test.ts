import { openDatabase } from '@dossier/postgres/database.ts';
import { describe, expect, it } from 'vitest';
import { killAtMoments, killsOfEach } from '../kit/kills.ts';
import { NodeProcess } from '../kit/node-process.ts';
import { startPostgresServer } from '../kit/postgres-server.ts';
import { startRounds } from '../kit/rounds.ts';

const timeoutMs = 60_000 + killsOfEach * 60_000;

/* kill -9 at random moments: always the old list or the new one, then equal. That of Redis is in test/redis. */
describe('kill -9', () => {
  it(
    `of the worker at ${killsOfEach} moments`,
    async () => {
      const master = await NodeProcess.create('master', { topology: { workers: 'in the same process' } });
      const slave = await NodeProcess.create('slave', { topology: { workers: 1 } });
      try {
        const rounds = await startRounds(master, slave);
        const revive = () => slave.launch('worker');
        await killAtMoments(rounds, { victim: 'worker', longestMs: 600, kill: () => slave.kill('worker'), revive });
        expect(rounds.round).toBe(killsOfEach);
      } finally {
        await Promise.all([master.remove(), slave.remove()]);
      }
    },
    timeoutMs,
  );

  it(
    `of the api, the slave's and the master's in turns, at ${killsOfEach} moments`,
    async () => {
      const master = await NodeProcess.create('master', { topology: { workers: 1 } });
      const slave = await NodeProcess.create('slave', { topology: { workers: 1 } });
      try {
        const rounds = await startRounds(master, slave);
        const victim = () => (rounds.round % 2 === 0 ? master : slave);
        const revive = async () => {
          await victim().launch('api');
          await victim().until('ready', () =>
            fetch(`${victim().url}/readyz`)
              .then(({ ok }) => ok)
              .catch(() => false),
          );
        };
        await killAtMoments(rounds, { victim: 'api', longestMs: 600, kill: () => victim().kill('api'), revive });
      } finally {
        await Promise.all([master.remove(), slave.remove()]);
      }
    },
    timeoutMs,
  );

  it(
    `of PostgreSQL at ${killsOfEach} moments`,
    async () => {
      const server = await startPostgresServer();
      const database = openDatabase(server.databaseUrl, { applicationName: 'test', poolSize: 4 });
      const master = await NodeProcess.create('master', { topology: { workers: 'in the same process' } });
      const slave = await NodeProcess.create('slave', {
        topology: { workers: 'in the same process' },
        test: { url: server.databaseUrl, database, drop: () => database.destroy() },
      });
      try {
        const rounds = await startRounds(master, slave);
        await killAtMoments(rounds, { victim: 'PostgreSQL', longestMs: 600, kill: () => server.crash(), revive: () => server.resume() });
      } finally {
        await Promise.all([master.remove(), slave.remove()]);
        await server.stop();
      }
    },
    timeoutMs,
  );
});
