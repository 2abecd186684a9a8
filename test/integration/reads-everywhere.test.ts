import { afterAll, beforeAll, expect, it } from 'vitest';
import { listRoutes } from '@dossier/api/app.ts';
import { createMetrics } from '@dossier/api/metrics.ts';
import { query } from '@dossier/postgres/database.ts';
import { dossierSchema } from '@dossier/protocol/dossier.ts';
import { importReportSchema } from '@dossier/protocol/import.ts';
import { openEventStream } from '../kit/event-stream.ts';
import { startNodeApi } from '../kit/node-api.ts';
import type { NodeApi } from '../kit/node-api.ts';
import { addPhoto, plainPicture } from '../kit/photo.ts';

/*
 * Every call of a whole node, asked for where it may show a person of a list that logs its readers: a call that shows one and isn't logged fails, and so does
 * a call of which nobody has said here how it is asked.
 */

let node: NodeApi;
let list: number;
let other: number;

/** What stands in the dossiers of the list and nowhere else. */
const secrets = ['Zephyrine', 'canary comment', 'canary-id'];

beforeAll(async () => {
  node = await startNodeApi({ INSTALLED_APPS: 'ffsecurity_sync' });
  list = await node.makeList('Wanted');
  other = await node.makeList('Others');
  await node.call('PATCH', `/dossier-lists/${list}/`, { body: { log_reads: true } });
  // Numbers that are no list's.
  await query(node.test.database, `select setval('dossier_ids', 1000)`);
});
afterAll(() => node.stop());

interface Ask {
  /** The path with its query, if the route's has parameters or is asked with some. */
  path?: string;
  body?: unknown;
  headers?: Record<string, string>;
  status?: number;
  /** Whether the answer shows somebody of the list. */
  shows?: boolean;
}

interface Seen {
  status: number;
  text: string;
  shows: boolean;
  logged: boolean;
}

/** Asks, and looks whether the answer shows somebody of the list whom the request didn't name, and whether that was logged. */
async function look(call: string, { path, body, headers }: Ask): Promise<Seen> {
  const [method = '', route = ''] = call.split(' ');
  const target = path ?? route;
  const [last] = await query<{ id: number }>(node.test.database, 'select coalesce(max(id), 0) as id from reads');
  const { status, text, type } = route.endsWith('events/')
    ? await listen(target)
    : await hear(method, target, { body, headers: headers ?? {} });
  const asked = target + (typeof body === 'string' ? body : JSON.stringify(body ?? null));
  const named = new Set(asked.match(/\d+/g));
  const numbers = [...text.matchAll(/\bdossier (\d+)/gi)].map(([, number]) => number ?? '');
  const shows =
    type.startsWith('image/') ||
    type === 'application/zip' ||
    secrets.some((secret) => text.includes(secret) && !asked.includes(secret)) ||
    numbers.some((number) => !named.has(number));
  const logged = await query(node.test.database, `select from reads where id > :id and list_id = :list`, { id: last?.id, list });
  return { status, text: text.slice(0, 300), shows, logged: logged.length > 0 };
}

async function hear(method: string, path: string, ask: Required<Pick<Ask, 'body' | 'headers'>>) {
  const answer = await node.call(method, path, ask);
  return { status: answer.status, text: answer.text, type: answer.headers.get('content-type') ?? '' };
}

/** The first event of a stream that tells of the list. */
async function listen(path: string) {
  const stream = await openEventStream(node.url + path, node.tokens.admin);
  const event = await stream.until(({ name }) => name === 'link');
  stream.close();
  return { status: stream.response.status, text: JSON.stringify(event.data), type: 'text/event-stream' };
}

const make = async (body: object, into = [list]) =>
  (
    await node.want(201, dossierSchema, [
      'POST',
      '/dossiers/',
      { name: 'Zephyrine', comment: 'canary comment', dossier_lists: into, ...body },
    ])
  ).id;

