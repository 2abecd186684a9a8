import { query, queryOne } from '@dossier/store/database.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { contentOf, createEngineNode } from '../kit/engine.ts';
import type { EngineNode } from '../kit/engine.ts';
import { lies } from '../kit/lies.ts';
import type { LieCase } from '../kit/lies.ts';
import { startLyingMaster } from '../kit/lying-master.ts';
import type { LyingMaster } from '../kit/lying-master.ts';

/* A master that holds the token and says everything wrong that can be said: whatever it is, the list stays as it was, and says why. */

const timeouts = { responseMs: 1500, inactivityMs: 1500, totalMs: 6000 };
let honest: EngineNode;
let slave: EngineNode;
let liar: LyingMaster;

beforeAll(async () => {
  honest = await createEngineNode();
  slave = await createEngineNode({}, timeouts);
  liar = await startLyingMaster(honest, 'a-token-for-tests-of-thirty-two-characters');
});
afterAll(async () => {
  liar.close();
  await Promise.all([honest.close(), slave.close()]);
});

interface Replica {
  remote: number;
  local: number;
}

/** A list that the liar told the truth about so far, or a list with dossiers of its own before its first sync. */
async function prepare(sync: LieCase['sync']): Promise<Replica> {
  liar.lie = null;
  const remote = await honest.makeList('Wanted');
  const dossiers = await honest.makeDossiers([remote], ['Ada', 'Ben', 'Cleo', 'Dan', 'Eve', 'Finn']);
  const local = await slave.makeList('Wanted');
  if (sync === 'first') {
    await slave.makeDossiers([local], ['Here before']);
    return { remote, local };
  }
  expect(await slave.link(liar, remote, local)).toMatchObject({ state: 'synced', added: 6 });
  await query(honest.database, `update dossiers set name = 'Dana' where uuid = :dossier`, { dossier: dossiers[3] ?? '' });
  await query(honest.database, `delete from memberships where dossier = :dossier`, { dossier: dossiers[4] ?? '' });
  await honest.makeDossiers([remote], ['Gus']);
  if (sync === 'reconcile')
    await query(slave.database, `delete from memberships where list_id = :local and dossier = :dossier`, {
      local,
      dossier: dossiers[0] ?? '',
    });
  return { remote, local };
}

async function attempt(sync: LieCase['sync'], { remote, local }: Replica, lastAttempt = false): Promise<unknown> {
  const linked = await queryOne(slave.database, `select 1 as present from links where slave_list_id = :local`, { local });
  const run = linked ? slave.sync(local, { mode: sync === 'full' ? 'full' : 'auto', lastAttempt }) : slave.link(liar, remote, local);
  return run.catch((error: unknown) => error);
}

async function outcome(local: number): Promise<unknown> {
  return queryOne(
    slave.database,
    `select l.state, l.error->>'code' as code, l.error->>'next_attempt' is not null as retried,
       (select code from dead_letters d where d.slave_list_id = l.slave_list_id) as letter,
       exists (select from staged_dossiers s join runs r on r.id = s.run_id where r.slave_list_id = l.slave_list_id and r.finished_date is not null) as litter
     from links l where l.slave_list_id = :local`,
    { local },
  );
}

describe('a master that lies is refused, and nothing is changed', () => {
  test.each(lies)('$says (to $to, in a $sync sync): $ends', async ({ sync, tell, ends, mends }) => {
    const replica = await prepare(sync);
    const { local, remote } = replica;
    const before = await contentOf(slave.database, local);
    expect(before.length).toBeGreaterThan(0);

    liar.lie = tell;
    const ended = await attempt(sync, replica);
    const held = mends === 'by a decision';
    const said = { code: ends, remedy: expect.stringMatching(/\S/) as string };
    expect(ended).toMatchObject(held ? { state: 'held', error: said } : said);
    expect(await contentOf(slave.database, local)).toEqual(before);
    const byItself = mends === 'by itself';
    const letter = mends === 'by a person' ? ends : null;
    expect(await outcome(local)).toMatchObject({ state: held ? 'held' : 'failed', code: ends, retried: byItself, letter });
    if (byItself) {
      liar.lie = tell;
      await attempt(sync, replica, true);
      expect(await contentOf(slave.database, local)).toEqual(before);
      expect(await outcome(local)).toMatchObject({ state: 'failed', retried: false, letter: ends });
    }

    liar.lie = null;
    expect(await attempt('delta', replica)).toMatchObject({ state: 'synced' });
    expect(await contentOf(slave.database, local)).toEqual(await contentOf(honest.database, remote));
    expect(await outcome(local)).toMatchObject({ state: 'synced', letter: null, litter: false });
  });
});
