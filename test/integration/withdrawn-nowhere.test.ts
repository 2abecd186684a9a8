import { randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Router } from 'express';
import { listRoutes } from '@dossier/api/app.ts';
import { createMetrics } from '@dossier/api/metrics.ts';
import { nodeKeyFromPem } from '@dossier/protocol/node-key.ts';
import { signRequest } from '@dossier/protocol/request-signature.ts';
import type { SigningKey } from '@dossier/protocol/signing-key.ts';
import { siteSchema } from '@dossier/protocol/site.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import { query } from '@dossier/postgres/database.ts';
import { sweepSets } from '@dossier/replication/upkeep.ts';
import { afterAll, describe, expect, it } from 'vitest';
import { startNodeApi } from '../kit/node-api.ts';
import { linkNow } from '../kit/link-now.ts';
import { makePictured } from '../kit/persons.ts';
import type { NodeApi } from '../kit/node-api.ts';
import { syncNow } from '../kit/sync-now.ts';

/*
 * A person of a watch list is left in every place that a node keeps something of her: rows, photos, histories, a hold, what is set aside, what was deleted here, runs, the
 * undo, the search. Then the list is withdrawn, and every route of the API and of the feed is asked.
 */

const marker = /zyxmark/i;

interface Scene {
  master: NodeApi;
  branch: NodeApi;
  gateKey: SigningKey;
  gateUuid: string;
  remote: number;
  local: number;
  /** All that may stand in a path. */
  numbers: string[];
  texts: string[];
  stop: () => Promise<unknown>;
}

async function grant(master: NodeApi, lists: number[] | null, purge = false): Promise<void> {
  const site = (await master.want(200, pageOf(siteSchema), ['GET', '/sites/'])).results.find(({ name }) => name === 'Branch');
  await master.want(200, siteSchema, ['PATCH', `/sites/${site?.id}/`, { lists, purge }]);
}

async function link(slave: NodeApi, to: NodeApi, list: number): Promise<number> {
  const local = await slave.makeList('Copy');
  expect(await linkNow(slave, to, list, local)).toMatchObject({ state: 'synced' });
  return local;
}