const shade = (grey: number): Promise<Buffer> => plainPicture({ r: grey, g: grey, b: grey });
const picture = async (grey: number): Promise<File> => new File([new Uint8Array(await shade(grey))], 'face.png');
const photo = async (dossier: number, grey: number) => addPhoto({ url: node.url, token: node.tokens.admin }, dossier, await shade(grey));

function form(fields: Record<string, string | number | File>): FormData {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) data.append(name, typeof value === 'number' ? String(value) : value);
  return data;
}

const uuidOf = async (dossier: number): Promise<string> =>
  (await query<{ uuid: string }>(node.test.database, `select uuid from dossiers where id = :dossier`, { dossier }))[0]?.uuid ?? '';

/** Of the latest entry of the history that shows a photo of this hash. */
async function entryOf(sha256: string): Promise<number> {
  const rows = await query<{ id: number }>(
    node.test.database,
    `select id from history where concat(before::text, after::text) like :pattern order by id desc limit 1`,
    { pattern: `%${sha256}%` },
  );
  return rows[0]?.id ?? 0;
}

/** Nothing that they answer is about dossiers. */
const elsewhere =
  /^\w+ (\/auth\/|\/users\/|\/tokens\/|\/webhooks\/|\/reads\/|\/sites\/|\/sync\/masters\/|\/node\/|\/settings\/|\/healthz|\/readyz|\/metrics|\/openapi\.json|\/docs\/|\/$|\/ui\/|\/sync\/test\/|\/sync\/preview\/|\/sync\/slaves\/)/;

const asked = new Set<string>();

async function askAll(asks: Record<string, Ask | Ask[]>): Promise<void> {
  const faults: unknown[] = [];
  for (const [call, each] of Object.entries(asks)) {
    asked.add(call);
    for (const ask of [each].flat()) {
      const { status, text, shows, logged } = await look(call, ask);
      const expected = { status: ask.status ?? 200, shows: ask.shows ?? false };
      if (status !== expected.status || shows !== expected.shows) faults.push({ call, ask, text, status, shows });
      if (shows && !logged) faults.push({ call, ask, text, logged });
    }
  }
  expect(faults).toEqual([]);
}

const yes = { shows: true } as const;

