import { digestWith } from '@dossier/domain/tree.ts';
import { query, queryOne, transaction } from '@dossier/postgres/database.ts';
import { readRowHashes, readTreeNodes } from '@dossier/registry/tree.ts';
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

interface Linked {
  remote: number;
  local: number;
  uuids: string[];
}

async function linked(name: string, dossiers = 30): Promise<Linked> {
  const remote = await master.makeList(name);
  const uuids = await master.makeDossiers(
    [remote],
    Array.from({ length: dossiers }, (_, index) => `${name} ${index}`),
  );
  const local = await slave.makeList(name);
  expect(await slave.link(master, remote, local)).toMatchObject({ state: 'synced', set_aside: [] });
  return { remote, local, uuids };
}

/** Changes dossiers of the master behind its triggers, as a failing disk would: the rows keep hashes that are not theirs. */
async function forge(uuids: readonly (string | undefined)[], columns: string): Promise<void> {
  await transaction(master.database, async (tx) => {
    await query(tx, `set local session_replication_role = replica`);
    await query(tx, `update dossiers set hash = sha256(hash), ${columns} where uuid = any(:uuids::uuid[])`, { uuids });
  });
  // Told of by a change of the list, so that slaves ask for it.
  await transaction(master.database, async (tx) => {
    await query(tx, `select set_config('dossier.writer', 'on', true)`);
    await query(tx, `select from list_positions order by list_id for no key update`);
    await query(tx, `update dossiers set revision = nextval('dossier_revisions') where uuid = any(:uuids::uuid[])`, { uuids });
    await query(
      tx,
      `select book(p.list_id, 0, 1, currval('dossier_revisions')) from list_positions p
       where p.set_id in (select set_id from dossiers where uuid = any(:uuids::uuid[]))`,
      { uuids },
    );
  });
}

/** Gives forged dossiers the hash of their content. */
const mend = (uuids: readonly (string | undefined)[]): Promise<unknown> =>
  query(master.database, `update dossiers set name = name || ' mended' where uuid = any(:uuids::uuid[])`, { uuids });

const nameOf = async (node: EngineNode, list: number, uuid: string | undefined): Promise<string | undefined> =>
  (
    await queryOne<{ name: string }>(node.database, `select name from dossiers where set_id = set_of(:list) and uuid = :uuid`, {
      list,
      uuid,
    })
  )?.name;

const positionOf = (node: EngineNode, list: number) =>
  queryOne<{ set: number; digest: string; count: number }>(
    node.database,
    `select set_id as set, encode(digest, 'hex') as digest, dossier_count as count from list_positions where list_id = :list`,
    { list },
  );

