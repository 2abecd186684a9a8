import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dossierFaceSchema, dossierSchema } from '@dossier/protocol/dossier.ts';
import type { DossierFace } from '@dossier/protocol/dossier.ts';
import { historyEntrySchema } from '@dossier/protocol/history.ts';
import { problemSchema } from '@dossier/protocol/problem.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import { watchListSchema } from '@dossier/protocol/watch-list.ts';
import { startTestApi } from '../../../test/kit/api.ts';
import type { Answer, TestApi } from '../../../test/kit/api.ts';

let api: TestApi;
let list: number;
beforeAll(async () => {
  api = await startTestApi();
  list = (await api.want(201, watchListSchema, ['POST', '/dossier-lists/', { name: 'Faces' }])).id;
});
afterAll(() => api.stop());

const makeDossier = async (): Promise<number> =>
  (await api.want(201, dossierSchema, ['POST', '/dossiers/', { name: 'Face', dossier_lists: [list] }])).id;

const canvas = (red: number) => sharp({ create: { width: 60, height: 40, channels: 3, background: { r: red, g: 96, b: 32 } } });

async function send(dossier: number, bytes: Uint8Array, features?: string): Promise<Answer> {
  const form = new FormData();
  form.set('dossier', String(dossier));
  form.set('source_photo', new Blob([new Uint8Array(bytes)]), 'IMG_0001.jpg');
  if (features !== undefined) form.set('features', features);
  return api.call('POST', '/dossier-faces/', { body: form });
}

async function addPhotos(dossier: number, count: number): Promise<string[]> {
  const ids = [];
  for (let red = 1; red <= count; red += 1) {
    const answer = await send(dossier, await canvas(red).png().toBuffer(), Buffer.from([red]).toString('base64'));
    ids.push(dossierFaceSchema.parse(answer.json).id);
  }
  return ids;
}

const photosOf = async (dossier: number): Promise<DossierFace[]> =>
  (await api.want(200, pageOf(dossierFaceSchema), ['GET', `/dossier-faces/?dossier=${dossier}`])).results;

describe('the order of the photos of a dossier', () => {
  it('is changed by PATCH, features and face go with it, and the history tells of it', async () => {
    const dossier = await makeDossier();
    const [first = '', second = '', third = ''] = await addPhotos(dossier, 3);
    expect(await api.want(200, dossierSchema, ['GET', `/dossiers/${dossier}/`])).toMatchObject({ face: first });
    const order = [third, first, second];
    const changed = await api.want(200, dossierSchema, ['PATCH', `/dossiers/${dossier}/`, { photos: order }]);
    expect(changed).toMatchObject({ face: third, face_count: 3 });
    const photos = await photosOf(dossier);
    expect(photos.map(({ id }) => id)).toEqual(order);
    expect(photos.map(({ features }) => features)).toEqual(['Aw==', 'AQ==', 'Ag==']);
    const found = await api.want(200, pageOf(dossierSchema), ['GET', `/dossiers/?dossier_lists=${list}&ordering=-id&limit=1`]);
    expect(found.results).toMatchObject([{ id: dossier, face: third }]);
    const { results } = await api.want(200, pageOf(historyEntrySchema), ['GET', `/dossiers/${dossier}/history/`]);
    const addresses = (ids: string[]) => ids.map((id) => expect.objectContaining({ sha256: id.split('-')[1] }) as unknown);
    expect(results[0]).toMatchObject({
      action: 'dossier-changed',
      before: { photos: addresses([first, second, third]) },
      after: { photos: addresses(order) },
    });
  });

  it('takes no photo away, and none of somebody else in', async () => {
    const dossier = await makeDossier();
    const ids = await addPhotos(dossier, 2);
    const [foreign = ''] = await addPhotos(await makeDossier(), 1);
    const refused = (photos: string[]) => api.refused('BAD_PARAM', ['PATCH', `/dossiers/${dossier}/`, { photos }], 'photos');
    for (const order of [[], ids.slice(1), [...ids, foreign], [ids[0] ?? '', ids[0] ?? ''], [ids[0] ?? '', foreign], ['garbage']])
      await refused(order);
    expect((await photosOf(dossier)).map(({ id }) => id)).toEqual(ids);
  });

  it('is changed only as it was read, by who says so', async () => {
    const dossier = await makeDossier();
    const [first = '', second = ''] = await addPhotos(dossier, 2);
    const path = `/dossiers/${dossier}/`;
    const tag = (await api.call('GET', path)).headers.get('etag') ?? '';
    const order = (photos: string[]) => api.call('PATCH', path, { body: { photos }, headers: { 'if-match': tag } });
    expect((await order([second, first])).status).toBe(200);
    expect(await order([first, second])).toMatchObject({ status: 412 });
    expect((await photosOf(dossier)).map(({ id }) => id)).toEqual([second, first]);
  });
});

describe('a photo', () => {
  it('of another kind is refused by a sentence that says what it is and what to do', async () => {
    const dossier = await makeDossier();
    const heic = Buffer.concat([Buffer.from([0, 0, 0, 24]), Buffer.from('ftypheic'), Buffer.alloc(200)]);
    const kinds = [
      ['HEIC', heic],
      ['AVIF', await canvas(1).avif().toBuffer()],
      ['TIFF', await canvas(1).tiff().toBuffer()],
      ['GIF', await canvas(1).gif().toBuffer()],
    ] as const;
    for (const [kind, bytes] of kinds) {
      const answer = await send(dossier, bytes);
      expect(answer).toMatchObject({ status: 415, json: { code: 'UNSUPPORTED_MEDIA_TYPE', param: 'source_photo' } });
      expect(problemSchema.parse(answer.json).desc).toMatch(new RegExp(`^This is an? ${kind} picture.*as JPEG.*\\.$`));
    }
    const torn = (await canvas(1).resize(400).jpeg().toBuffer()).subarray(0, 600);
    const answer = await send(dossier, torn);
    expect([answer.status, problemSchema.parse(answer.json).desc]).toEqual([
      400,
      expect.stringMatching(/^The photo is damaged or cut off: .*\.$/),
    ]);
    expect(answer.text).not.toMatch(/vips/i);
    expect(await photosOf(dossier)).toEqual([]);
  });

  it('in CMYK is kept byte by byte and looked at in its true colours', async () => {
    const dossier = await makeDossier();
    const bytes = await canvas(192).toColourspace('cmyk').withIccProfile('cmyk').jpeg({ quality: 100 }).toBuffer();
    const { id } = dossierFaceSchema.parse((await send(dossier, bytes)).json);
    const get = async (kind: string): Promise<Buffer<ArrayBuffer>> => {
      const answer = await fetch(`${api.url}/dossier-faces/${id}/${kind}/`, { headers: { authorization: `Token ${api.tokens.viewer}` } });
      expect([answer.status, answer.headers.get('content-type')]).toEqual([200, kind === 'photo' ? 'image/jpeg' : 'image/webp']);
      return Buffer.from(await answer.arrayBuffer());
    };
    expect((await get('photo')).equals(bytes)).toBe(true);
    for (const kind of ['thumbnail', 'rendition']) {
      const { dominant } = await sharp(await get(kind)).stats();
      expect(Math.abs(dominant.r - 192) + Math.abs(dominant.g - 96) + Math.abs(dominant.b - 32), kind).toBeLessThan(60);
    }
  });
});
