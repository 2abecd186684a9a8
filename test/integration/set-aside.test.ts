import { combineDigests } from '@dossier/domain/position.ts';
import { query, queryOne } from '@dossier/postgres/database.ts';
import { findLink } from '@dossier/replication/links.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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

async function linked(name: string): Promise<{ remote: number; local: number; uuids: string[] }> {
  const remote = await master.makeList(name);
  const uuids = await master.makeDossiers(
    [remote],
    Array.from({ length: 30 }, (_, index) => `${name} ${index}`),
  );
  const local = await slave.makeList(name);
  expect(await slave.link(master, remote, local)).toMatchObject({ state: 'synced', set_aside: [] });
  return { remote, local, uuids };
}

/** A dossier of another list of the slave that has an external id. */
async function occupy(externalId: string): Promise<string> {
  const list = await slave.makeList('Local');
  const [dossier] = await slave.makeDossiers([list], ['Local person']);
  await query(slave.database, `update dossiers set external_id = :externalId where uuid = :dossier`, { externalId, dossier });
  return dossier ?? '';
}

const nameOf = async (node: EngineNode, uuid: string | undefined): Promise<string | undefined> =>
  (await queryOne<{ name: string }>(node.database, `select name from dossiers where uuid = :uuid`, { uuid }))?.name;

const give = (uuid: string | undefined, externalId: string): Promise<unknown> =>
  query(master.database, `update dossiers set external_id = :externalId, name = name || ' new' where uuid = :uuid`, { uuid, externalId });

async function digestOf(node: EngineNode, list: number): Promise<string> {
  const [row] = await query<{ digest: string }>(
    node.database,
    `select hash_text(digest_high, digest_low) as digest from list_positions where list_id = :list`,
    { list },
  );
  return row?.digest ?? '';
}