/** Master, branch and gate, with the person in all places of the branch. */
async function setScene(): Promise<Scene> {
  const [master, branch, gate] = await Promise.all([
    startNodeApi({ NODE_NAME: 'HQ' }),
    startNodeApi({ NODE_NAME: 'Branch', INSTALLED_APPS: 'ffsecurity_sync' }),
    startNodeApi({ NODE_NAME: 'Gate' }),
  ]);
  await Promise.all([branch.work(), gate.work()]);
  const remote = await master.makeList('Wanted');
  const stays = await makePictured(master, { name: 'Zyxmark Stays', comment: `Zyxmark's comment`, dossier_lists: [remote] }, 'red');
  const goes = await makePictured(master, { name: 'Zyxmark Goes', comment: `Zyxmark's comment`, dossier_lists: [remote] }, 'green');
  const held = await makePictured(master, { name: 'Zyxmark Held', comment: `Zyxmark's comment`, dossier_lists: [remote] }, 'blue');
  const local = await link(branch, master, remote);
  await link(gate, branch, local);
  // Histories by syncs: one renamed, one gone.
  await master.call('PATCH', `/dossiers/${stays.id}/`, { body: { name: 'Zyxmark Renamed' } });
  await master.call('DELETE', `/dossiers/${goes.id}/`);
  expect(await syncNow(branch, local)).toMatchObject({ state: 'synced' });
  const { database } = branch.test;
  // What people did here while the master was away, what a run found and set aside, and what is in the bin from another time.
  const [row] = await query<{ id: number; uuid: string; set_id: number }>(
    database,
    `select id, uuid, set_id from dossiers where set_id = set_of(:local) order by id limit 1`,
    { local },
  );
  const gone = randomUUID();
  await query(
    database,
    `insert into offline_deletions (slave_list_id, dossier, dossier_id, name, deleted_by) values (:local, :gone, 900, 'Zyxmark Offline', 'somebody')`,
    { local, gone },
  );
  await query(
    database,
    `with entry as (insert into audit (actor, via, action, object_kind, object_id, object_uuid) values ('admin', 'api', 'dossier-deleted-offline', 'dossier', '900', :gone) returning id)
     insert into history (object, kind, audit_id, before, salt) select :gone, 'removed', id, json_build_object('name', 'Zyxmark Offline', 'photos',
       json_build_array(json_build_object('sha256', :sha256::text, 'bytes', (select (photos -> 0 ->> 'bytes')::int from dossiers where set_id = set_of(:local) and photos::text like '%' || :sha256 || '%')))), '\\x00' from entry`,
    { gone, local, sha256: stays.sha256 },
  );
  await query(
    database,
    `insert into set_aside (list_id, uuid, reason, hash, name, sentence) values (:local, :aside, 'DOSSIER_MALFORMED', '', 'Zyxmark Aside', 'It is odd.')`,
    { local, aside: randomUUID() },
  );
  await query(
    database,
    `update runs set set_aside = jsonb_build_array(jsonb_build_object('dossier', :gone::text, 'name', 'Zyxmark Aside', 'external_id', null, 'code', 'DOSSIER_MALFORMED',
       'reason', 'It is odd.')) where slave_list_id = :local`,
    { local, gone },
  );
  const [binned] = await query<{ set_id: number }>(
    database,
    `with deletion as (insert into deletions (kind, deleted_by) values ('bulk', 'admin') returning id), made as (
       insert into binned_sets (set_id, deletion_id, list_id, list_uuid, list_name, dossier_count)
       select nextval('set_ids'), deletion.id, l.id, l.uuid, l.name, 1 from deletion, watch_lists l where l.id = :local returning set_id)
     insert into sets (set_id, list_id, purpose) select set_id, :local, 'bin' from made returning set_id`,
    { local },
  );
  await query(
    database,
    `begin; alter table dossiers disable trigger user; insert into dossiers (set_id, id, name, photos) select ${binned?.set_id}, 901, 'Zyxmark Binned', photos from dossiers where uuid = '${row?.uuid}' and set_id = ${row?.set_id};
     alter table dossiers enable trigger user; commit`,
  );
  // A sync that waits for a person.
  const guards = { deletions: { count: 0, percent: 0 } };
  expect((await branch.call('PATCH', `/sync/dossier-lists/${local}/`, { body: { guards } })).status).toBe(200);
  await master.call('DELETE', `/dossiers/${held.id}/`);
  await syncNow(branch, local);
  expect((await branch.call('GET', `/sync/dossier-lists/${local}/`)).text).toMatch(/"state":"held"/);
  const ids = await query<{ id: string }>(
    database,
    `select distinct id::text from (select id from history union select id from runs union select id from watch_lists union select id from dossiers union select id from audit union select id from holds
       union select id from deletions union select id from sites) i`,
  );
  const faces = await query<{ id: string }>(
    database,
    `select distinct d.id || '-' || (p ->> 'sha256') as id from dossiers d, json_array_elements(d.photos) p`,
  );
  return {
    master,
    branch,
    gateKey: nodeKeyFromPem(await readFile(gate.keyFile, 'utf8')) as SigningKey,
    gateUuid: gate.deps.nodeUuid,
    remote,
    local,
    numbers: ids.map(({ id }) => id),
    texts: [...faces.map(({ id }) => id), row?.uuid ?? '', gone],
    stop: () => Promise.all([master.stop(), branch.stop(), gate.stop()]),
  };
}

/** Queries with which a route is asked beside none. */
const queries = ['?q=zyx', '?name=Zyxmark%20Renamed', '?name_contains=zyx', '?limit=1'];

