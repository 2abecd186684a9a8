import { generateNodeKey } from '@dossier/protocol/node-key.ts';
import { mostDistrusted } from '@dossier/protocol/feed.ts';
import { query, transaction } from '@dossier/postgres/database.ts';
import { keepDistrusted } from '@dossier/replication/distrusted.ts';
import { createTestDatabase } from '@dossier/test/kit/database.ts';
import type { TestDatabase } from '@dossier/test/kit/database.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDistrust } from './distrust.ts';
import { revokeSite } from './sites.ts';
import { findSpeaker } from './speakers.ts';

/* What a master says of who may not read a list, and what a branch keeps of that. */

let test: TestDatabase;
beforeEach(async () => {
  test = await createTestDatabase();
});
afterEach(async () => {
  await test.drop();
});

/** A site with this key; `lists` that it may read. */
async function enter(key: string, { state = 'accepted', lists = null }: { state?: string; lists?: number[] | null } = {}): Promise<number> {
  const [site] = await query<{ id: number }>(
    test.database,
    `insert into sites (name, node, key, state, introduced_by, lists, token_ids) values (:key, gen_random_uuid(), :key, :state, 'token', :lists::bigint[], '{}') returning id`,
    { key, state, lists },
  );
  return site?.id ?? 0;
}

/** A replica of a list of the master at this address. */
async function replica(url: string, origins: string[] = []): Promise<number> {
  const [list] = await query<{ id: number }>(test.database, `insert into watch_lists (name) values (:url) returning id`, { url });
  await query(
    test.database,
    `insert into links (slave_list_id, remote_url, remote_list_id, origins) values (:id, :url, 1, :origins::uuid[])`,
    {
      id: list?.id,
      url,
      origins,
    },
  );
  return list?.id ?? 0;
}

const warnings: unknown[] = [];
async function read(list: number) {
  const distrust = createDistrust({ database: test.database, logger: { warn: (...said: unknown[]) => void warnings.push(said) } });
  return (await distrust.read())(list);
}
const stateOf = async (key: string) => (await findSpeaker(test.database, key))?.state;
const age = async (minutes: number): Promise<void> => {
  await query(test.database, `update clock set age_moment = now()`);
  await query(test.database, `update distrusted set named_date = named_date - make_interval(mins => :minutes)`, { minutes });
};

describe('a head', () => {
  it('names tokens and the keys of who could read before those that were refused at once, and tells the log what it leaves out', async () => {
    await query(
      test.database,
      `insert into sites (name, key, state, refused, introduced_by) select n::text, lpad(n::text, 43, '-'), 'revoked', true, 'token' from generate_series(1, :most::int + 10) n`,
      { most: mostDistrusted },
    );
    const [thief, waiting, holder] = [generateNodeKey().id, `${'-'.repeat(42)}!`, generateNodeKey().id];
    for (const [key, state] of [
      [thief, 'accepted'],
      [waiting, 'pending'],
    ] as const) {
      const id = await enter(key, { state });
      await transaction(test.database, (tx) => revokeSite(tx, id, 'stolen'));
    }
    const limited = await enter(holder, { lists: [] });
    await query(test.database, `update sites set token_ids = '{ffff000011112222}' where id = :limited`, { limited });
    const before = await enter(generateNodeKey().id, { lists: [1] });
    const { distrusted, withheld } = await read(1);
    expect(distrusted).toHaveLength(mostDistrusted);
    expect(distrusted.slice(0, 2)).toEqual(['ffff000011112222', thief]);
    expect(withheld).toEqual([holder]);
    expect(warnings).toHaveLength(1);
    // A head stays the same whoever asks.
    const first = await read(2);
    await query(test.database, `update sites set last_seen = now() where id = :before`, { before });
    expect(await read(2)).toEqual(first);
    await query(test.database, `update sites set last_seen = now() where id = :limited`, { limited });
    expect(await read(2)).toEqual(first);
    expect(first.withheld).toHaveLength(2);
  });
});

describe('what a branch keeps', () => {
  it('is not taken away by a head that was held back, and goes once none has named it for ten minutes', async () => {
    const list = await replica('http://a.example');
    const { id: key } = generateNodeKey();
    await enter(key);
    expect(await keepDistrusted(test.database, list, { distrusted: [key], withheld: [] })).toBe(true);
    expect(await stateOf(key)).toBe('revoked');
    await age(9);
    // The tag of a head that doesn't name it may not be kept: the next question has to bring the whole one again.
    expect(await keepDistrusted(test.database, list, { distrusted: [], withheld: [] })).toBe(false);
    expect(await stateOf(key)).toBe('revoked');
    expect(await keepDistrusted(test.database, list, { distrusted: [], withheld: [key] })).toBe(true);
    expect(await stateOf(key)).toBe('revoked');
    await age(11);
    expect(await keepDistrusted(test.database, list, { distrusted: [], withheld: [] })).toBe(true);
    expect(await stateOf(key)).toBe('accepted');
  });

  it('is the word of one master about what comes from there: another one shuts nobody out', async () => {
    const [a, b] = [await replica('http://a.example'), await replica('http://b.example')];
    const further = await replica('http://a.example');
    const through = await replica('http://a.example', ['11111111-1111-4111-8111-111111111111']);
    const { id: key } = generateNodeKey();
    await enter(key);
    await keepDistrusted(test.database, b, { distrusted: [key], withheld: [] });
    expect(await findSpeaker(test.database, key)).toMatchObject({ state: 'accepted', denied: [b] });
    await keepDistrusted(test.database, a, { distrusted: [key], withheld: [] });
    const found = await findSpeaker(test.database, key);
    expect(found?.state).toBe('accepted');
    expect(found?.denied.toSorted((less, more) => less - more)).toEqual([a, b, further].toSorted((less, more) => less - more));
    expect((await read(through)).distrusted).toEqual([]);
    for (const list of [a, further, b]) expect((await read(list)).distrusted).toEqual([key]);
  });

  it('counts for nothing once the list is linked no more', async () => {
    const list = await replica('http://a.example');
    const { id: key } = generateNodeKey();
    await enter(key);
    await keepDistrusted(test.database, list, { distrusted: [key], withheld: [] });
    await query(test.database, `delete from links`);
    expect(await findSpeaker(test.database, key)).toMatchObject({ state: 'accepted', denied: [] });
    expect((await read(list)).distrusted).toEqual([]);
  });
});