it('nobody is shown a person of a list that logs its readers without a word of it, on a master', async () => {
  const kept = await make({ external_id: 'canary-id-1' });
  const face = await photo(kept, 100);
  await node.call('PATCH', `/dossiers/${kept}/`, { body: { comment: 'canary comment, changed' } });
  const binned = await make({ external_id: 'canary-id-2' });
  const binnedFace = await photo(binned, 120);
  await node.call('DELETE', `/dossiers/${binned}/`);
  const follower = await make({ external_id: 'canary-id-2' });
  const erased = await make({});
  const erasedFace = await photo(erased, 140);
  const erasedUuid = await uuidOf(erased);
  await node.call('DELETE', `/dossiers/${erased}/`);
  await node.call('DELETE', `/bin/${erased}/`);
  const merged = await make({});
  const { json: imported } = await node.call('POST', `/dossier-lists/${list}/import/?format=csv`, {
    body: 'external_id,name,valid_from\ncanary-id-3,Zephyrine,\ncanary-id-4,Zephyrine,never\n',
    headers: { 'content-type': 'text/csv' },
  });
  const { import: importId } = importReportSchema.parse(imported);
  const [added] = await query<{ id: number }>(node.test.database, `select id from dossiers where external_id = 'canary-id-3'`);
  await node.call('PATCH', `/dossiers/${added?.id}/`, { body: { comment: 'touched' } });
  const going = await make({});
  const csv = { 'content-type': 'text/csv' };

  await askAll({
    'GET /dossier-lists/': {},
    'POST /dossier-lists/': { body: { name: 'New' }, status: 201 },
    'GET /dossier-lists/:id/': { path: `/dossier-lists/${list}/` },
    'PATCH /dossier-lists/:id/': { path: `/dossier-lists/${list}/`, body: { fields: [{ name: 'born', type: 'date' }] } },
    'GET /dossier-lists/:id/misfits/': { path: `/dossier-lists/${list}/misfits/` },
    'GET /dossiers/count/': { path: `/dossiers/count/?q=Zephyrine` },
    'GET /dossiers/duplicates/': [
      { path: `/dossiers/duplicates/?name=Zephyrine&dossier_lists=${list}`, ...yes },
      { path: `/dossiers/duplicates/?sha256=${face.sha256}`, ...yes },
    ],
    'POST /dossier-faces/check/': { body: form({ source_photo: await picture(100) }) },
    'GET /dossier-lists/:id/export/': ['jsonl', 'csv', 'zip'].map((format) => ({
      path: `/dossier-lists/${list}/export/?format=${format}`,
      ...yes,
    })),
    'GET /dossiers/export/': [
      { path: '/dossiers/export/?format=jsonl', ...yes },
      { path: '/dossiers/export/?format=csv&name_contains=Zeph', ...yes },
    ],
    'POST /dossiers/export/': ['jsonl', 'csv'].map((format) => ({ body: { dossiers: [kept], format }, ...yes })),
    'GET /dossiers/': ['', '?name_contains=Zeph', '?q=canary', '?external_id=canary-id-1'].map((search) => ({
      path: `/dossiers/${search}`,
      ...yes,
    })),
    'GET /dossiers/:id/': { path: `/dossiers/${kept}/`, ...yes },
    'POST /dossiers/': [
      { body: { name: 'Somebody', dossier_lists: [other] }, status: 201 },
      { body: { name: 'Somebody', dossier_lists: [list], external_id: 'canary-id-1' }, status: 409, ...yes },
    ],
    'PATCH /dossiers/:id/': [
      { path: `/dossiers/${kept}/`, body: { active: false }, ...yes },
      { path: `/dossiers/${kept}/`, body: { active: false }, ...yes },
      { path: `/dossiers/${kept}/`, body: { external_id: 'canary-id-2' }, status: 409, ...yes },
    ],
    'POST /dossiers/bulk/': [
      { body: { dossiers: [{ id: kept, modified_date: '2020-01-01T00:00:00Z' }], change: { active: true } }, ...yes },
    ],
    'GET /dossiers/:id/deletion/': { path: `/dossiers/${kept}/deletion/` },
    'POST /dossiers/:id/merge/': { path: `/dossiers/${kept}/merge/`, body: { with: merged }, ...yes },
    'GET /dossiers/:id/history/': { path: `/dossiers/${kept}/history/`, ...yes },
    'GET /history/:id/thumbnails/:sha256/': [
      { path: `/history/${await entryOf(face.sha256)}/thumbnails/${face.sha256}/`, ...yes },
      { path: `/history/${await entryOf(binnedFace.sha256)}/thumbnails/${binnedFace.sha256}/`, ...yes },
      { path: `/history/${await entryOf(erasedFace.sha256)}/thumbnails/${erasedFace.sha256}/`, ...yes },
    ],
    'GET /dossier-faces/': { path: `/dossier-faces/?dossier=${kept}` },
    'POST /dossier-faces/': { body: form({ dossier: follower, source_photo: await picture(160) }), status: 201 },
    'GET /dossier-faces/:id/': { path: `/dossier-faces/${face.id}/` },
    'GET /dossier-faces/:id/photo/': { path: `/dossier-faces/${face.id}/photo/`, ...yes },
    'GET /dossier-faces/:id/thumbnail/': { path: `/dossier-faces/${face.id}/thumbnail/`, ...yes },
    'GET /dossier-faces/:id/rendition/': { path: `/dossier-faces/${face.id}/rendition/`, ...yes },
    'DELETE /dossier-faces/:id/': { path: `/dossier-faces/${face.id}/`, status: 204 },
    'POST /dossier-lists/:id/import/columns/': {
      path: `/dossier-lists/${list}/import/columns/?format=csv`,
      body: 'external_id,name\ncanary-id-1,X\n',
      headers: csv,
    },
    'GET /imports/': {},
    'GET /imports/:id/': { path: `/imports/${importId}/` },
    'GET /imports/:id/refused/': { path: `/imports/${importId}/refused/`, ...yes },
    'POST /imports/:id/undo/': [
      { path: `/imports/${importId}/undo/?preview=true`, ...yes },
      { path: `/imports/${importId}/undo/`, ...yes },
    ],
    'GET /bin/': { ...yes },
    'GET /bin/deletions/': {},
    'GET /bin/:id/thumbnails/:sha256/': { path: `/bin/${binned}/thumbnails/${binnedFace.sha256}/`, ...yes },
    'POST /bin/restore/': [
      { body: { dossiers: [binned] }, status: 409, ...yes },
      { body: { dossiers: [binned, merged] }, ...yes },
    ],
    'GET /audit/': [{ ...yes }, { path: `/audit/?object_uuid=${erasedUuid}`, ...yes }],
    'GET /audit/export/': ['jsonl', 'csv'].map((format) => ({ path: `/audit/export/?format=${format}&object=dossier`, ...yes })),
    'GET /dossier-lists/:id/changes/': { path: `/dossier-lists/${list}/changes/`, ...yes },
    'DELETE /dossiers/:id/': { path: `/dossiers/${going}/`, status: 204 },
    'DELETE /bin/:id/': { path: `/bin/${going}/`, status: 204 },
    'DELETE /bin/deletions/:id/': { path: '/bin/deletions/999999/', status: 404 },
    'DELETE /bin/': { status: 204 },
    'POST /dossier-lists/:id/purge/': { path: `/dossier-lists/${other}/purge/`, status: 204 },
    'DELETE /dossier-lists/:id/': { path: `/dossier-lists/${other}/`, status: 204 },
  });
  // That somebody is in the list is learned from what a file would change, too.
  const preview = {
    path: `/dossier-lists/${list}/import/?format=csv&preview=true`,
    body: 'external_id,name\ncanary-id-1,Zephyrine\n',
    headers: csv,
  };
  asked.add('POST /dossier-lists/:id/import/');
  expect(await look('POST /dossier-lists/:id/import/', preview)).toMatchObject({ status: 200, logged: true });
  for (const path of [`/dossier-faces/?dossier=${follower}`, '/dossier-faces/']) expect((await look(`GET ${path}`, {})).logged).toBe(true);
});

