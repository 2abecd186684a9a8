import { setTimeout as delay } from 'node:timers/promises';
import { linkSchema } from '@dossier/protocol/sync.ts';
import { query } from '@dossier/postgres/database.ts';
import { expect } from 'vitest';
import { contentOf } from './engine.ts';
import type { NodeProcess } from './node-process.ts';

/** A list of a master and its replica; each round changes every dossier of it in one transaction. */
export interface Rounds {
  master: NodeProcess;
  slave: NodeProcess;
  remote: number;
  local: number;
  round: number;
  /** The last round that slave and master were seen to agree on. */
  settled: number;
}

const dossiers = 1500;

/** A linked and synced list whose dossiers all say `round 0`. */
export async function startRounds(master: NodeProcess, slave: NodeProcess): Promise<Rounds> {
  const remote = await master.makeList('rounds');
  await query(
    master.test.database,
    `insert into dossiers (set_id, name, comment) select set_of(:remote), 'Person ' || i, 'round 0' from generate_series(1, :dossiers) i`,
    { remote, dossiers },
  );
  const local = await slave.makeList('rounds');
  await slave.link(master.url, remote, local);
  await slave.linkIn(local, 'synced');
  // Each round changes all dossiers, which a guard would hold.
  await slave.want(200, linkSchema, ['PATCH', `/sync/dossier-lists/${local}/`, { guards: { changes: null } }]);
  return { master, slave, remote, local, round: 0, settled: 0 };
}

/** Changes every dossier on the master and asks the slave for a sync; the answer may get lost with what it asks. */
export async function nextRound(rounds: Rounds): Promise<void> {
  rounds.round += 1;
  await query(rounds.master.test.database, `update dossiers set comment = :comment`, { comment: `round ${rounds.round}` });
  await rounds.slave.call('POST', `/sync/dossier-lists/${rounds.local}/sync/`, {}).catch(() => undefined);
}

/** The slave shows one round, never two: the one that was settled, or one since. */
export async function expectOneRound(rounds: Rounds): Promise<void> {
  const rows = await query<{ comment: string; count: number }>(
    rounds.slave.test.database,
    `select d.comment, count(*) as count from dossiers d where d.set_id = set_of(:local) group by d.comment`,
    { local: rounds.local },
  );
  expect(rows).toHaveLength(1);
  const shown = Number(rows[0]?.comment.replace('round ', ''));
  expect(shown >= rounds.settled && shown <= rounds.round, `round ${shown} of ${rounds.settled}…${rounds.round}`).toBe(true);
  expect(rows[0]?.count).toBe(dossiers);
}

/** A reader of the slave's list that never rests while syncs and faults go on. */
export interface Reader {
  /** Ends the reading; fails if the list was ever mixed or had another length. Returns how many times it was read. */
  stop(): Promise<number>;
}

/** Reads the list again and again, each time in one statement, as a gate does. Without an answer there is nothing that could be wrong. */
export function startReader({ slave, local }: Rounds): Reader {
  let stopped = false;
  let reads = 0;
  const mixed: unknown[] = [];
  const reading = (async () => {
    while (!stopped) {
      const rows = await query<{ comment: string; count: number }>(
        slave.test.database,
        `select d.comment, count(*) as count from dossiers d where d.set_id = set_of(:local) group by d.comment`,
        { local },
      ).catch(() => null);
      if (rows) reads += 1;
      if (rows && (rows.length !== 1 || rows[0]?.count !== dossiers)) mixed.push(rows);
      await delay(rows ? 10 : 100);
    }
  })();
  return {
    stop: async () => {
      stopped = true;
      await reading;
      expect(mixed).toEqual([]);
      expect(reads).toBeGreaterThan(0);
      return reads;
    },
  };
}

/** In the end the slave shows this round, by the state of the link and by every field. */
export async function expectConverged(rounds: Rounds): Promise<void> {
  const { master, slave, remote, local } = rounds;
  const comment = `round ${rounds.round}`;
  const reached = async (): Promise<boolean> => {
    const [row] = await query<{ behind: number }>(
      slave.test.database,
      `select count(*) as behind from dossiers d where d.set_id = set_of(:local) and d.comment <> :comment`,
      { local, comment },
    );
    return row?.behind === 0;
  };
  let asked = false;
  await slave.until(
    `at ${comment}`,
    async () => {
      if (await reached()) return true;
      // If the request itself was lost there is nothing that could go on: then a person would ask again.
      const runs = asked ? [] : await slave.runs(local).catch(() => null);
      if (runs?.every((run) => run.finished_date !== null)) {
        asked = true;
        await slave.call('POST', `/sync/dossier-lists/${local}/sync/`, {});
      }
      return false;
    },
    120_000,
  );
  await slave.linkIn(local, 'synced');
  expect(await contentOf(slave.test.database, local)).toEqual(await contentOf(master.test.database, remote));
  rounds.settled = rounds.round;
}

/** Moments in milliseconds after a request, always the same for a seed. */
export function seededMoments(count: number, longestMs: number): number[] {
  let state = 20261123;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * longestMs);
  });
}
