import { pruneReads } from '@dossier/accounts/reads.ts';
import { query } from '@dossier/postgres/database.ts';
import { readEntrySchema } from '@dossier/protocol/audit.ts';
import { dossierFaceSchema, dossierSchema } from '@dossier/protocol/dossier.ts';
import { linkSchema } from '@dossier/protocol/sync.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import { watchListSchema } from '@dossier/protocol/watch-list.ts';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startNodeApi } from '../kit/node-api.ts';
import type { NodeApi } from '../kit/node-api.ts';

/* Who looked at whom? As an administrator asks. */

let node: NodeApi;
beforeAll(async () => {
  node = await startNodeApi();
});
afterAll(() => node.stop());

const reads = async (ask: string) => (await node.want(200, pageOf(readEntrySchema), ['GET', `/reads/?${ask}`])).results;

async function makeList(logReads: boolean): Promise<{ list: number; dossier: number; uuid: string }> {
  const { id: list } = await node.want(201, watchListSchema, ['POST', '/dossier-lists/', { name: 'Wanted' }]);
  if (logReads) await node.want(200, watchListSchema, ['PATCH', `/dossier-lists/${list}/`, { log_reads: true }]);
  const { id: dossier } = await node.want(201, dossierSchema, ['POST', '/dossiers/', { name: 'Nora', dossier_lists: [list] }]);
  const [row] = await query<{ uuid: string }>(node.test.database, `select uuid from dossiers where id = :dossier`, { dossier });
  return { list, dossier, uuid: row?.uuid ?? '' };
}

describe('a list that logs its readers', () => {
  it('tells who looked at whom, by page, dossier, photo, export and changes', async () => {
    const { list, dossier, uuid } = await makeList(true);
    const form = new FormData();
    const image = await sharp({ create: { width: 20, height: 20, channels: 3, background: 'grey' } })
      .jpeg()
      .toBuffer();
    form.append('dossier', String(dossier));
    form.append('source_photo', new File([new Uint8Array(image)], 'nora.jpg'));
    const face = dossierFaceSchema.parse((await node.call('POST', '/dossier-faces/', { body: form })).json);
    const look = async (path: string) => expect((await node.call('GET', path, { role: 'viewer' })).status).toBe(200);
    await look(`/dossiers/?dossier_lists=${list}`);
    await look(`/dossiers/${dossier}/`);
    await look(`/dossier-faces/${face.id}/photo/`);
    await look(`/dossier-faces/${face.id}/thumbnail/`);
    await look(`/dossier-lists/${list}/export/`);
    await look(`/dossier-lists/${list}/changes/`);
    const found = await reads(`dossier=${dossier}`);
    expect(found.map(({ kind }) => kind)).toEqual(['changes', 'export', 'photo', 'photo', 'dossier', 'page']);
    expect(found.map(({ dossiers }) => dossiers)).toEqual([null, null, [uuid], [uuid], [uuid], [uuid]]);
    for (const read of found) expect(read).toMatchObject({ actor: 'viewer', via: 'api', address: '127.0.0.1', dossier_list: { id: list } });
    expect(await reads(`dossier=${uuid}`)).toEqual(found);
    expect(await reads(`dossier=${uuid}&kind=photo&actor=viewer&dossier_list=${list}`)).toHaveLength(2);
    expect(await reads(`dossier=${uuid}&actor=operator`)).toEqual([]);
    await node.call('DELETE', `/dossiers/${dossier}/`);
    expect(await reads(`dossier=${uuid}`)).toHaveLength(4);
    await node.refused('BAD_PARAM', ['GET', '/reads/?dossier=nora'], 'dossier');
    expect((await node.call('GET', '/reads/', { role: 'operator' })).status).toBe(403);
  });
});

