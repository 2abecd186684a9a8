import { query } from '@dossier/postgres/database.ts';
import { findLink } from '@dossier/replication/links.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addPhotoByHand } from '../kit/by-hand.ts';
import { contentOf, createEngineNode } from '../kit/engine.ts';
import type { EngineNode } from '../kit/engine.ts';

let master: EngineNode;
let slave: EngineNode;

beforeAll(async () => {
  [master, slave] = await Promise.all([createEngineNode(), createEngineNode()]);
});
afterAll(async () => {
  await Promise.all([master.close(), slave.close()]);
});

/** Statements as somebody writes them who goes around the triggers, or as a failing disk would. */
async function behindTheTriggers(statements: readonly [sql: string, parameters: Record<string, unknown>][]): Promise<void> {
  await slave.database.transaction(async (tx) => {
    await query(tx, `set local session_replication_role = replica`);
    for (const [sql, parameters] of statements) await query(tx, sql, parameters);
  });
}

const size = 10_000;

describe('a repair', () => {
  it('finds exactly the rows that were changed behind the system, of many, and fetches little more than them', async () => {
    const remote = await master.makeList('large');
    const uuids = await master.makeDossiers(
      [remote],
      Array.from({ length: size }, (_, index) => `Person ${index}`),
    );
    const local = await slave.makeList('large');
    await slave.link(master, remote, local);
    const [u0, u1, u2, u3, u4, u5, u6] = [...uuids.slice(0, 4), ...uuids.slice(-3)];
    const intruders = ['00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000002'];
    await behindTheTriggers([
      [`update dossiers set name = 'Somebody else' where uuid = any(:changed::uuid[])`, { changed: [u0, u1, u2] }],
      [`update dossiers set active = false where uuid = :u3`, { u3 }],
      [`update dossiers set hash = sha256(hash) where uuid = :u4`, { u4 }],
      [`delete from dossiers where uuid = :u5`, { u5 }],
      [`delete from dossiers where uuid = :u6`, { u6 }],
      [
        `insert into dossiers (set_id, uuid, name, hash) select set_of(:local), unnest(:intruders::uuid[]), 'Intruder',
           dossier_hash(true, null, 'Intruder', '', null, null, '{}', '[]', null)`,
        { local, intruders },
      ],
    ]);
    // A sync believes what the triggers booked.
    expect(await slave.sync(local)).toMatchObject({ state: 'unchanged' });
    const sent = master.sentBytes();
    const run = await slave.sync(local, { mode: 'repair', reason: 'schedule' });
    // The paths of the tree to what differs, and the hashes of its leaves.
    expect(master.sentBytes() - sent).toBeLessThan(300_000);
    expect(run).toMatchObject({ state: 'synced', method: 'reconcile', added: 2, changed: 4, removed: 2, fetched: 6 });
    expect(run.differences?.map(({ kind, dossier }) => `${kind} ${dossier}`).toSorted()).toEqual(
      [
        ...[u0, u1, u2, u3].map((dossier) => `changed ${dossier}`),
        ...[u5, u6].map((dossier) => `missing ${dossier}`),
        ...intruders.map((dossier) => `unexpected ${dossier}`),
      ].toSorted(),
    );
    expect(await contentOf(slave.database, local)).toEqual(await contentOf(master.database, remote));
    const entries = await query(slave.database, `select actor, via, object_id, details from audit where action = 'repaired'`);
    expect(entries).toMatchObject([{ actor: 'node', via: 'node', object_id: String(local), details: { run: run.id } }]);
    expect((entries[0] as { details: { dossiers: unknown[] } }).details.dossiers).toHaveLength(8);
    expect(await slave.sync(local, { mode: 'repair' })).toMatchObject({ state: 'unchanged', differences: null });
    expect(await slave.sync(local, { mode: 'verify' })).toMatchObject({ state: 'synced', differences: [] });
  });

  it('asks for photos whose files went away', async () => {
    const remote = await master.makeList('photos');
    const [dossier] = await master.makeDossiers([remote], ['With a photo']);
    const sha256 = await master.photos.put(Buffer.from('a photo'));
    await addPhotoByHand(master.database, [dossier ?? ''], { sha256, bytes: 7 });
    const local = await slave.makeList('photos');
    await slave.link(master, remote, local);
    await slave.photos.remove(sha256);
    expect(await slave.sync(local, { mode: 'repair' })).toMatchObject({ state: 'unchanged', photos_fetched: 1 });
    expect(await slave.photos.has(sha256)).toBe(true);
  });

  it('looks at a list that is a small share of the node, whatever its texts and photos hold, and mends bytes that are no characters', async () => {
    const remote = await master.makeList('small');
    const uuids = await master.makeDossiers(
      [remote],
      Array.from({ length: 30 }, (_, index) => `Žižek \\ "${index}"`),
    );
    await query(
      master.database,
      `update dossiers set comment = E'\\\\x41\\tЖ', external_id = 'é\\' || id, meta = '{"a\\\\b": "日本", "n": 10000000000000000999}' where uuid = any(:uuids::uuid[])`,
      { uuids },
    );
    const sha256 = await master.photos.put(Buffer.from('another photo'));
    await addPhotoByHand(master.database, uuids.slice(0, 15), { sha256, bytes: 13 });
    await addPhotoByHand(master.database, uuids.slice(15), { sha256, bytes: 13, features: 'ZmVhdHVyZQ==' });
    const local = await slave.makeList('small');
    await slave.link(master, remote, local);
    await query(slave.database, `analyze dossiers`);
    expect(await slave.sync(local, { mode: 'verify' })).toMatchObject({ state: 'synced', differences: [] });
    // As a failing disk would write it: PostgreSQL lets nobody put such a text in.
    await query(slave.database, `create cast (bytea as text) without function`);
    await behindTheTriggers([
      [String.raw`update dossiers set name = cast('\xc328'::bytea as text) where uuid = :uuid`, { uuid: uuids[7] }],
      [String.raw`update dossiers set comment = cast('\x5cc328'::bytea as text) where uuid = :uuid`, { uuid: uuids[9] }],
      [String.raw`update dossiers set external_id = cast('\x660065'::bytea as text) where uuid = :uuid`, { uuid: uuids[11] }],
    ]);
    await query(slave.database, `drop cast (bytea as text)`);
    const run = await slave.sync(local, { mode: 'repair' });
    expect(run).toMatchObject({ state: 'synced', changed: 3 });
    expect(new Set(run.differences?.map(({ dossier }) => dossier))).toEqual(new Set([uuids[7], uuids[9], uuids[11]]));
    expect(await contentOf(slave.database, local)).toEqual(await contentOf(master.database, remote));
  });

  it('follows the master at the same time, and names what only damage explains', async () => {
    const remote = await master.makeList('both');
    const uuids = await master.makeDossiers(
      [remote],
      Array.from({ length: 50 }, (_, index) => `Both ${index}`),
    );
    const local = await slave.makeList('both');
    await slave.link(master, remote, local);
    await behindTheTriggers([[`update dossiers set name = 'Somebody else' where uuid = :uuid`, { uuid: uuids[0] }]]);
    await query(master.database, `update dossiers set name = 'Changed there' where uuid = :uuid`, { uuid: uuids[1] });
    const run = await slave.sync(local, { mode: 'repair' });
    expect(run).toMatchObject({ state: 'synced', changed: 2, differences: [{ kind: 'changed', dossier: uuids[0] }] });
    expect(await contentOf(slave.database, local)).toEqual(await contentOf(master.database, remote));
    expect((await findLink(slave.database, local))?.deep_verified_at).toBeInstanceOf(Date);
  });
});