/** Where a route shows the person: its paths whose answers name her, or are her photo. */
async function shownAt(scene: Scene): Promise<Map<string, string[]>> {
  const { branch, gateKey, gateUuid, numbers, texts, local } = scene;
  const shown = new Map<string, string[]>();
  const token = `Token ${branch.tokens.admin}`;
  const look = async (route: string, path: string, headers: Record<string, string>): Promise<void> => {
    const aborting = new AbortController();
    const answer = await fetch(new URL(path, branch.url), { headers, signal: aborting.signal, redirect: 'manual' });
    const isStream = answer.headers.get('content-type')?.startsWith('text/event-stream') === true;
    const text = isStream ? await firstOf(answer, scene) : Buffer.from(await answer.arrayBuffer()).toString('latin1');
    aborting.abort();
    const isPhoto = answer.status === 200 && ((answer.headers.get('content-type') ?? '').startsWith('image/') || text.includes('PNG\r\n'));
    if (marker.test(text) || (isPhoto && route !== '/ui/assets/:file')) shown.set(route, [...(shown.get(route) ?? []), path]);
  };
  const hashes = [...new Set(texts.map((text) => text.split('-').at(-1) ?? '').filter((text) => text.length === 64))];
  for (const { method, path } of listRoutes(branch.deps, createMetrics(branch.test.database))) {
    if (method !== 'get' || path.startsWith('/ui/') || path.startsWith('/docs') || path === '/') continue;
    const ids = path.includes(':run') ? [String(local)] : path.includes(':id') ? [...numbers, ...texts] : [''];
    const targets = ids
      .flatMap((id) =>
        path.includes(':run') ? numbers.map((run) => path.replace(':run', run).replace(':id', id)) : [path.replace(':id', id)],
      )
      .flatMap((target) => (target.includes(':sha256') ? hashes.map((sha256) => target.replace(':sha256', sha256)) : [target]))
      .flatMap((target) =>
        path.includes(':')
          ? [target]
          : [target, ...queries.map((asked) => target + asked), `${target}?dossier_lists=${local}`, `${target}?dossier_list=${local}`],
      )
      .flatMap((target) => (path === '/dossiers/duplicates/' ? [target, ...hashes.map((sha256) => `${path}?sha256=${sha256}`)] : [target]))
      .flatMap((target) =>
        path.endsWith('/held/') ? ['adding', 'changing', 'removing'].map((kind) => `${target}?kind=${kind}`).concat(target) : [target],
      );
    for (const target of new Set(targets)) await look(path, target, { authorization: token });
  }
  const router = branch.deps.mounts.find(({ path }) => path === '/feed')?.handler as unknown as Router;
  const uuid = texts.at(-2) ?? '';
  const [position] = await query<{ epoch: string }>(branch.test.database, `select epoch from list_positions where list_id = :local`, {
    local,
  });
  for (const { route } of router.stack) {
    if (!route) continue;
    for (const sha256 of hashes) {
      for (const asked of ['', `?since=0&epoch=${position?.epoch}`, `?uuids=${uuid}`, '?prefixes=', `?of=${uuid}.${sha256}`]) {
        const path = `/feed${route.path.replace(':id', String(local)).replace(':dossier', uuid).replace(':sha256', sha256)}${asked}`;
        const target = new URL(`${path}${asked === '' ? '?' : '&'}slave=${gateUuid}&name=Gate`, branch.url);
        const signature = signRequest(gateKey, { method: 'GET', url: target, headers: {} }, { now: new Date(), nonce: randomUUID() });
        await look(`/feed${route.path}`, target.href, { ...signature });
      }
    }
  }
  return shown;
}

let linkChanges = 0;

/** What a stream says until it tells of a change of the link that is made meanwhile. */
async function firstOf(answer: Response, { branch, local }: Scene): Promise<string> {
  const factor = 1000 + (linkChanges += 1);
  const changed = await branch.call('PATCH', `/sync/dossier-lists/${local}/`, { body: { guards: { growth: { factor } } } });
  expect(changed.status).toBe(200);
  let text = '';
  for await (const chunk of answer.body ?? []) {
    text += Buffer.from(chunk as Uint8Array).toString();
    if (text.includes(`"factor":${factor}`)) break;
  }
  return text;
}

/** Tables with the name in a row. */
async function keptIn({ branch }: Scene): Promise<string[]> {
  const { database } = branch.test;
  const tables = await query<{ name: string }>(
    database,
    `select c.oid::regclass::text as name from pg_class c where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace order by 1`,
  );
  const kept: string[] = [];
  for (const { name } of tables) {
    const found = await query(database, `select from ${name} t where t::text ilike '%zyxmark%' limit 1`);
    if (found.length > 0) kept.push(name);
  }
  return kept;
}

/** Pages that were made of the branch's lists for others, and name her. */
async function pagesOf({ branch }: Scene): Promise<string[]> {
  const folder = join(dirname(branch.keyFile), 'pages');
  const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const texts = await Promise.all(
    files.map(async ({ parentPath, name }) => ({ name, text: await readFile(join(parentPath, name), 'latin1') })),
  );
  return texts.filter(({ text }) => marker.test(text)).map(({ name }) => name);
}

/** Set by the first test, for it waits for syncs. */
let scene: Scene;
afterAll(() => scene.stop());

