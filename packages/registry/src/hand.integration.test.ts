import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dossierHash } from '@dossier/domain/dossier-hash.ts';
import type { StoredContent } from '@dossier/domain/dossier-hash.ts';
import { query, queryOne } from '@dossier/postgres/database.ts';
import { createTestDatabase } from '@dossier/test/kit/database.ts';
import type { TestDatabase } from '@dossier/test/kit/database.ts';
import { expectHonest } from '@dossier/test/kit/honest.ts';
import { createDossier } from './dossier-changes.ts';
import { readDossier } from './dossiers.ts';
import { readPosition } from './positions.ts';

let test: TestDatabase;
beforeAll(async () => {
  test = await createTestDatabase();
});
afterAll(() => test.drop());

async function makeList(): Promise<number> {
  const list = await queryOne<{ id: number }>(test.database, `insert into watch_lists (name) values ('by hand') returning id`);
  return list?.id ?? 0;
}

const plain: StoredContent = {
  active: true,
  external_id: null,
  name: 'A',
  comment: '',
  valid_from: null,
  valid_until: null,
  meta: '{}',
  photos: '[]',
  features: null,
};

describe('the hash of a dossier', () => {
  it.each<Partial<StoredContent>>([
    {},
    { active: false, external_id: '', comment: 'x' },
    { external_id: 'é', name: 'Иван 😀 \u0301', comment: '\\N\t\r\n'.repeat(2000) },
    { valid_from: '2000-01-01', valid_until: '1999-12-31' },
    { valid_from: '0001-01-01', valid_until: '9999-12-31' },
    { valid_from: '2024-02-29', valid_until: null },
    { valid_from: null, valid_until: '1970-01-01' },
    { meta: '{"ключ": "значение", "n": 1.00}', photos: '[{"sha256":"00"}]', features: '[null,"AAAA"]' },
    { comment: '字'.repeat(10_000), meta: JSON.stringify({ a: 'ä'.repeat(200_000) }) },
  ])('is the same in the program and in the database: %#', async (fields) => {
    const content = { ...plain, ...fields };
    const row = await queryOne<{ hash: string }>(
      test.database,
      `select encode(dossier_hash(:active, :external_id, :name, :comment, cast(:valid_from as date), cast(:valid_until as date), cast(:meta as json),
         cast(:photos as json), cast(:features as json)), 'hex') as hash`,
      { ...content },
    );
    expect(dossierHash(content)).toBe(row?.hash);
  });
});

describe('SQL by hand', () => {
  it('gets ids, hashes, revisions, tombstones and the digest for what it inserts, changes and deletes', async () => {
    const list = await makeList();
    const run = async (sql: string): Promise<void> => {
      const before = await readPosition(test.database, list);
      await query(test.database, sql.replaceAll(':set', String(before?.set_id)));
      await expectHonest(test.database, list);
      const after = await readPosition(test.database, list);
      expect(after?.revision).toBeGreaterThan(before?.revision ?? 0);
      expect(after?.digest).not.toBe(before?.digest);
    };
    await run(`insert into dossiers (set_id, name) values (:set, 'one'), (:set, 'two')`);
    const [twice, once] = ['00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000002'];
    const upsert = `insert into dossiers (set_id, uuid, name) values (:set, '${twice}', 'three'), (:set, '${twice}', 'four'), (:set, '${once}', 'five')`;
    await run(`${upsert} on conflict (set_id, uuid) do nothing`);
    await run(
      `insert into dossiers (set_id, uuid, name) values (:set, '${twice}', 'six') on conflict (set_id, uuid) do update set name = excluded.name`,
    );
    await run(`insert into dossiers (set_id, name, hash, revision) select :set, 'N' || n, 'wrong', 1 from generate_series(1, 500) n`);
    await run(`update dossiers set comment = 'changed' where set_id = :set and name like 'N1%'`);
    await run(`update dossiers set valid_until = '2026-12-31', meta = '{"a" : 1}' where set_id = :set and name = 'one'`);
    await run(`delete from dossiers where set_id = :set and name like 'N2%'`);
    await run(`delete from dossiers where set_id = :set`);
    const before = await readPosition(test.database, list);
    await query(test.database, `update dossiers set name = name where set_id = :set`, { set: before?.set_id });
    expect(await readPosition(test.database, list)).toEqual(before);
  });

  it('books changes of several lists in one transaction, and gives a dossier of another list its id', async () => {
    const [a, b] = [await makeList(), await makeList()];
    const { dossier: made } = await createDossier(test.database, {
      name: 'Shared',
      comment: '',
      active: true,
      valid_from: null,
      valid_until: null,
      meta: {},
      external_id: 'x',
      lists: [a],
    });
    await query(
      test.database,
      `insert into dossiers (set_id, uuid, name, external_id) select set_id, :uuid, 'Shared', 'x' from list_positions where list_id = :b`,
      { uuid: (await queryOne<{ uuid: string }>(test.database, `select uuid from dossiers where id = :id`, { id: made.id }))?.uuid, b },
    );
    expect(await readDossier(test.database, made.id)).toMatchObject({ lists: [a, b], hash: made.hash });
    await query(test.database, `update dossiers set name = 'Renamed' where id = :id`, { id: made.id });
    expect(await readDossier(test.database, made.id)).toMatchObject({ lists: [a, b], name: 'Renamed' });
    for (const list of [a, b]) await expectHonest(test.database, list);
  });

  it('is refused rows of no list, other keys, and an emptied table', async () => {
    const list = await makeList();
    await expect(query(test.database, `insert into dossiers (set_id, name) values (999999, 'x')`)).rejects.toThrow(
      'not the one of a watch list',
    );
    await query(test.database, `insert into dossiers (set_id, name) select set_id, 'y' from list_positions where list_id = :list`, {
      list,
    });
    await expect(query(test.database, `update dossiers set uuid = gen_random_uuid() where name = 'y'`)).rejects.toThrow('never changed');
    await expect(query(test.database, `truncate dossiers`)).rejects.toThrow('not truncated');
    await expectHonest(test.database, list);
  });
});