/** A replica whose link shows persons wherever it can: some that are here, some that are gone, some that would come. */
async function plantReplica(): Promise<{ run: number; sha256: string; difference: string }> {
  const { database } = node.test;
  const dossier = await make({});
  const { sha256, bytes } = await photo(dossier, 180);
  const values = JSON.stringify({ name: 'Zephyrine', photos: [{ sha256, bytes }] });
  const gone = JSON.stringify([{ kind: 'unexpected', dossier: '00000000-0000-4000-8000-000000000001', id: null, name: 'Zephyrine' }]);
  const example = JSON.stringify([
    { kind: 'adding', dossier: '00000000-0000-4000-8000-000000000002', id: null, name: 'Zephyrine', external_id: 'canary-id-9' },
  ]);
  const difference = 'd'.repeat(64);
  await query(database, `insert into links (slave_list_id, remote_url, remote_list_id) values (:list, 'http://m.example', 1)`, { list });
  const [run] = await query<{ id: number }>(
    database,
    `with run as (
       insert into runs (slave_list_id, reason, state, finished_date, differences) values (:list, 'schedule', 'held', now(), :gone) returning id
     ), hold as (
       insert into holds (slave_list_id, run_id, state, difference, reasons, adding, changing, removing, deactivating, lost, head_epoch, head_revision,
         head_count, head_digest, expires_date, examples)
       select :list, id, 'waiting', :difference, '[]', 1, 0, 0, 0, 1, gen_random_uuid(), 1, 0, repeat('0', 64), now() + interval '1 day', :example from run
       returning id
     ), held as (
       insert into held_dossiers (hold_id, ordinal, kind, deactivating, dossier, name, external_id, after)
       select id, 1, 'adding', false, gen_random_uuid(), 'Zephyrine', 'canary-id-9', :values::json from hold
       union all
       select hold.id, 1 + row_number() over (), 'removing', false, d.uuid, null, null, null from hold, dossiers d where d.set_id = set_of(:list)
     ), remembered as (
       insert into history (object, kind, run_id, list_id, before) select gen_random_uuid(), 'removed', id, :list, :values::json from run
     ), aside as (
       insert into set_aside (list_id, uuid, reason, hash, name, sentence)
       values (:list, gen_random_uuid(), 'HASH_DIFFERS', sha256(''), 'Zephyrine', 'It is forged.')
     ), offline as (
       insert into offline_deletions (slave_list_id, dossier, dossier_id, name, deleted_by) values (:list, gen_random_uuid(), 999, 'Zephyrine', 'admin')
     ), letter as (
       insert into dead_letters (slave_list_id, run_id, phase, code, sentence, remedy) select :list, id, 'fetching', 'X', 'It failed.', 'Wait.' from run
     )
     select id from run`,
    { list, gone, example, values, difference },
  );
  return { run: run?.id ?? 0, sha256, difference };
}