describe('a person of a list that is withdrawn', () => {
  it('is in many answers before', async () => {
    scene = await setScene();
    expect(await pagesOf(scene)).not.toEqual([]);
    const shown = await shownAt(scene);
    expect([...shown.keys()].toSorted()).toEqual(
      expect.arrayContaining([
        '/audit/',
        '/audit/export/',
        '/bin/',
        '/bin/:id/thumbnails/:sha256/',
        '/dossier-faces/:id/photo/',
        '/dossier-faces/:id/thumbnail/',
        '/dossier-lists/:id/changes/',
        '/dossier-lists/:id/export/',
        '/dossiers/',
        '/dossiers/:id/',
        '/dossiers/:id/history/',
        '/dossiers/duplicates/',
        '/feed/v1/dossier-lists/:id/changes',
        '/feed/v1/dossier-lists/:id/photos/:dossier/:sha256',
        '/feed/v1/dossier-lists/:id/rows',
        '/history/:id/thumbnails/:sha256/',
        '/sync/dossier-lists/',
        '/sync/dossier-lists/:id/',
        '/sync/dossier-lists/:id/deletions/',
        '/sync/dossier-lists/:id/held/',
        '/sync/dossier-lists/:id/runs/',
        '/sync/dossier-lists/:id/runs/:run/history/',
        '/sync/offline-deletions/',
      ]),
    );
  }, 120_000);

  it('is in none afterwards, while her rows are kept', async () => {
    await grant(scene.master, []);
    expect(await syncNow(scene.branch, scene.local)).toMatchObject({ error: { code: 'LIST_WITHDRAWN' } });
    expect(Object.fromEntries(await shownAt(scene))).toEqual({});
    expect(await keptIn(scene)).toContain('dossiers');
  }, 120_000);

  it('comes back by no approval, undo, repair or restoration', async () => {
    const { master, branch, remote, local, numbers, texts } = scene;
    for (const path of ['held/approve', 'held/reject', 'undo'])
      await branch.call('POST', `/sync/dossier-lists/${local}/${path}/`, { body: {} });
    for (const deletion of numbers) await branch.call('POST', '/bin/restore/', { body: { deletion: Number(deletion) } });
    await branch.call('POST', `/sync/dossier-lists/${local}/sync/`, { body: { mode: 'repair' } });
    const body = { remote_url: master.url, remote_dossier_list: remote, slave_dossier_list: local };
    expect((await branch.call('POST', '/sync/preview/', { body })).text).not.toMatch(marker);
    for (const { method, path } of listRoutes(branch.deps, createMetrics(branch.test.database))) {
      // What lets people in or out, and what would end the link, the list or the bin, is left alone.
      if (method === 'get' || /^\/(auth|users|tokens|webhooks|sites|bin|sync\/masters)\//.test(path)) continue;
      if (method === 'delete' && ['/sync/dossier-lists/:id/', '/dossier-lists/:id/'].includes(path)) continue;
      for (const id of path.includes(':id') ? [String(local), ...texts] : ['']) {
        const { text } = await branch.call(method.toUpperCase(), path.replace(':id', id), method === 'delete' ? {} : { body: {} });
        expect(text, `${method} ${path}`).not.toMatch(marker);
      }
    }
    expect(Object.fromEntries(await shownAt(scene))).toEqual({});
  }, 120_000);

  it('is nowhere in the database once the master says that it is to be deleted, but in the bin from before', async () => {
    await grant(scene.master, [], true);
    await syncNow(scene.branch, scene.local);
    // The day is over for which it stays hidden; the sweep of the worker deletes it.
    await query(scene.branch.test.database, `update withdrawn_lists set erases_date = now() - interval '1 minute'`);
    const isErased = () => query(scene.branch.test.database, `select from withdrawn_lists where erased_date is not null`);
    await expect.poll(isErased, { timeout: 60_000 }).toHaveLength(1);
    await sweepSets(scene.branch.test.database, { minutes: 0 });
    await expect.poll(() => keptIn(scene), { timeout: 20_000 }).toEqual(['dossiers']);
    expect(await query(scene.branch.test.database, `select name from dossiers`)).toEqual([{ name: 'Zyxmark Binned' }]);
    expect(Object.fromEntries(await shownAt(scene))).toEqual({});
    await expect.poll(() => pagesOf(scene)).toEqual([]);
  }, 120_000);
});
