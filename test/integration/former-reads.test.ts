import { randomUUID } from 'node:crypto';
import { recordFormerReads, recordNamedReads } from '@dossier/accounts/reads.ts';
import { query, transaction } from '@dossier/postgres/database.ts';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createTestDatabase } from '../kit/database.ts';
import type { TestDatabase } from '../kit/database.ts';

/* Who is shown somebody who may be in no list any more. */

let test: TestDatabase;
beforeEach(async () => {
  test = await createTestDatabase();
});
afterEach(() => test.drop());

const actor = { actor: 'viewer', via: 'web', address: null } as const;

async function makeLists(count: number): Promise<number[]> {
  const lists = await query<{ id: number }>(
    test.database,
    `insert into watch_lists (name, log_reads) select 'List ' || n, true from generate_series(1, :count) n returning id`,
    { count },
  );
  return lists.map(({ id }) => id);
}

it('costs no look through the whole bin for each person and list', async () => {
  const lists = await makeLists(40);
  const binned = randomUUID();
  await query(
    test.database,
    `with deletion as (insert into deletions (kind, deleted_by) values ('bulk', 'operator') returning id)
     insert into binned_sets (set_id, deletion_id, list_id, list_uuid, list_name, dossier_count)
     select nextval('set_ids'), deletion.id, l.id, l.uuid, l.name, 1 from deletion, watch_lists l, generate_series(1, 50)`,
  );
  await transaction(test.database, async (tx) => {
    await query(tx, `set local dossier.writer = 'on'`);
    await query(
      tx,
      `insert into dossiers (set_id, uuid, name) select set_id, :binned, 'Nora' from binned_sets where list_id = :list order by set_id limit 1`,
      { binned, list: lists[0] },
    );
  });
  await test.database.raw('analyze');
  const dossiers = [binned, ...Array.from({ length: 39 }, () => randomUUID())];
  const read = await transaction(test.database, async (tx) => {
    await recordFormerReads(tx, actor, { kind: 'page', dossiers });
    const [seen] = await query<{ rows: number }>(
      tx,
      `select seq_tup_read::int as rows from pg_stat_xact_user_tables where relname = 'binned_sets'`,
    );
    return seen?.rows;
  });
  expect(await query(test.database, `select list_id, dossiers from reads`)).toEqual([{ list_id: lists[0], dossiers: [binned] }]);
  expect(read).toBeLessThan(100_000);
});

it('is kept for each list with those alone who are named of it', async () => {
  const [first = 0, second = 0] = await makeLists(2);
  const [one, two, both] = [randomUUID(), randomUUID(), randomUUID()];
  const statements: string[] = [];
  test.database.on('query', ({ sql }: { sql: string }) => statements.push(sql));
  await recordNamedReads(test.database, actor, {
    kind: 'page',
    dossiers: [
      { uuid: one, list: first },
      { uuid: both, list: first },
      { uuid: both, list: second },
      { uuid: two, list: second },
    ],
  });
  expect(statements).toHaveLength(1);
  const kept = await query<{ list_id: number; dossiers: string[] }>(test.database, `select list_id, dossiers from reads order by list_id`);
  expect(kept.map(({ list_id: list, dossiers }) => [list, new Set(dossiers)])).toEqual([
    [first, new Set([one, both])],
    [second, new Set([both, two])],
  ]);
});
