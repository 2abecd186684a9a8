import { createHash } from 'node:crypto';
import { query } from '@dossier/postgres/database.ts';
import { decideHold } from '@dossier/replication/hold-decisions.ts';
import { findLink } from '@dossier/replication/links.ts';
import { collectGarbage } from '@dossier/registry/photo-garbage.ts';
import type { RunRow } from '@dossier/replication/runs.ts';
import { requestUndo } from '@dossier/replication/undo.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addPhotoByHand, removePhotosByHand } from '../kit/by-hand.ts';
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

async function addPhoto(dossier: string | undefined, content: string): Promise<string> {
  const bytes = Buffer.from(content);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  await master.photos.put(bytes);
  await addPhotoByHand(master.database, [dossier ?? ''], { sha256, bytes: bytes.length });
  return sha256;
}

async function undo(local: number): Promise<RunRow> {
  expect(await requestUndo(slave.database, { slaveListId: local, by: 'admin' })).toMatchObject({ outcome: 'run' });
  return slave.sync(local);
}

/** What readers see, with the local ids. */
async function shownIn(local: number): Promise<unknown> {
  return [
    await contentOf(slave.database, local),
    await query(slave.database, `select d.uuid, d.id from dossiers d where d.set_id = set_of(:local) order by 1`, { local }),
  ];
}

describe('undo', () => {
  it('takes back what the last sync added, changed and removed, with photos and ids, until a person or the master says otherwise', async () => {
    const remote = await master.makeList('undo');
    const uuids = await master.makeDossiers(
      [remote],
      Array.from({ length: 20 }, (_, index) => `Person ${index}`),
    );
    const gone = await addPhoto(uuids[0], 'photo of a removed one');
    const dropped = await addPhoto(uuids[1], 'photo that is dropped');
    const local = await slave.makeList('undo');
    await slave.link(master, remote, local);
    const before = await shownIn(local);
    await query(master.database, `delete from dossiers where uuid = :uuid`, { uuid: uuids[0] });
    await query(master.database, `update dossiers set name = 'Renamed', active = false where uuid = :uuid`, { uuid: uuids[1] });
    await removePhotosByHand(master.database, [uuids[1] ?? '']);
    await addPhoto(uuids[1], 'another photo');
    await master.makeDossiers([remote], ['New']);
    const applied = await slave.sync(local);
    expect(applied).toMatchObject({ state: 'synced', added: 1, changed: 1, removed: 1 });
    const after = await contentOf(slave.database, local);
    expect(await findLink(slave.database, local)).toMatchObject({ undo: { run_id: applied.id } });
    // The files of what can be taken back are kept.
    await collectGarbage(slave.database, { days: 0, remove: (sha256) => slave.photos.remove(sha256) });
    expect([await slave.photos.has(gone), await slave.photos.has(dropped)]).toEqual([true, true]);

    const undone = await undo(local);
    expect(undone).toMatchObject({ state: 'undone', reason: 'undo', added: 1, changed: 1, removed: 1 });
    expect(undone.held).toMatchObject({ adding: 1, changing: 1, removing: 1, deactivating: 1, state: 'waiting' });
    expect(undone.held?.reasons).toMatchObject([
      { guard: 'undone', sentence: `admin took back what run ${applied.id} had done.`, count: 3 },
    ]);
    expect(await shownIn(local)).toEqual(before);
    expect(await findLink(slave.database, local)).toMatchObject({ state: 'held', undo: null, held: { run_id: undone.id } });
    expect(await requestUndo(slave.database, { slaveListId: local, by: 'admin' })).toEqual({ outcome: 'nothing' });

    // The next nights don't do it again, though no guard minds.
    for (const reason of ['schedule', 'person'] as const) {
      const night = await slave.sync(local, { reason });
      expect(night).toMatchObject({ state: 'held', held: { difference: undone.held?.difference, state: 'waiting' } });
      expect(await shownIn(local)).toEqual(before);
    }
    await decideHold(slave.database, { slaveListId: local, difference: undone.held?.difference ?? '', decision: 'approved', by: 'admin' });
    expect(await slave.sync(local, { reason: 'approval' })).toMatchObject({ state: 'synced', added: 1, changed: 1, removed: 1 });
    expect(await contentOf(slave.database, local)).toEqual(after);

    await undo(local);
    await query(master.database, `update dossiers set comment = 'mended' where uuid = :uuid`, { uuid: uuids[5] });
    expect(await slave.sync(local, { reason: 'schedule' })).toMatchObject({ state: 'synced', added: 1, changed: 2, removed: 1 });
    expect(await contentOf(slave.database, local)).toEqual(await contentOf(master.database, remote));
  });

  it('gives back what the first sync replaced', async () => {
    const remote = await master.makeList('first');
    await master.makeDossiers([remote], ['Ada', 'Bob']);
    const local = await slave.makeList('first');
    await slave.makeDossiers([local], ['Lost by a wrong link', 'Another']);
    const before = await shownIn(local);
    await slave.link(master, remote, local);
    expect(await undo(local)).toMatchObject({ state: 'undone', added: 2, removed: 2 });
    expect(await shownIn(local)).toEqual(before);
    expect(await slave.sync(local, { reason: 'schedule' })).toMatchObject({ state: 'held' });
    expect(await shownIn(local)).toEqual(before);
    expect(await findLink(slave.database, local)).toMatchObject({ state: 'held', epoch: null, verified_at: null });
  });

  it('is refused once the list was changed otherwise', async () => {
    const remote = await master.makeList('late');
    const [dossier] = await master.makeDossiers([remote], ['Ada', 'Bob']);
    const local = await slave.makeList('late');
    await slave.link(master, remote, local);
    const asked = await requestUndo(slave.database, { slaveListId: local, by: 'admin' });
    await query(slave.database, `update dossiers set comment = 'by hand' where uuid = :dossier`, { dossier });
    expect(asked.outcome).toBe('run');
    const before = await shownIn(local);
    expect(await slave.sync(local)).toMatchObject({ state: 'failed', error: { code: 'CANNOT_UNDO' } });
    expect(await shownIn(local)).toEqual(before);
    expect(await findLink(slave.database, local)).toMatchObject({ state: 'pending', undo: null });
    expect(await requestUndo(slave.database, { slaveListId: local, by: 'admin' })).toEqual({ outcome: 'nothing' });
    // A repair is nothing that anybody would want back.
    expect(await slave.sync(local)).toMatchObject({ state: 'synced', changed: 1 });
    expect(await requestUndo(slave.database, { slaveListId: local, by: 'admin' })).toEqual({ outcome: 'nothing' });
  });
});
