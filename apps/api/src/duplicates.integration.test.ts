import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { auditEntrySchema } from '@dossier/protocol/audit.ts';
import { dossierFaceSchema, dossierSchema } from '@dossier/protocol/dossier.ts';
import type { Dossier, DossierFace } from '@dossier/protocol/dossier.ts';
import { checkedPhotoSchema, duplicatesSchema } from '@dossier/protocol/duplicates.ts';
import { historyEntrySchema, rememberedPhotoSchema } from '@dossier/protocol/history.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import { watchListSchema } from '@dossier/protocol/watch-list.ts';
import { verifyAudit } from '@dossier/accounts/audit-chain.ts';
import { startTestApi } from '../../../test/kit/api.ts';
import type { Answer, TestApi } from '../../../test/kit/api.ts';
import { expectHonest } from '../../../test/kit/honest.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.stop());

const makeList = async (): Promise<number> => (await api.want(201, watchListSchema, ['POST', '/dossier-lists/', { name: 'People' }])).id;
const make = (lists: number[], facts: object): Promise<Dossier> =>
  api.want(201, dossierSchema, ['POST', '/dossiers/', { name: 'Somebody', dossier_lists: lists, ...facts }]);
const readOne = (id: number): Promise<Dossier> => api.want(200, dossierSchema, ['GET', `/dossiers/${id}/`]);
const tagOf = async (id: number): Promise<string> => (await api.call('GET', `/dossiers/${id}/`)).headers.get('etag') ?? '';
const photosOf = async (id: number): Promise<DossierFace[]> =>
  (await api.want(200, pageOf(dossierFaceSchema), ['GET', `/dossier-faces/?dossier=${id}`])).results;

async function picture(red: number): Promise<Uint8Array<ArrayBuffer>> {
  const canvas = sharp({ create: { width: 40, height: 30, channels: 3, background: { r: red, g: 9, b: 3 } } });
  return new Uint8Array(await canvas.png().toBuffer());
}

function formOf(bytes: Uint8Array<ArrayBuffer>, fields: Record<string, string> = {}): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  form.set('source_photo', new Blob([bytes]), 'photo.png');
  return form;
}

async function addPhoto(dossier: number, red: number, features?: string): Promise<string> {
  const fields = { dossier: String(dossier), ...(features === undefined ? {} : { features }) };
  return (await api.want(201, dossierFaceSchema, ['POST', '/dossier-faces/', formOf(await picture(red), fields)])).id;
}

describe('who may be the same person', () => {
  const alike = async (query: Record<string, string>): Promise<z.output<typeof duplicatesSchema>['results']> =>
    (await api.want(200, duplicatesSchema, ['GET', `/dossiers/duplicates/?${new URLSearchParams(query).toString()}`])).results;

  it('is who has the name or a similar one, in any script and order, in the lists that are asked about', async () => {
    const [list, elsewhere] = [await makeList(), await makeList()];
    const known = await make([list], { name: 'Muhammad Al-Rashid' });
    await make([elsewhere], { name: 'Muhammad Al-Rashid' });
    await make([list], { name: 'Muhammad Rashidovich Ivanov' });
    await make([list], { name: 'Anna Schmidt', comment: 'Seen with Muhammad Al-Rashid' });
    const kindsFor = async (name: string, more = {}) =>
      (await alike({ name, dossier_lists: String(list), ...more })).map(({ id, alike: kind }) => [id, kind]);
    expect(await kindsFor('al-rashid MUHAMMAD')).toEqual([[known.id, 'similar-name']]);
    expect(await kindsFor('muhammad al rashid')).toEqual([[known.id, 'name']]);
    expect(await kindsFor('Mohammed Al-Rashid')).toEqual([[known.id, 'similar-name']]);
    expect(await kindsFor('Muhammad Al-Rashid', { except: String(known.id) })).toEqual([]);
    expect(await kindsFor('Muhammad Omar Al-Rashid')).toEqual([[known.id, 'similar-name']]);
    expect(await kindsFor('Muham')).toEqual([]);
    expect(await kindsFor('Karl Unknown')).toEqual([]);
    expect(await alike({ name: 'Muhammad Al-Rashid' })).toHaveLength(2);
  });

  it('is who shows the same photo, in whatever list', async () => {
    const one = await make([await makeList()], { name: 'Photographed' });
    const id = await addPhoto(one.id, 77);
    const [, sha256 = ''] = id.split('-');
    expect(await alike({ sha256 })).toMatchObject([{ id: one.id, alike: 'photo', face: id }]);
    expect(await alike({ sha256, except: String(one.id) })).toEqual([]);
    expect(await alike({ sha256: 'ab'.repeat(32) })).toEqual([]);
    await api.refused('BAD_PARAM', ['GET', '/dossiers/duplicates/'], 'name');
  });

  it('can be asked about a photo before it is given to anybody', async () => {
    const bytes = await picture(78);
    const checked = await api.want(200, checkedPhotoSchema, ['POST', '/dossier-faces/check/', formOf(bytes)]);
    expect(checked).toMatchObject({ width: 40, height: 30, bytes: bytes.byteLength });
    expect(await api.deps.photos.has(checked.sha256)).toBe(false);
    const heic = new Uint8Array(Buffer.concat([Buffer.from([0, 0, 0, 24]), Buffer.from('ftypheic'), Buffer.alloc(200)]));
    await api.refused('UNSUPPORTED_MEDIA_TYPE', ['POST', '/dossier-faces/check/', formOf(heic)], 'source_photo');
    expect((await api.call('POST', '/dossier-faces/check/', { body: formOf(bytes), role: 'viewer' })).status).toBe(403);
  });
});

