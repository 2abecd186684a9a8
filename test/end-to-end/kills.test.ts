import { setTimeout as delay } from 'node:timers/promises';
import { openDatabase } from '@dossier/store/database.ts';
import { describe, expect, it } from 'vitest';
import { NodeProcess } from '../kit/node-process.ts';
import { startPostgresServer } from '../kit/postgres-server.ts';
import { expectConverged, expectOneRound, nextRound, seededMoments, startRounds } from '../kit/rounds.ts';

/** More of them by DOSSIER_KILLS, as .ci/run does. */
const kills = Number(process.env['DOSSIER_KILLS'] ?? 4);

describe('kill -9', () => {
  it(`of the worker at ${kills} moments: always the old list or the new one, then equal`, async () => {
    const master = await NodeProcess.create('master', { topology: { workers: 'in the same process' } });
    const slave = await NodeProcess.create('slave', { topology: { workers: 1 } });
    try {
      const rounds = await startRounds(master, slave);
      for (const moment of seededMoments(kills, 600)) {
        await nextRound(rounds);
        await delay(moment);
        await slave.killLast();
        await expectOneRound(rounds);
        await slave.startWorker();
        await expectConverged(rounds);
      }
      expect(rounds.round).toBe(kills);
    } finally {
      await Promise.all([master.remove(), slave.remove()]);
    }
  }, 1_500_000);

  it('of PostgreSQL at 5 moments: always the old list or the new one, then equal', async () => {
    const server = await startPostgresServer();
    const database = openDatabase(server.databaseUrl, { applicationName: 'test', poolSize: 4 });
    const master = await NodeProcess.create('master', { topology: { workers: 'in the same process' } });
    const slave = await NodeProcess.create('slave', {
      topology: { workers: 'in the same process' },
      test: { url: server.databaseUrl, database, drop: () => database.destroy() },
    });
    try {
      const rounds = await startRounds(master, slave);
      for (const moment of seededMoments(5, 600)) {
        await nextRound(rounds);
        await delay(moment);
        await server.crash();
        await server.resume();
        await slave.until('connected again', () =>
          expectOneRound(rounds).then(
            () => true,
            (error: unknown) => {
              if (error instanceof Error && error.name === 'AssertionError') throw error;
              return false;
            },
          ),
        );
        await expectConverged(rounds);
      }
    } finally {
      await Promise.all([master.remove(), slave.remove()]);
      await server.stop();
    }
  }, 900_000);
});
