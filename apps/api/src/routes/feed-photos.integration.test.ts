import { randomBytes, randomUUID } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { photosLineSchema, requestPhotos } from '@dossier/protocol/photos.ts';
import { deriveSigningKey } from '@dossier/protocol/signing-key.ts';
import { createFeedClient } from '@dossier/replication/feed-client.ts';
import type { FeedClient } from '@dossier/replication/feed-client.ts';
import { addPhotoByHand, removePhotosByHand } from '@dossier/test/kit/by-hand.ts';
import { createEngineNode } from '@dossier/test/kit/engine.ts';
import type { EngineNode } from '@dossier/test/kit/engine.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';

/* Questions for several photos, as they are asked by whoever holds the token. */

let master: EngineNode;
let client: FeedClient;

beforeAll(async () => {
  master = await createEngineNode();
  client = createFeedClient({
    key: deriveSigningKey('a-token-for-tests-of-thirty-two-characters'),
    remoteUrl: master.feedUrl,
    version: 'test',
    now: () => new Date(),
    randomNonce: randomUUID,
  });
});
afterAll(async () => {
  client?.close();
  await master?.close();
});

/** A photo of a dossier. */
interface Shown {
  dossier: string;
  sha256: string;
  bytes: Buffer;
}

let list: number;

async function ask(photos: readonly Pick<Shown, 'dossier' | 'sha256'>[], of = list) {
  const { status, body } = await client.get(`/feed/v1/dossier-lists/${of}/photos`, {
    query: { of: photos.map(({ dossier, sha256 }) => `${dossier}.${sha256}`).join(',') },
    maximumBytes: 2 ** 24,
  });
  expect(status).toBe(200);
  const end = body.indexOf('\n');
  return { ...photosLineSchema.parse(JSON.parse(body.toString('utf8', 0, end))), bytes: body.subarray(end + 1) };
}

/** A dossier with photos of these lengths, in a list of its own. */
async function photograph(...lengths: number[]): Promise<Shown[]> {
  list = await master.makeList('photographed');
  const [dossier = ''] = await master.makeDossiers([list], ['Somebody']);
  const photos: Shown[] = [];
  for (const length of lengths) {
    const bytes = randomBytes(length);
    const sha256 = await master.photos.put(bytes);
    await addPhotoByHand(master.database, [dossier], { sha256, bytes: length });
    photos.push({ dossier, sha256, bytes });
  }
  return photos;
}

it('come in the order in which they were asked for, each once', async () => {
  const [first, second, third] = (await photograph(10, 70_000, 1)) as [Shown, Shown, Shown];
  const answer = await ask([third, first, third, second]);
  expect(answer.photos).toEqual([
    { sha256: third.sha256, bytes: 1 },
    { sha256: first.sha256, bytes: 10 },
    { sha256: second.sha256, bytes: 70_000 },
  ]);
  expect(answer.bytes.equals(Buffer.concat([third.bytes, first.bytes, second.bytes]))).toBe(true);
});

it('are not there for who names another dossier, another list, or what no dossier shows', async () => {
  const [theirs] = (await photograph(10)) as [Shown];
  const other = list;
  const [ours] = (await photograph(10)) as [Shown];
  const unreferenced = { dossier: ours.dossier, sha256: await master.photos.put(randomBytes(20)) };
  const wrong = [theirs, { ...ours, dossier: theirs.dossier }, unreferenced, { ...ours, sha256: theirs.sha256 }];
  for (const asked of wrong) {
    expect((await ask([asked])).photos).toEqual([{ sha256: asked.sha256, bytes: null }]);
    const { status } = await client.get(`/feed/v1/dossier-lists/${list}/photos/${asked.dossier}/${asked.sha256}`, { maximumBytes: 100 });
    expect(status).toBe(404);
  }
  expect((await ask([theirs], other)).photos).toEqual([{ sha256: theirs.sha256, bytes: 10 }]);
  const alone = await client.download(`/feed/v1/dossier-lists/${list}/photos/${ours.dossier}/${ours.sha256}`, {
    sha256: ours.sha256,
    bytes: 10,
  });
  if (!alone) throw new Error('the photo is not there');
  expect((await buffer(alone)).equals(ours.bytes)).toBe(true);
  // Gone from the row, gone from the feed, though the store still has it.
  await removePhotosByHand(master.database, [ours.dossier]);
  expect((await ask([ours])).photos).toEqual([{ sha256: ours.sha256, bytes: null }]);
});

it('that do not fit any more are left out, and smaller ones behind them are not', async () => {
  const photos = await photograph(600_000, 600_000, 2_000_000, 400_000, 100_000);
  const [first, , , fourth] = photos.map((photo) => photo.sha256);
  const answer = await ask(photos);
  expect(answer.photos.map((photo) => photo.sha256)).toEqual([first, fourth]);
  expect(answer.bytes).toHaveLength(1_000_000);
});

it('are the same bytes for many who ask at once', async () => {
  const photos = await photograph(...Array.from({ length: 20 }, (_, index) => 1000 * (index + 1)));
  const ways = Array.from({ length: 40 }, (_, way) => [...photos.slice(way % 20), ...photos.slice(0, way % 20)]);
  await Promise.all(
    ways.map(async (way) => {
      const answer = await ask(way);
      expect(answer.bytes.equals(Buffer.concat(way.map((photo) => photo.bytes)))).toBe(true);
    }),
  );
});

it.each([
  ['none', ''],
  ['something else', 'x'],
  ['too many', Array.from({ length: requestPhotos + 1 }, () => `${randomUUID()}.${'0'.repeat(64)}`).join(',')],
])('are refused to who names %s', async (_what, of) => {
  await expect(client.get(`/feed/v1/dossier-lists/${list}/photos`, { query: { of }, maximumBytes: 2 ** 20 })).rejects.toThrow();
});
