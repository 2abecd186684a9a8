import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dossierFaceSchema, dossierSchema } from '@dossier/protocol/dossier.ts';
import { watchListSchema } from '@dossier/protocol/watch-list.ts';
import { query, transaction } from '@dossier/postgres/database.ts';
import { requireWritable } from '@dossier/registry/read-only.ts';
import { startTestApi } from '../../../test/kit/api.ts';
import type { TestApi } from '../../../test/kit/api.ts';

const near = 'http://near.example';
const far = 'http://far.example';
const away = new Set<string>();
const probed: string[] = [];

let api: TestApi;
let replica: number;
let second: number;
let local: number;
let dossier: number;
let shared: number;
let own: number;
let face: string;

beforeAll(async () => {
  api = await startTestApi({
    probeMaster: (url) => {
      probed.push(url);
      return Promise.resolve(away.has(url) ? 'unavailable' : 'available');
    },
  });
  const list = async (name: string): Promise<number> => (await api.want(201, watchListSchema, ['POST', '/dossier-lists/', { name }])).id;
  const make = async (name: string, lists: number[]): Promise<number> =>
    (await api.want(201, dossierSchema, ['POST', '/dossiers/', { name, dossier_lists: lists, external_id: name }])).id;
  replica = await list('Replica');
  second = await list('Second replica');
  local = await list('Local');
  dossier = await make('one', [replica]);
  shared = await make('shared', [replica, second, local]);
  own = await make('own', [local]);
  const form = new FormData();
  form.set('dossier', String(dossier));
  const picture = await sharp({ create: { width: 9, height: 9, channels: 3, background: 'red' } })
    .png()
    .toBuffer();
  form.set('source_photo', new Blob([new Uint8Array(picture)]), 'a.png');
  face = (await api.want(201, dossierFaceSchema, ['POST', '/dossier-faces/', form])).id;
  await query(
    api.test.database,
    `insert into links (slave_list_id, remote_url, remote_list_id, state) values (:replica, :near, 7, 'synced'), (:second, :far, 8, 'failed')`,
    { replica, second, near, far },
  );
});
afterAll(() => api.stop());

test('a slave refuses to change dossiers and photos, and names the masters', async () => {
  const form = new FormData();
  form.set('dossier', String(own));
  form.set(
    'source_photo',
    new Blob([
      new Uint8Array(
        await sharp({ create: { width: 8, height: 8, channels: 3, background: 'blue' } })
          .png()
          .toBuffer(),
      ),
    ]),
    'a',
  );
  for (const request of [
    ['POST', '/dossiers/bulk/', { dossiers: [{ id: dossier }], delete: true }],
    ['POST', '/dossiers/', { name: 'x', dossier_lists: [local] }],
    ['PATCH', `/dossiers/${dossier}/`, { name: 'x' }],
    ['PATCH', `/dossiers/${own}/`, { name: 'x' }],
    ['POST', `/dossier-lists/${replica}/purge/`],
    ['POST', `/dossier-lists/${local}/purge/`],
    ['POST', '/dossier-faces/', form],
    ['DELETE', `/dossier-faces/${face}/`],
    ['DELETE', `/dossiers/${own}/`],
    ['POST', `/dossiers/${own}/merge/`, { with: shared }],
  ] as [string, string, unknown?][]) {
    const problem = await api.refused('READ_ONLY', request);
    expect(problem.detail).toContain(near);
  }
  expect(probed).toEqual([]);
});

test('lists can be made, and edited where they are no replica', async () => {
  const list = await api.want(201, watchListSchema, ['POST', '/dossier-lists/', { name: 'New' }]);
  await api.want(200, watchListSchema, ['PATCH', `/dossier-lists/${list.id}/`, { name: 'Newer' }]);
  expect((await api.call('DELETE', `/dossier-lists/${list.id}/`)).status).toBe(204);
  const replicated = await api.want(200, watchListSchema, ['GET', `/dossier-lists/${replica}/`]);
  expect(replicated.replica).toEqual({ remote_url: near, remote_dossier_list: 7, state: 'synced', doubt: null });
  await api.refused('READ_ONLY', ['PATCH', `/dossier-lists/${replica}/`, { name: 'x' }]);
  await api.refused('CONFLICT', ['DELETE', `/dossier-lists/${replica}/`]);
});

test('a dossier of a replica is deleted only while all its masters are away, and that is journaled', async () => {
  await api.refused('MASTER_AVAILABLE', ['DELETE', `/dossiers/${dossier}/`]);
  away.add(near);
  const problem = await api.refused('MASTER_AVAILABLE', ['DELETE', `/dossiers/${shared}/`]);
  expect(problem.detail).toContain(far);
  expect(problem.detail).not.toContain(near);
  expect((await api.call('DELETE', `/dossiers/${dossier}/`, { role: 'operator' })).status).toBe(204);
  away.add(far);
  expect((await api.call('DELETE', `/dossiers/${shared}/`)).status).toBe(204);
  await api.refused('NOT_FOUND', ['GET', `/dossiers/${dossier}/`]);
  // A list of the slave's own keeps it: nothing would bring it back into that.
  expect(await api.want(200, dossierSchema, ['GET', `/dossiers/${shared}/`])).toMatchObject({ dossier_lists: [local], name: 'shared' });
  for (const kept of [shared, own]) await api.refused('READ_ONLY', ['DELETE', `/dossiers/${kept}/`]);
  const journal = await query<object>(
    api.test.database,
    `select slave_list_id, dossier_id, name, external_id, deleted_by, settled_as from offline_deletions order by id`,
  );
  const entry = { settled_as: null };
  expect(journal).toEqual([
    { ...entry, slave_list_id: replica, dossier_id: dossier, name: 'one', external_id: 'one', deleted_by: 'operator' },
    { ...entry, slave_list_id: replica, dossier_id: shared, name: 'shared', external_id: 'shared', deleted_by: 'admin' },
    { ...entry, slave_list_id: second, dossier_id: shared, name: 'shared', external_id: 'shared', deleted_by: 'admin' },
  ]);
});

test('no link is made between the look and the write', async () => {
  await query(api.test.database, `delete from links`);
  const link = transaction(api.test.database, async (tx) => {
    await requireWritable(tx);
    const insertion = query(api.test.database, `insert into links (slave_list_id, remote_url, remote_list_id) values (:local, :near, 9)`, {
      local,
      near,
    });
    // The insertion is seen to wait for this transaction before it goes on.
    for (;;) {
      const [waiting] = await query<{ count: number }>(
        tx,
        `select count(*) as count from pg_locks where not granted and relation = 'links'::regclass`,
      );
      if (waiting && waiting.count > 0) break;
    }
    return { insertion };
  });
  await (
    await link
  ).insertion;
  await api.refused('READ_ONLY', ['POST', '/dossiers/', { name: 'x', dossier_lists: [local] }]);
});