it('no other list does, and none for longer than it is to be kept', async () => {
  const { list, dossier } = await makeList(false);
  const before = (await reads('')).length;
  await node.call('GET', `/dossiers/?dossier_lists=${list}`);
  await node.call('GET', `/dossiers/${dossier}/`);
  await node.call('GET', `/dossier-lists/${list}/export/`);
  expect(await reads('')).toHaveLength(before);
  await query(node.test.database, `update clock set age_moment = now()`);
  await query(node.test.database, `update reads set date = date - interval '91 days' where kind = 'photo'`);
  await pruneReads(node.test.database, 90);
  expect((await reads('')).map(({ kind }) => kind)).toEqual(['changes', 'export', 'dossier', 'page']);
});

it('a list that logs its readers may be a replica', async () => {
  const { list } = await makeList(false);
  const body = { remote_dossier_list: 7, remote_url: 'http://master.example:8000', slave_dossier_list: list };
  await node.want(202, linkSchema, ['POST', '/sync/dossier-lists/', body]);
  expect(await node.want(200, watchListSchema, ['PATCH', `/dossier-lists/${list}/`, { log_reads: true }])).toMatchObject({
    log_reads: true,
  });
  await node.refused('READ_ONLY', ['PATCH', `/dossier-lists/${list}/`, { log_reads: false, name: 'x' }]);
  expect(await node.want(200, watchListSchema, ['GET', `/dossier-lists/${list}/`])).toMatchObject({ log_reads: true });
});

it('a list that logs its readers tells of who asks whether somebody is in it, and of a change that changes nothing', async () => {
  await query(node.test.database, `delete from links`);
  const { list, dossier, uuid } = await makeList(true);
  const ask = (filter: string) => node.call('GET', `/dossiers/count/?dossier_lists=${list}&${filter}`, { role: 'viewer' });
  await ask('active=true');
  expect(await reads(`dossier=${uuid}`)).toEqual([]);
  for (const filter of ['name_contains=Nora', 'q=Nora', 'external_id=none']) expect((await ask(filter)).status).toBe(200);
  expect((await reads(`dossier=${uuid}`)).map(({ kind, dossiers }) => [kind, dossiers])).toEqual(
    Array.from({ length: 3 }, () => ['page', null]),
  );
  await node.call('PATCH', `/dossiers/${dossier}/`, { body: {}, role: 'operator' });
  expect((await reads(`dossier=${uuid}`))[0]).toMatchObject({ kind: 'dossier', dossiers: [uuid], actor: 'operator' });
});

it('a dossier that is taken out of a list that logs its readers is shown to nobody without a word of it there', async () => {
  const { list, dossier, uuid } = await makeList(true);
  const { id: other } = await node.want(201, watchListSchema, ['POST', '/dossier-lists/', { name: 'Others' }]);
  await node.want(200, dossierSchema, ['PATCH', `/dossiers/${dossier}/`, { dossier_lists: [other] }]);
  expect(await reads(`dossier_list=${list}`)).toMatchObject([{ kind: 'dossier', dossiers: [uuid] }]);
  expect(await reads(`dossier_list=${other}`)).toEqual([]);
});

it('a change of which it can not be kept who sees it is not made', async () => {
  const { list, dossier, uuid } = await makeList(true);
  const { id: other } = await node.want(201, dossierSchema, ['POST', '/dossiers/', { name: 'Nora B.', dossier_lists: [list] }]);
  await query(node.test.database, `alter table reads add constraint no_more check (list_id <> ${list}) not valid`);
  const change = await node.call('PATCH', `/dossiers/${dossier}/`, { body: { name: 'Changed' } });
  const merge = await node.call('POST', `/dossiers/${dossier}/merge/`, { body: { with: other } });
  await query(node.test.database, `alter table reads drop constraint no_more`);
  expect([change.status, merge.status].every((status) => status >= 400)).toBe(true);
  expect([change.text, merge.text].join('')).not.toContain(uuid);
  expect(await node.want(200, dossierSchema, ['GET', `/dossiers/${dossier}/`])).toMatchObject({ name: 'Nora' });
  expect(await node.want(200, dossierSchema, ['GET', `/dossiers/${other}/`])).toMatchObject({ name: 'Nora B.' });
});