describe('a dossier that the replica can not hold', () => {
  it('is set aside by name, its older version stays, and the digests prove that nothing else differs', async () => {
    const { remote, local, uuids } = await linked('taken');
    const occupant = await occupy('taken-1');
    await give(uuids[0], 'taken-1');
    await query(master.database, `update dossiers set name = 'Renamed' where uuid = :uuid`, { uuid: uuids[1] });
    const run = await slave.sync(local);
    expect(run).toMatchObject({ state: 'synced', changed: 1, added: 0, removed: 0 });
    expect(run.set_aside).toEqual([
      {
        dossier: uuids[0],
        name: 'taken 0 new',
        external_id: 'taken-1',
        code: 'EXTERNAL_ID_TAKEN',
        reason: expect.stringMatching(/^Its external_id "taken-1" belongs to dossier \d+ here\.$/),
      },
    ]);
    expect(await findLink(slave.database, local)).toMatchObject({ state: 'synced', set_aside: run.set_aside });
    expect([await nameOf(slave, uuids[0]), await nameOf(slave, uuids[1])]).toEqual(['taken 0', 'Renamed']);
    const [hashes] = await query<{ here: string; there: string }>(
      slave.database,
      `select encode(d.hash, 'hex') as here, hash_text(a.hash_high, a.hash_low) as there from dossiers d join set_aside a on a.dossier = d.uuid
       where d.uuid = :uuid`,
      { uuid: uuids[0] },
    );
    const exchanged = combineDigests(combineDigests(await digestOf(slave, local), hashes?.here ?? ''), hashes?.there ?? '');
    expect(exchanged).toBe(await digestOf(master, remote));

    // Verification names it, and a night without changes asks for it again.
    const verified = await slave.sync(local, { mode: 'verify' });
    expect(verified).toMatchObject({ state: 'failed', differences: [{ kind: 'set-aside', dossier: uuids[0], name: 'taken 0 new' }] });
    expect(await findLink(slave.database, local)).toMatchObject({ state: 'synced' });
    for (const mode of ['auto', 'full', 'repair'] as const) {
      expect(await slave.sync(local, { mode }), mode).toMatchObject({ state: 'synced', changed: 0, set_aside: run.set_aside });
      expect(await nameOf(slave, uuids[0])).toBe('taken 0');
    }
    await query(slave.database, `delete from dossiers where uuid = :occupant`, { occupant });
    expect(await slave.sync(local)).toMatchObject({ state: 'synced', changed: 1, set_aside: [] });
    expect(await contentOf(slave.database, local)).toEqual(await contentOf(master.database, remote));
    expect(await slave.sync(local)).toMatchObject({ state: 'unchanged' });
  });

  it('is set aside when it is new, and goes when the master drops it', async () => {
    const { remote, local } = await linked('new');
    await occupy('new-1');
    const [dossier] = await master.makeDossiers([remote], ['Nobody here']);
    await give(dossier, 'new-1');
    expect(await slave.sync(local)).toMatchObject({ state: 'synced', added: 0, set_aside: [{ dossier, name: 'Nobody here new' }] });
    expect(await nameOf(slave, dossier)).toBeUndefined();
    await query(master.database, `delete from dossiers where uuid = :dossier`, { dossier });
    expect(await slave.sync(local)).toMatchObject({ state: 'synced', set_aside: [] });
    expect(await contentOf(slave.database, local)).toEqual(await contentOf(master.database, remote));
  });

  it('is set aside in a first sync as well', async () => {
    await occupy('first-1');
    const remote = await master.makeList('first');
    const [dossier] = await master.makeDossiers([remote], ['Ada', 'Bob', 'Cleo']);
    await give(dossier, 'first-1');
    const local = await slave.makeList('first');
    expect(await slave.link(master, remote, local)).toMatchObject({
      state: 'synced',
      added: 2,
      set_aside: [{ code: 'EXTERNAL_ID_TAKEN' }],
    });
    expect(await contentOf(slave.database, local)).toHaveLength(2);
  });

  it('because its hash is not the one of its content, is set aside, too', async () => {
    const { local, uuids } = await linked('forged');
    await master.database.transaction(async (tx) => {
      // A photo that came in behind the triggers: the hash that the master announces knows nothing of it.
      await query(tx, `set local session_replication_role = replica`);
      await query(
        tx,
        `insert into photos (dossier, sha256, width, height, bytes, media_type) values (:uuid, decode(repeat('ab', 32), 'hex'), 1, 1, 1, 'image/jpeg')`,
        { uuid: uuids[3] },
      );
    });
    await query(master.database, `update dossiers set name = 'With a photo from nowhere' where uuid = :uuid`, { uuid: uuids[3] });
    await query(master.database, `update dossiers set name = 'Renamed' where uuid = :uuid`, { uuid: uuids[4] });
    expect(await slave.sync(local)).toMatchObject({
      state: 'synced',
      changed: 1,
      set_aside: [{ dossier: uuids[3], code: 'HASH_DIFFERS' }],
    });
    expect([await nameOf(slave, uuids[3]), await nameOf(slave, uuids[4])]).toEqual(['forged 3', 'Renamed']);
    await query(master.database, `delete from photos where dossier = :uuid`, { uuid: uuids[3] });
    expect(await slave.sync(local)).toMatchObject({ state: 'synced', changed: 1, set_aside: [] });
  });

  it('stops the list when there are more than one in a hundred', async () => {
    const { local, uuids } = await linked('many');
    await occupy('many-1');
    await occupy('many-2');
    await give(uuids[0], 'many-1');
    await give(uuids[1], 'many-2');
    const before = await contentOf(slave.database, local);
    await expect(slave.sync(local)).rejects.toMatchObject({ code: 'EXTERNAL_ID_TAKEN', kind: 'operator' });
    expect(await contentOf(slave.database, local)).toEqual(before);
    expect(await query(slave.database, `select from set_aside where list_id = :local`, { local })).toEqual([]);
  });

  it('keeps the external id of its older version from others, which are set aside with it', async () => {
    const remote = await master.makeList('chain');
    const uuids = await master.makeDossiers(
      [remote],
      Array.from({ length: 300 }, (_, index) => `chain ${index}`),
    );
    await give(uuids[0], 'chain-old');
    const local = await slave.makeList('chain');
    await slave.link(master, remote, local);
    await occupy('chain-1');
    await give(uuids[0], 'chain-1');
    await give(uuids[1], 'chain-old');
    const run = await slave.sync(local);
    expect(run).toMatchObject({ state: 'synced', changed: 0 });
    expect(new Set(run.set_aside.map(({ dossier }) => dossier))).toEqual(new Set([uuids[0], uuids[1]]));
  });
});
