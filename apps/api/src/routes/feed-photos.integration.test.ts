import { randomBytes, randomUUID } from 'node:crypto';
import { photosLineSchema, requestPhotos } from '@dossier/protocol/photos.ts';
import { deriveSigningKey } from '@dossier/protocol/signing-key.ts';
import { createFeedClient } from '@dossier/replication/feed-client.ts';
import type { FeedClient } from '@dossier/replication/feed-client.ts';
import { query } from '@dossier/postgres/database.ts';
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

async function ask(addresses: readonly string[]) {
  const { status, body } = await client.get('/feed/v1/photos', { query: { sha256: addresses.join(',') }, maximumBytes: 2 ** 24 });
  expect(status).toBe(200);
  const end = body.indexOf('\n');
  return { ...photosLineSchema.parse(JSON.parse(body.toString('utf8', 0, end))), bytes: body.subarray(end + 1) };
}

/** A dossier with photos of these lengths. */
async function photograph(...lengths: number[]): Promise<{ sha256: string; bytes: Buffer }[]> {
  const [dossier = ''] = await master.makeDossiers([await master.makeList('photographed')], ['Somebody']);
  const photos = [];
  for (const length of lengths) {
    const bytes = randomBytes(length);
    const sha256 = await master.photos.put(bytes);
    await query(
      master.database,
      `insert into photos (dossier, sha256, width, height, bytes, media_type) values (:dossier, decode(:sha256, 'hex'), 1, 1, :length, 'image/jpeg')`,
      { dossier, sha256, length },
    );
    photos.push({ sha256, bytes });
  }
  return photos;
}

it('come in the order in which they were asked for, each once, and what nobody refers to is not there', async () => {
  const photos = await photograph(10, 70_000, 1);
  const unreferenced = await master.photos.put(randomBytes(20));
  const [first, second, third] = photos.map((photo) => photo.sha256) as [string, string, string];
  const answer = await ask([third, unreferenced, first, third, second]);
  expect(answer.photos).toEqual([
    { sha256: third, bytes: 1 },
    { sha256: unreferenced, bytes: null },
    { sha256: first, bytes: 10 },
    { sha256: second, bytes: 70_000 },
  ]);
  expect(answer.bytes.equals(Buffer.concat([2, 0, 1].map((index) => photos[index]?.bytes ?? Buffer.alloc(0))))).toBe(true);
});

it('that do not fit any more are left out, and smaller ones behind them are not', async () => {
  const photos = await photograph(600_000, 600_000, 2_000_000, 400_000, 100_000);
  const [first, , , fourth] = photos.map((photo) => photo.sha256);
  const answer = await ask(photos.map((photo) => photo.sha256));
  expect(answer.photos.map((photo) => photo.sha256)).toEqual([first, fourth]);
  expect(answer.bytes).toHaveLength(1_000_000);
});

it('are the same bytes for many who ask at once', async () => {
  const photos = await photograph(...Array.from({ length: 20 }, (_, index) => 1000 * (index + 1)));
  const ways = Array.from({ length: 40 }, (_, way) => [...photos.slice(way % 20), ...photos.slice(0, way % 20)]);
  await Promise.all(
    ways.map(async (way) => {
      const answer = await ask(way.map((photo) => photo.sha256));
      expect(answer.bytes.equals(Buffer.concat(way.map((photo) => photo.bytes)))).toBe(true);
    }),
  );
});

it.each([
  ['none', ''],
  ['something else', 'x'],
  ['too many', Array.from({ length: requestPhotos + 1 }, () => '0'.repeat(64)).join(',')],
])('are refused to who names %s', async (_what, sha256) => {
  await expect(client.get('/feed/v1/photos', { query: { sha256 }, maximumBytes: 2 ** 20 })).rejects.toThrow();
});