it('nobody is shown a person of a list that logs its readers without a word of it, on a slave', async () => {
  const { run, sha256, difference } = await plantReplica();
  const link = `/sync/dossier-lists/${list}/`;
  const [entry] = await query<{ id: number }>(node.test.database, `select id from history where run_id = :run`, { run });
  await askAll({
    'GET /events/': { ...yes },
    'GET /sync/events/': { ...yes },
    'GET /sync/dossier-lists/': { ...yes },
    'GET /sync/dossier-lists/:id/': { path: link, ...yes },
    'POST /sync/dossier-lists/': {
      body: { slave_dossier_list: list, remote_url: 'http://m.example', remote_dossier_list: 1 },
      status: 202,
      ...yes,
    },
    'PATCH /sync/dossier-lists/:id/': { path: link, body: { guards: { emptied: true } }, ...yes },
    'GET /sync/dossier-lists/:id/runs/': { path: `${link}runs/`, ...yes },
    'GET /sync/dossier-lists/:id/runs/:run/history/': { path: `${link}runs/${run}/history/`, ...yes },
    'GET /history/:id/thumbnails/:sha256/': { path: `/history/${entry?.id}/thumbnails/${sha256}/`, ...yes },
    'GET /sync/dossier-lists/:id/held/': { path: `${link}held/`, ...yes },
    'GET /sync/dossier-lists/:id/held/thumbnails/:sha256/': { path: `${link}held/thumbnails/${sha256}/`, ...yes },
    'GET /sync/dossier-lists/:id/held/lost/': { path: `${link}held/lost/`, ...yes },
    'GET /sync/dossier-lists/:id/deletions/': { path: `${link}deletions/`, ...yes },
    'GET /sync/offline-deletions/': { ...yes },
    'POST /sync/dossier-lists/:id/held/reject/': { path: `${link}held/reject/`, body: { difference }, ...yes },
    'POST /sync/dossier-lists/:id/held/approve/': { path: `${link}held/approve/`, body: { difference }, status: 409 },
    'POST /sync/dossier-lists/:id/undo/': { path: `${link}undo/`, status: 409 },
    'POST /sync/dossier-lists/:id/sync/': { path: `${link}sync/`, status: 202 },
    'GET /sync/dead-letters/': {},
    'POST /sync/dead-letters/:id/retry/': { path: '/sync/dead-letters/999999/retry/', status: 404 },
    'POST /sync/dead-letters/retry/': { status: 202 },
    'DELETE /sync/dead-letters/:id/': { path: '/sync/dead-letters/999999/', status: 404 },
    'DELETE /sync/dead-letters/': {},
    'DELETE /sync/dossier-lists/:id/': { path: link, status: 202, ...yes },
  });
});

it('of every call it is said here how it is asked', () => {
  const calls = listRoutes(node.deps, createMetrics(node.test.database)).map(({ method, path }) => `${method.toUpperCase()} ${path}`);
  expect(calls.filter((call) => !asked.has(call) && !elsewhere.test(call))).toEqual([]);
});