describe('a dossier that the replica can not hold', () => {
  it('is set aside by name, its older version stays, and the digests prove that nothing else differs', async () => {
    const { remote, local, uuids } = await linked('forged');
    await forge([uuids[0]], `name = 'Somebody else'`);
    await query(master.database, `update dossiers set name = 'Renamed' where uuid = :uuid`, { uuid: uuids[1] });
    const run = await slave.sync(local);
    expect(run).toMatchObject({ state: 'synced', changed: 1, added: 0, removed: 0 });
    expect(run.set_aside).toMatchObject([
      { dossier: uuids[0], name: 'Somebody else', code: 'HASH_DIFFERS', reason: expect.stringMatching(/hash/) as string },
    ]);
    expect(await findLink(slave.database, local)).toMatchObject({ state: 'synced', set_aside: run.set_aside });
    expect([await nameOf(slave, local, uuids[0]), await nameOf(slave, local, uuids[1])]).toEqual(['forged 0', 'Renamed']);

    const [own, theirs] = [await positionOf(slave, local), await positionOf(master, remote)];
    expect(own?.digest).not.toBe(theirs?.digest);
    const [aside] = await query<{ uuid: string; hash: string }>(
      slave.database,
      `select uuid, encode(hash, 'hex') as hash from set_aside where list_id = :local`,
      { local },
    );
    const exchanged = await digestWith(new Map([[aside?.uuid ?? '', aside?.hash ?? '']]), {
      nodes: (prefixes) => readTreeNodes(slave.database, own?.set ?? 0, prefixes),
      rows: (prefix, limit) => readRowHashes(slave.database, own?.set ?? 0, { prefix, limit }),
    });
    expect(exchanged).toEqual({ count: theirs?.count, digest: theirs?.digest });

    // Verification names it, and a night without changes asks for it again.
    const verified = await slave.sync(local, { mode: 'verify' });
    expect(verified).toMatchObject({ state: 'failed', differences: [{ kind: 'set-aside', dossier: uuids[0], name: 'Somebody else' }] });
    expect(await findLink(slave.database, local)).toMatchObject({ state: 'synced' });
    for (const mode of ['auto', 'full', 'repair'] as const) {
      expect(await slave.sync(local, { mode }), mode).toMatchObject({ state: 'synced', changed: 0, set_aside: run.set_aside });
      expect(await nameOf(slave, local, uuids[0])).toBe('forged 0');
    }
    await mend([uuids[0]]);
    expect(await slave.sync(local)).toMatchObject({ state: 'synced', changed: 1, set_aside: [] });
    expect(await contentOf(slave.database, local)).toEqual(await contentOf(master.database, remote));
    expect(await slave.sync(local)).toMatchObject({ state: 'unchanged' });
  });

  it('is set aside when it is new, and goes when the master drops it', async () => {
    const { remote, local } = await linked('new');
    const [dossier] = await master.makeDossiers([remote], ['Nobody here']);
    await forge([dossier], `comment = 'from nowhere'`);
    expect(await slave.sync(local)).toMatchObject({ state: 'synced', added: 0, set_aside: [{ dossier, name: 'Nobody here' }] });
    expect(await nameOf(slave, local, dossier)).toBeUndefined();
    await query(master.database, `delete from dossiers where uuid = :dossier`, { dossier });
    expect(await slave.sync(local)).toMatchObject({ state: 'synced', set_aside: [] });
    expect(await contentOf(slave.database, local)).toEqual(await contentOf(master.database, remote));
  });

  it('is set aside in a first sync as well', async () => {
    const remote = await master.makeList('first');
    const [dossier] = await master.makeDossiers([remote], ['Ada', 'Bob', 'Cleo']);
    await forge([dossier], `active = false`);
    const local = await slave.makeList('first');
    expect(await slave.link(master, remote, local)).toMatchObject({ state: 'synced', added: 2, set_aside: [{ code: 'HASH_DIFFERS' }] });
    expect(await contentOf(slave.database, local)).toHaveLength(2);
  });

  it('because its content is malformed, is set aside, too', async () => {
    const { remote, local, uuids } = await linked('malformed');
    await query(master.database, `update dossiers set meta = '{"a": "\\u0000"}' where uuid = :uuid`, { uuid: uuids[3] });
    await query(master.database, `update dossiers set name = 'Renamed' where uuid = :uuid`, { uuid: uuids[4] });
    expect(await slave.sync(local)).toMatchObject({
      state: 'synced',
      changed: 1,
      set_aside: [{ dossier: uuids[3], code: 'DOSSIER_MALFORMED' }],
    });
    expect([await nameOf(slave, local, uuids[3]), await nameOf(slave, local, uuids[4])]).toEqual(['malformed 3', 'Renamed']);
    await query(master.database, `update dossiers set meta = '{}' where uuid = :uuid`, { uuid: uuids[3] });
    expect(await slave.sync(local)).toMatchObject({ state: 'synced', set_aside: [] });
    expect(await contentOf(slave.database, local)).toEqual(await contentOf(master.database, remote));
  });

  it('stops the list when there are more than one in a hundred', async () => {
    const { local, uuids } = await linked('many');
    await forge([uuids[0], uuids[1]], `comment = 'from nowhere'`);
    const before = await contentOf(slave.database, local);
    await expect(slave.sync(local)).rejects.toMatchObject({ code: 'HASH_DIFFERS' });
    expect(await contentOf(slave.database, local)).toEqual(before);
    expect(await query(slave.database, `select from set_aside where list_id = :local`, { local })).toEqual([]);
  });

  it('gives way where the external id of its older version goes to another dossier', async () => {
    const { local, uuids } = await linked('chain');
    await query(master.database, `update dossiers set external_id = 'chain-old' where uuid = :uuid`, { uuid: uuids[0] });
    await slave.sync(local);
    await forge([uuids[0]], `external_id = 'chain-1'`);
    await query(master.database, `update dossiers set external_id = 'chain-old' where uuid = :uuid`, { uuid: uuids[1] });
    expect(await slave.sync(local)).toMatchObject({ state: 'synced', changed: 1, removed: 1, set_aside: [{ dossier: uuids[0] }] });
    expect(await nameOf(slave, local, uuids[0])).toBeUndefined();
  });
});
