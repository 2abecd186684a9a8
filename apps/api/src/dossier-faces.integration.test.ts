import { createHash } from 'node:crypto';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { z } from 'zod';
import { dossierBounds } from '@dossier/domain/dossier.ts';
import { dossierFaceSchema, dossierSchema } from '@dossier/protocol/dossier.ts';
import { problemSchema } from '@dossier/protocol/problem.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import { watchListSchema } from '@dossier/protocol/watch-list.ts';
import { query } from '@dossier/postgres/database.ts';
import { collectGarbage } from '@dossier/registry/photo-garbage.ts';
import { addPhoto } from '@dossier/registry/photos.ts';
import { startTestApi } from '../../../test/kit/api.ts';
import type { TestApi } from '../../../test/kit/api.ts';
import { expectHonest } from '../../../test/kit/honest.ts';

type Face = z.output<typeof dossierFaceSchema>;

let api: TestApi;
let list: number;
beforeAll(async () => {
  api = await startTestApi();
  list = (await api.want(201, watchListSchema, ['POST', '/dossier-lists/', { name: 'Faces' }])).id;
});
afterAll(() => api.stop());

async function makeDossier(): Promise<number> {
  return (await api.want(201, dossierSchema, ['POST', '/dossiers/', { name: 'Face', dossier_lists: [list] }])).id;
}

async function picture(red: number, format: 'jpeg' | 'png' | 'webp' = 'jpeg'): Promise<Uint8Array<ArrayBuffer>> {
  const image = sharp({ create: { width: 500, height: 400, channels: 3, background: { r: red, g: 90, b: 30 } } });
  return new Uint8Array(await image.toFormat(format).toBuffer());
}

function form(fields: Record<string, string>, bytes?: Uint8Array<ArrayBuffer>): FormData {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) data.set(name, value);
  if (bytes) data.set('source_photo', new Blob([bytes]), 'фото.jpg');
  return data;
}

async function upload(dossier: number, bytes: Uint8Array<ArrayBuffer>, features?: string): Promise<Face> {
  const fields = { dossier: String(dossier), ...(features === undefined ? {} : { features }) };
  return api.want(201, dossierFaceSchema, ['POST', '/dossier-faces/', form(fields, bytes)]);
}

