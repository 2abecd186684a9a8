import { query } from '@dossier/store/database.ts';
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
}

const dossiers = 1500;

/** A linked and synced list whose dossiers all say `round 0`. */
export async function startRounds(master: NodeProcess, slave: NodeProcess): Promise<Rounds> {
  const remote = await master.makeList('rounds');
  await query(
    master.test.database,
    `with made as (insert into dossiers (name, comment) select 'Person ' || i, 'round 0' from generate_series(1, :dossiers) i returning uuid)
     select uuid from made`,
    { dossiers },
  );
  await query(
    master.test.database,
    `insert into memberships (list_id, dossier) select :remote, uuid from dossiers where comment = 'round 0'`,
    { remote },
  );
  const local = await slave.makeList('rounds');
  await slave.link(master.url, remote, local);
  await slave.linkIn(local, 'synced');
  return { master, slave, remote, local, round: 0 };
}

/** Changes every dossier on the master and asks the slave for a sync; the answer may get lost with what it asks. */
export async function nextRound(rounds: Rounds): Promise<void> {
  rounds.round += 1;
  await query(rounds.master.test.database, `update dossiers set comment = :comment`, { comment: `round ${rounds.round}` });
  await rounds.slave.call('POST', `/sync/dossier-lists/${rounds.local}/sync/`, {}).catch(() => undefined);
}

/** The slave shows one round, this one or the one before, never two. */
export async function expectOneRound(rounds: Rounds): Promise<void> {
  const rows = await query<{ comment: string; count: number }>(
    rounds.slave.test.database,
    `select d.comment, count(*) as count from memberships m join dossiers d on d.uuid = m.dossier where m.list_id = :local group by d.comment`,
    { local: rounds.local },
  );
  expect(rows).toHaveLength(1);
  expect([`round ${rounds.round}`, `round ${rounds.round - 1}`]).toContain(rows[0]?.comment);
  expect(rows[0]?.count).toBe(dossiers);
}

/** In the end the slave shows this round, by the state of the link and by every field. */
export async function expectConverged(rounds: Rounds): Promise<void> {
  const { master, slave, remote, local } = rounds;
  const comment = `round ${rounds.round}`;
  const reached = async (): Promise<boolean> => {
    const [row] = await query<{ behind: number }>(
      slave.test.database,
      `select count(*) as behind from memberships m join dossiers d on d.uuid = m.dossier where m.list_id = :local and d.comment <> :comment`,
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
}

/** Moments in milliseconds after a request, always the same for a seed. */
export function seededMoments(count: number, longestMs: number): number[] {
  let state = 20261123;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * longestMs);
  });
}