describe('two dossiers are merged', () => {
  const merge = (id: number, body: object, headers: Record<string, string> = {}): Promise<Answer> =>
    api.call('POST', `/dossiers/${id}/merge/`, { body, headers, role: 'operator' });

  it('into one with the chosen values, in the lists of both, with the photos of both', async () => {
    const [first, second] = [await makeList(), await makeList()];
    const kept = await make([first], { name: 'Muhammad', comment: 'old', external_id: 'A-1', meta: { plate: 'AB 1' } });
    const other = await make([first, second], { name: 'Mohammed Rashid', comment: 'new', external_id: 'B-2' });
    const own = await addPhoto(kept.id, 1);
    await addPhoto(kept.id, 2);
    const shared = await addPhoto(other.id, 2, 'AQ==');
    const theirs = await addPhoto(other.id, 3, 'Ag==');
    const answer = await merge(kept.id, { with: other.id, name: 'Mohammed Rashid', external_id: 'B-2' });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('etag')).toBe(await tagOf(kept.id));
    expect(await readOne(kept.id)).toMatchObject({
      name: 'Mohammed Rashid',
      comment: 'old',
      external_id: 'B-2',
      meta: { plate: 'AB 1' },
      dossier_lists: [first, second],
      face: own,
      face_count: 3,
    });
    const sha = (id: string): string => id.split('-')[1] ?? '';
    const photos = await photosOf(kept.id);
    // The photo that both had keeps what an engine knows of it.
    expect(photos.map(({ sha256, features }) => [sha256, features])).toEqual([
      [sha(own), null],
      [sha(shared), 'AQ=='],
      [sha(theirs), 'Ag=='],
    ]);
    for (const { source_photo: photo } of photos) expect((await api.call('GET', new URL(photo).pathname)).status).toBe(200);
    expect((await api.call('GET', `/dossiers/${other.id}/`)).status).toBe(404);
    for (const list of [first, second]) await expectHonest(api.test.database, list);

    const { results: audit } = await api.want(200, pageOf(auditEntrySchema), ['GET', `/audit/?limit=3`]);
    expect(audit.map(({ action }) => action)).toEqual(['dossiers-merged', 'photo-added', 'photo-added']);
    expect(audit[0]).toMatchObject({
      object: { kind: 'dossier', id: String(kept.id) },
      details: { merged: { id: other.id, external_id: 'B-2' }, fields: ['name', 'external_id'] },
      before: { name: 'Muhammad' },
      after: { name: 'Mohammed Rashid' },
    });
    expect(await verifyAudit(api.test.database, null)).toMatchObject({ faults: [] });
    const { results: history } = await api.want(200, pageOf(historyEntrySchema), ['GET', `/dossiers/${kept.id}/history/`]);
    expect(history[0]).toMatchObject({
      action: 'dossiers-merged',
      actor: 'operator',
      before: { name: 'Muhammad', external_id: 'A-1' },
      merged: { name: 'Mohammed Rashid', comment: 'new', photos: [{ sha256: sha(shared) }, { sha256: sha(theirs) }] },
    });
    const [remembered] = z.array(rememberedPhotoSchema).parse(history[0]?.merged?.['photos']);
    expect((await api.call('GET', new URL(remembered?.thumbnail ?? '').pathname)).status).toBe(200);
    expect(history.slice(1).every(({ merged }) => merged === null)).toBe(true);
  });

  it('with the photos that are chosen, in the order that is given', async () => {
    const list = await makeList();
    const [kept, other] = [await make([list], {}), await make([list], {})];
    const own = await addPhoto(kept.id, 4);
    await addPhoto(kept.id, 5);
    const theirs = await addPhoto(other.id, 6);
    expect((await merge(kept.id, { with: other.id, photos: [theirs, own] })).status).toBe(200);
    expect((await photosOf(kept.id)).map(({ sha256 }) => sha256)).toEqual([theirs, own].map((id) => id.split('-')[1]));
  });

  it('or not at all', async () => {
    const list = await makeList();
    const [kept, other] = [await make([list], { external_id: 'X' }), await make([list], { external_id: 'Y' })];
    const third = await make([list], { external_id: 'Z' });
    const foreign = await addPhoto(third.id, 7);
    const path = `/dossiers/${kept.id}/merge/`;
    await api.refused('BAD_PARAM', ['POST', path, { with: kept.id }], 'with');
    await api.refused('BAD_PARAM', ['POST', path, { with: 999_999 }], 'with');
    await api.refused('BAD_PARAM', ['POST', path, {}], 'with');
    await api.refused('BAD_PARAM', ['POST', path, { with: other.id, photos: [foreign] }], 'photos');
    await api.refused('CONFLICT', ['POST', path, { with: other.id, external_id: 'Z' }], 'external_id');
    await api.refused('NOT_FOUND', ['POST', '/dossiers/999999/merge/', { with: other.id }]);
    expect((await api.call('POST', path, { body: { with: other.id }, role: 'viewer' })).status).toBe(403);
    expect([await readOne(kept.id), await readOne(other.id)]).toEqual([kept, other]);
    await expectHonest(api.test.database, list);
  });

  it('only as both were read, by who says so, and by nobody else where a list demands it', async () => {
    const list = await makeList();
    const [kept, other] = [await make([list], { name: 'One' }), await make([list], { name: 'Two' })];
    const before = [await tagOf(kept.id), await tagOf(other.id)].join(', ');
    expect(await merge(kept.id, { with: other.id }, { 'if-match': await tagOf(kept.id) })).toMatchObject({ status: 412 });
    await api.want(200, dossierSchema, ['PATCH', `/dossiers/${other.id}/`, { comment: 'meanwhile' }]);
    expect(await merge(kept.id, { with: other.id }, { 'if-match': before })).toMatchObject({ status: 412 });
    expect(await readOne(other.id)).toMatchObject({ comment: 'meanwhile' });
    await api.want(200, watchListSchema, ['PATCH', `/dossier-lists/${list}/`, { require_match: true }]);
    expect(await merge(kept.id, { with: other.id })).toMatchObject({ status: 428 });
    const now = [await tagOf(other.id), await tagOf(kept.id)].join(', ');
    expect((await merge(kept.id, { with: other.id }, { 'if-match': now })).status).toBe(200);
  });

  it('at once by two people only one way round, and nobody is lost', async () => {
    const list = await makeList();
    const [one, two] = [await make([list], { name: 'One' }), await make([list], { name: 'Two' })];
    const answers = await Promise.all([merge(one.id, { with: two.id }), merge(two.id, { with: one.id })]);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 400 || status === 404)).toHaveLength(1);
    const left = await Promise.all([one, two].map(async ({ id }) => (await api.call('GET', `/dossiers/${id}/`)).status));
    expect([left.includes(200), left.includes(404)]).toEqual([true, true]);
    await expectHonest(api.test.database, list);
  });
});