async function get(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Response> {
  return fetch(new URL(path, api.url), { method, headers: { authorization: `Token ${api.tokens.viewer}`, ...headers } });
}

test('a photo comes back bit by bit, immutable, and with a thumbnail', async () => {
  const dossier = await makeDossier();
  const bytes = await picture(1);
  const before = await api.want(200, dossierSchema, ['GET', `/dossiers/${dossier}/`]);
  const face = await upload(dossier, bytes, Buffer.from('features').toString('base64'));
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  expect(face).toMatchObject({ dossier, sha256, width: 500, height: 400, bytes: bytes.length, features: 'ZmVhdHVyZXM=' });
  const after = await api.want(200, dossierSchema, ['GET', `/dossiers/${dossier}/`]);
  expect(after).toMatchObject({ face_count: 1, has_faces: true });
  expect(after.modified_date > before.modified_date).toBe(true);
  expect(await api.want(200, dossierFaceSchema, ['GET', `/dossier-faces/${face.id}/`])).toEqual(face);

  const photo = await get(face.source_photo);
  expect(new Uint8Array(await photo.arrayBuffer())).toEqual(bytes);
  expect(Object.fromEntries(photo.headers)).toMatchObject({
    'content-type': 'image/jpeg',
    'content-length': String(bytes.length),
    etag: `"${sha256}"`,
    'content-disposition': 'inline',
    'x-content-type-options': 'nosniff',
  });
  expect(photo.headers.get('cache-control')).toContain('immutable');
  expect((await get(face.source_photo, { 'if-none-match': `"other", "${sha256}"` })).status).toBe(304);
  const head = await get(face.source_photo, {}, 'HEAD');
  expect([head.status, head.headers.get('content-length')]).toEqual([200, String(bytes.length)]);

  for (let times = 0; times < 2; times += 1) {
    const thumbnail = await get(face.thumbnail);
    expect(thumbnail.headers.get('content-type')).toBe('image/webp');
    expect(await sharp(await thumbnail.arrayBuffer()).metadata()).toMatchObject({ format: 'webp', width: 320, height: 256 });
  }
});

test('the same bytes again are the same photo; its features are renewed', async () => {
  const dossier = await makeDossier();
  const bytes = await picture(2, 'png');
  const [first, ...others] = await Promise.all(Array.from({ length: 4 }, () => upload(dossier, bytes)));
  for (const other of others) expect(other).toEqual(first);
  const renewed = await upload(dossier, bytes, 'AAAA');
  expect(renewed).toEqual({ ...first, features: 'AAAA' });
  expect(await upload(dossier, bytes)).toEqual(renewed);
  expect((await upload(await makeDossier(), bytes)).id).not.toBe(first?.id);
});

test('the photos of a dossier are paged, and deleted one by one', async () => {
  const dossier = await makeDossier();
  const made: string[] = [];
  for (let red = 10; red < 15; red += 1) made.push((await upload(dossier, await picture(red * 5, 'webp'))).id);
  const schema = pageOf(dossierFaceSchema);
  const first = await api.want(200, schema, ['GET', `/dossier-faces/?dossier=${dossier}&limit=3`]);
  const second = await api.want(200, schema, ['GET', `/dossier-faces/?dossier=${dossier}&limit=3&page=${first.next_page}`]);
  expect([...first.results, ...second.results].map((face) => face.id)).toEqual(made);
  expect(second.next_page).toBeNull();
  const back = await api.want(200, schema, ['GET', `/dossier-faces/?dossier=${dossier}&limit=3&page=${second.prev_page}`]);
  expect(back.results).toEqual(first.results);
  for (const [filter, faces] of [
    [`dossier=${dossier}&`, made],
    ['', await allFaces(1000)],
  ] as const) {
    expect(await allFaces(2, filter)).toEqual(faces);
  }
  const id = made[0] ?? '';
  expect((await api.call('DELETE', `/dossier-faces/${id}/`)).status).toBe(204);
  await api.refused('NOT_FOUND', ['DELETE', `/dossier-faces/${id}/`]);
  await api.refused('NOT_FOUND', ['GET', `/dossier-faces/${id}/`]);
  await api.refused('NOT_FOUND', ['GET', `/dossier-faces/${id}/photo/`]);
  expect((await api.want(200, dossierSchema, ['GET', `/dossiers/${dossier}/`])).face_count).toBe(4);
  await api.refused('BAD_PARAM', ['GET', '/dossier-faces/?dossier=x'], 'dossier');
  await api.refused('NOT_FOUND', ['GET', '/dossier-faces/99999999999999999999/']);
});

/** Ids of the photos, read in pages forwards; the way back must meet the same. */
async function allFaces(limit: number, filter = ''): Promise<string[]> {
  const schema = pageOf(dossierFaceSchema);
  const read = (cursor: string) => api.want(200, schema, ['GET', `/dossier-faces/?${filter}limit=${limit}&page=${cursor}`]);
  let page = await read('');
  const ids = page.results.map((face) => face.id);
  while (page.next_page !== null) {
    page = await read(page.next_page);
    ids.push(...page.results.map((face) => face.id));
  }
  const back = page.results.map((face) => face.id);
  while (page.prev_page !== null) {
    page = await read(page.prev_page);
    back.unshift(...page.results.map((face) => face.id));
  }
  expect(back).toEqual(ids);
  return ids;
}

test('pages of photos go on behind one that is taken away meanwhile, and meet what others still show', async () => {
  const dossier = await makeDossier();
  const made: Face[] = [];
  for (let red = 100; red < 160; red += 10) made.push(await upload(dossier, await picture(red)));
  const schema = pageOf(dossierFaceSchema);
  const read = (cursor: string | null) => api.want(200, schema, ['GET', `/dossier-faces/?dossier=${dossier}&limit=2&page=${cursor ?? ''}`]);
  const first = await read(null);
  await api.call('DELETE', `/dossier-faces/${made[0]?.id}/`);
  const second = await read(first.next_page);
  expect(second.results).toEqual(made.slice(2, 4));
  await api.call('DELETE', `/dossier-faces/${made[3]?.id}/`);
  expect((await read(second.next_page)).results).toEqual(made.slice(4));
  for (const cursor of ['["photo","after","x",1]', '["photo","after",null,1]', '["id","after",null,1]']) {
    await api.refused('BAD_PARAM', ['GET', `/dossier-faces/?page=${Buffer.from(cursor).toString('base64url')}`], 'page');
  }
});

test('a photo is one of all rows of its dossier', async () => {
  const other = (await api.want(201, watchListSchema, ['POST', '/dossier-lists/', { name: 'Other' }])).id;
  const made = await api.want(201, dossierSchema, ['POST', '/dossiers/', { name: 'Two lists', dossier_lists: [list, other] }]);
  const face = await upload(made.id, await picture(210), 'AAAA');
  expect(face.id).toBe(`${made.id}-${face.sha256}`);
  const rows = () =>
    query<{ photos: object[]; features: unknown; hash: string }>(
      api.test.database,
      `select photos, features, encode(d.hash, 'hex') as hash from list_positions p join dossiers d using (set_id) where d.id = :id`,
      { id: made.id },
    );
  const [one, two] = await rows();
  expect(one).toEqual(two);
  expect(one).toMatchObject({ photos: [{ sha256: face.sha256 }], features: ['AAAA'] });
  for (const id of [list, other]) await expectHonest(api.test.database, id);
  expect((await api.call('DELETE', `/dossier-faces/${face.id}/`)).status).toBe(204);
  expect((await rows()).map((row) => [row.photos, row.features])).toEqual([
    [[], null],
    [[], null],
  ]);
  for (const id of [list, other]) await expectHonest(api.test.database, id);
});

test('what is no photo, or does not fit, is refused and leaves nothing', async () => {
  const dossier = await makeDossier();
  const id = { dossier: String(dossier) };
  const good = await picture(3);
  const gif = new Uint8Array(
    await sharp({ create: { width: 9, height: 9, channels: 3, background: 'red' } })
      .gif()
      .toBuffer(),
  );
  const path = '/dossier-faces/';
  await api.refused('BAD_PARAM', ['POST', path, form({}, good)], 'dossier');
  await api.refused('BAD_PARAM', ['POST', path, form({ dossier: 'x' }, good)], 'dossier');
  await api.refused('BAD_PARAM', ['POST', path, form({ dossier: '999999' }, good)], 'dossier');
  await api.refused('BAD_PARAM', ['POST', path, form(id)], 'source_photo');
  await api.refused('BAD_PARAM', ['POST', path, form({ ...id, source_photo: 'text' })], 'source_photo');
  await api.refused('BAD_PARAM', ['POST', path, form(id, good.slice(0, good.length / 2))], 'source_photo');
  await api.refused('BAD_PARAM', ['POST', path, form(id, new Uint8Array())], 'source_photo');
  await api.refused('UNSUPPORTED_MEDIA_TYPE', ['POST', path, form(id, gif)], 'source_photo');
  await api.refused('TOO_LARGE', ['POST', path, form(id, new Uint8Array(10 * 1024 * 1024 + 1))], 'source_photo');
  for (const features of ['%', 'AAA', 'A===', 'A'.repeat(dossierBounds.featuresCharacters + 4), 'AA\n=']) {
    await api.refused('BAD_PARAM', ['POST', path, form({ ...id, features }, good)], 'features');
  }
  await api.refused('UNSUPPORTED_MEDIA_TYPE', ['POST', path, { dossier }]);
  const broken = await api.call('POST', path, {
    body: '--b\r\nContent-Disposition: form-data; name="dossier"\r\n\r\n1',
    headers: { 'content-type': 'multipart/form-data; boundary=b' },
  });
  expect(problemSchema.parse(broken.json).code).toBe('BAD_PARAM');
  const boundless = await api.call('POST', path, { body: 'x', headers: { 'content-type': 'multipart/form-data' } });
  expect(problemSchema.parse(boundless.json).code).toBe('BAD_PARAM');
  expect((await api.want(200, dossierSchema, ['GET', `/dossiers/${dossier}/`])).face_count).toBe(0);
});

test('a dossier has at most 500 photos', async () => {
  const dossier = await makeDossier();
  await query(
    api.test.database,
    `update dossiers set photos = (
       select json_agg(json_build_object('sha256', encode(sha256(n::text::bytea), 'hex'), 'width', 1, 'height', 1, 'bytes', 1,
         'media_type', 'image/png', 'created_date', '2026-01-01T00:00:00Z') order by n) from generate_series(1, :photos) as n
     ) where id = :dossier`,
    { dossier, photos: dossierBounds.photos },
  );
  await api.refused('CONFLICT', ['POST', '/dossier-faces/', form({ dossier: String(dossier) }, await picture(4))]);
});

test('bytes to which no row refers any more are collected, others are not', async () => {
  const [one, two] = [await makeDossier(), await makeDossier()];
  const [shared, alone] = [await picture(21), await picture(240)];
  const kept = await upload(one, shared);
  await upload(two, shared);
  const dropped = await upload(two, alone);
  expect((await api.call('DELETE', `/dossiers/${two}/`)).status).toBe(204);
  expect((await api.call('DELETE', `/bin/${two}/`)).status).toBe(204);
  const { photos } = api.deps;
  const remove = (sha256: string): Promise<void> => photos.remove(sha256);
  const { database } = api.test;
  // What was noted today is left alone.
  expect(await collectGarbage(database, { days: 1, remove })).toEqual({ seen: 0, removed: 0 });
  await query(database, `update photo_garbage set since = since - interval '25 h'`);
  const again = await makeDossier();
  await api.call('DELETE', `/dossier-faces/${(await upload(again, await picture(200))).id}/`);
  const collected = await collectGarbage(database, { days: 1, remove });
  expect(collected.removed).toBeGreaterThan(0);
  expect([await photos.has(kept.sha256), await photos.has(dropped.sha256)]).toEqual([true, false]);
  expect(await query(database, `select from photo_garbage`)).toHaveLength(1);
  await query(database, `update clock set age_moment = now()`);
  expect((await collectGarbage(database, { remove, days: 0 })).removed).toBe(1);
  expect(await collectGarbage(database, { remove, days: 0 })).toEqual({ seen: 0, removed: 0 });

  await photos.remove(kept.sha256);
  await api.refused('NOT_FOUND', ['GET', `/dossier-faces/${kept.id}/photo/`]);
  await api.refused('NOT_FOUND', ['GET', `/dossier-faces/${kept.id}/thumbnail/`]);
});

test('a photo store that is slow keeps nobody from changing the dossier', async () => {
  const dossier = await makeDossier();
  const bytes = await picture(250);
  const { promise: release, resolve: free } = Promise.withResolvers<void>();
  const { promise: putting, resolve: begin } = Promise.withResolvers<void>();
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const adding = addPhoto(api.test.database, {
    dossierId: dossier,
    photo: { sha256, width: 1, height: 1, bytes: bytes.byteLength, mediaType: 'image/jpeg', features: null },
    store: async () => {
      begin();
      await release;
    },
  });
  await putting;
  await api.want(200, dossierSchema, ['PATCH', `/dossiers/${dossier}/`, { comment: 'changed meanwhile' }]);
  free();
  expect((await adding).sha256).toBe(sha256);
  expect(await api.want(200, dossierSchema, ['GET', `/dossiers/${dossier}/`])).toMatchObject({
    comment: 'changed meanwhile',
    face_count: 1,
  });
});
