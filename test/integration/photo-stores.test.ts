import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { MAXIMUM_PHOTO_BYTES } from '@dossier/photos/limits.ts';
import { openPhotoStore } from '@dossier/photos/open-photo-store.ts';
import type { PhotoStore, StoredPhoto } from '@dossier/photos/photo-store.ts';
import { PhotoMismatch } from '@dossier/photos/photo-store.ts';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { S3Server } from './s3-server.ts';
import { startS3Server } from './s3-server.ts';

const BUCKET = 'photos-of-a-node';

let folder: string;
let server: S3Server;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'photo-stores-'));
  server = await startS3Server(join(folder, 's3'), BUCKET);
  vi.stubEnv('AWS_ENDPOINT_URL', server.url);
  vi.stubEnv('AWS_REGION', 'us-east-1');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'S3RVER');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'S3RVER');
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await server.stop();
  await rm(folder, { recursive: true });
});

/** A store of its own for each test, empty. */
const stores: { name: string; empty: () => PhotoStore }[] = [
  { name: 'folder', empty: () => openPhotoStore(join(folder, randomBytes(4).toString('hex'))) },
  { name: 's3', empty: () => openPhotoStore(`s3://${BUCKET}/${randomBytes(4).toString('hex')}/uploads`) },
];

describe.each(stores)('photo store: $name', ({ empty }) => {
  it('gives back the bytes that were put, under their hash', async () => {
    const store = empty();
    for (const bytes of [randomBytes(200_000), randomBytes(1), Buffer.alloc(0)]) {
      const sha256 = await store.put(bytes);
      expect(sha256).toBe(hashOf(bytes));
      expect(await store.has(sha256)).toBe(true);
      expect(await contentOf(store, bytes)).toEqual(bytes);
    }
  });

  it('reads a photo into the memory that it is given, and not without', async () => {
    const store = empty();
    const bytes = randomBytes(200_000);
    await store.put(bytes);
    const memory = Buffer.alloc(bytes.length + 10, 'x');
    expect(bytes.equals((await store.read(nameOf(bytes), (length) => memory.subarray(5, 5 + length))) ?? Buffer.alloc(0))).toBe(true);
    expect([memory.toString('utf8', 0, 5), memory.toString('utf8', 5 + bytes.length)]).toEqual(['xxxxx', 'xxxxx']);
    expect(await store.read(nameOf(bytes), () => null)).toBeNull();
    expect(await store.read(nameOf(randomBytes(8)), Buffer.alloc)).toBeNull();
    await store.put(Buffer.alloc(0));
    expect(await store.read(nameOf(Buffer.alloc(0)), Buffer.alloc)).toEqual(Buffer.alloc(0));
  });

  it('has nothing at first', async () => {
    const store = empty();
    const sha256 = hashOf(randomBytes(8));
    expect(await store.has(sha256)).toBe(false);
    expect(await store.open({ sha256, bytes: 8 })).toBeNull();
    expect(await store.compare({ sha256, bytes: 8 })).toBe(false);
    expect(await store.readThumbnail(sha256)).toBeNull();
    expect(await listed(store)).toEqual([]);
    expect(await store.sweepTemporary(new Date())).toBe(0);
    await store.remove(sha256);
  });

  it('receives a photo in pieces, from a stream or any asynchronous iterable', async () => {
    const store = empty();
    const bytes = randomBytes(300_000);
    const sha256 = hashOf(bytes);
    await store.receive(sha256, Readable.from(pieces(bytes)), { bytes: bytes.length, signal: new AbortController().signal });
    expect(await contentOf(store, bytes)).toEqual(bytes);
    const other = randomBytes(MAXIMUM_PHOTO_BYTES);
    await store.receive(hashOf(other), pieces(other), { bytes: other.length });
    expect(other.equals(await contentOf(store, other))).toBe(true);
  });

  it('receives a photo that is here as a whole, and does not look at its bytes afterwards', async () => {
    const store = empty();
    const bytes = [randomBytes(300_000), randomBytes(1), Buffer.alloc(0), randomBytes(MAXIMUM_PHOTO_BYTES)];
    const { signal } = new AbortController();
    for (const one of bytes) {
      const sha256 = hashOf(one);
      const around = Buffer.concat([Buffer.from('before'), one, Buffer.from('behind')]);
      await store.receive(sha256, around.subarray(6, 6 + one.length), { bytes: one.length, signal });
      around.fill('x');
      expect(one.equals(await contentOf(store, one))).toBe(true);
    }
  });

  it.each([
    ['other bytes of the same length', (bytes: Buffer) => randomBytes(bytes.length)],
    ['one flipped bit', (bytes: Buffer) => bytes.with(bytes.length - 1, (bytes.at(-1) ?? 0) ^ 1)],
    ['an early end', (bytes: Buffer) => bytes.subarray(0, -1)],
    ['nothing at all', () => Buffer.alloc(0)],
    ['a byte too many', (bytes: Buffer) => Buffer.concat([bytes, Buffer.from([0])])],
  ])('refuses %s and keeps nothing of it', async (_, change) => {
    const store = empty();
    const bytes = randomBytes(150_000);
    const source = Readable.from(pieces(change(bytes)));
    await expect(store.receive(hashOf(bytes), source, { bytes: bytes.length })).rejects.toThrow(PhotoMismatch);
    expect(source.destroyed).toBe(true);
    await expect(store.receive(hashOf(bytes), change(bytes), { bytes: bytes.length })).rejects.toThrow(PhotoMismatch);
    await expectUntouched(store, hashOf(bytes));
  });

  it('refuses a photo announced as larger than any may be, without reading it', async () => {
    const store = empty();
    let read = 0;
    const endless = Readable.from(
      (async function* () {
        for (;;) {
          read += 1;
          yield await Promise.resolve(randomBytes(1000));
        }
      })(),
      { highWaterMark: 1 },
    );
    const sha256 = hashOf(randomBytes(8));
    await expect(store.receive(sha256, endless, { bytes: MAXIMUM_PHOTO_BYTES + 1 })).rejects.toThrow(PhotoMismatch);
    expect(read).toBe(0);
    const large = Buffer.alloc(MAXIMUM_PHOTO_BYTES + 1);
    await expect(store.receive(hashOf(large), large, { bytes: large.length })).rejects.toThrow(PhotoMismatch);
    await expectUntouched(store, sha256);
  });

  it('passes on the error of a source that breaks', async () => {
    const store = empty();
    const sha256 = hashOf(randomBytes(8));
    const breaking = async function* (): AsyncGenerator<Uint8Array> {
      yield await Promise.resolve(randomBytes(1000));
      throw new Error('connection reset');
    };
    await expect(store.receive(sha256, breaking(), { bytes: 5000 })).rejects.toThrow('connection reset');
    await expectUntouched(store, sha256);
  });

  it('stops at once when aborted, also while the source is silent', async () => {
    const store = empty();
    const sha256 = hashOf(randomBytes(8));
    const controller = new AbortController();
    const silent = new Readable({ read: () => undefined });
    silent.push(randomBytes(1000));
    const received = store.receive(sha256, silent, { bytes: 5000, signal: controller.signal });
    setImmediate(() => controller.abort(new Error('fenced')));
    await expect(received).rejects.toThrow('fenced');
    expect(silent.destroyed).toBe(true);
    await expect(store.receive(sha256, Readable.from(pieces(randomBytes(10))), { bytes: 10, signal: controller.signal })).rejects.toThrow(
      'fenced',
    );
    const whole = randomBytes(10);
    await expect(store.receive(hashOf(whole), whole, { bytes: 10, signal: controller.signal })).rejects.toThrow('fenced');
    await expectUntouched(store, sha256);
  });

  it('takes the same photo from several senders at once', async () => {
    const store = empty();
    const bytes = randomBytes(150_000);
    const sha256 = hashOf(bytes);
    const sources = Array.from({ length: 8 }, (_, index) => (index % 2 === 0 ? pieces(bytes) : bytes));
    await Promise.all(sources.map(async (source) => await store.receive(sha256, source, { bytes: bytes.length })));
    expect(await contentOf(store, bytes)).toEqual(bytes);
    expect(await listed(store)).toHaveLength(1);
    expect(await store.sweepTemporary(new Date())).toBe(0);
  });

  it('lists every photo once, and no thumbnail', async () => {
    const store = empty();
    const photos = Array.from({ length: 1100 }, (_, index) => Buffer.from(`photo number ${index}`));
    const before = Date.now();
    for (let start = 0; start < photos.length; start += 50) {
      await Promise.all(photos.slice(start, start + 50).map(async (bytes) => await store.put(bytes)));
    }
    await store.writeThumbnail(hashOf(photos[0] ?? Buffer.alloc(0)), Buffer.from('small'));
    const photosListed = await listed(store);
    expect(photosListed.map(({ sha256, bytes }) => `${sha256} ${bytes}`).toSorted()).toEqual(
      photos.map((bytes) => `${hashOf(bytes)} ${bytes.length}`).toSorted(),
    );
    // S3 keeps whole seconds.
    for (const { modifiedDate } of photosListed) expect(Math.abs(modifiedDate.getTime() - before)).toBeLessThan(60_000);
  });

  it('removes a photo together with its thumbnail', async () => {
    const store = empty();
    const sha256 = await store.put(Buffer.from('to be removed'));
    await store.writeThumbnail(sha256, Buffer.from('small'));
    await store.writeThumbnail(sha256, Buffer.from('smaller'));
    expect(Buffer.from((await store.readThumbnail(sha256)) ?? []).toString()).toBe('smaller');
    await store.remove(sha256);
    expect(await store.readThumbnail(sha256)).toBeNull();
    await expectUntouched(store, sha256);
  });

  it.each(['', 'ab', '../../../etc/passwd', `../${'a'.repeat(61)}`, 'A'.repeat(64), 'g'.repeat(64), 'a'.repeat(65), `${'a'.repeat(64)}\n`])(
    'refuses the name %j in every method',
    async (name) => {
      const store = empty();
      const source = Readable.from(pieces(randomBytes(10)));
      await expect(store.receive(name, source, { bytes: 10 })).rejects.toThrow(RangeError);
      expect(source.destroyed).toBe(true);
      await expect(store.receive(name, randomBytes(10), { bytes: 10 })).rejects.toThrow(RangeError);
      await expect(store.has(name)).rejects.toThrow(RangeError);
      await expect(store.compare({ sha256: name, bytes: 10 })).rejects.toThrow(RangeError);
      await expect(store.open({ sha256: name, bytes: 10 })).rejects.toThrow(RangeError);
      await expect(store.remove(name)).rejects.toThrow(RangeError);
      await expect(store.readThumbnail(name)).rejects.toThrow(RangeError);
      await expect(store.writeThumbnail(name, Buffer.alloc(1))).rejects.toThrow(RangeError);
      expect(() => store.path(name)).toThrow(RangeError);
    },
  );

  it('proves that it can be written to, leaving no photo', async () => {
    const store = empty();
    await store.check();
    expect(await listed(store)).toEqual([]);
    expect(await store.sweepTemporary(new Date())).toBe(0);
  });
});

describe('folder store', () => {
  it('keeps a photo in a file that a server can send', async () => {
    const store = openPhotoStore(join(folder, 'sent'));
    const sha256 = await store.put(Buffer.from('sent by path'));
    expect(store.path(sha256)).toBe(join(folder, 'sent/photos', sha256.slice(0, 2), sha256.slice(2, 4), sha256));
    expect(await readFile(store.path(sha256) ?? '', 'utf8')).toBe('sent by path');
  });

  it('mends a file that rotted, and renews its date', async () => {
    const store = openPhotoStore(join(folder, 'rotted'));
    const bytes = Buffer.from('the right bytes');
    const path = store.path(await store.put(bytes)) ?? '';
    await writeFile(path, 'the wrong bytes');
    await utimes(path, 0, 0);
    await store.put(bytes);
    expect(await readFile(path)).toEqual(bytes);
    expect((await listed(store))[0]?.modifiedDate.getFullYear()).toBeGreaterThan(2000);
  });

  it('sweeps only old remains of unfinished writes, and lists none of them', async () => {
    const root = join(folder, 'swept');
    const store = openPhotoStore(root);
    await store.check();
    await writeFile(join(root, 'incoming/old'), 'half a pho');
    await utimes(join(root, 'incoming/old'), 0, 0);
    await writeFile(join(root, 'incoming/new'), 'half a pho');
    expect(await listed(store)).toEqual([]);
    expect(await store.sweepTemporary(new Date(Date.now() - 60_000))).toBe(1);
    expect(await readdir(join(root, 'incoming'))).toEqual(['new']);
  });

  it('lists no file that it did not name', async () => {
    const root = join(folder, 'strangers');
    const store = openPhotoStore(root);
    const sha256 = await store.put(Buffer.from('mine'));
    await writeFile(join(root, 'photos/.DS_Store'), '');
    await writeFile(join(root, 'photos', 'a'.repeat(64)), 'in the wrong folder');
    expect((await listed(store)).map((photo) => photo.sha256)).toEqual([sha256]);
  });

  it('says when it cannot be written to', async () => {
    await writeFile(join(folder, 'a-file'), '');
    await expect(openPhotoStore(join(folder, 'a-file')).check()).rejects.toThrow('ENOTDIR');
  });
});

describe('s3 store', () => {
  it('has no files to send', () => {
    expect(openPhotoStore(`s3://${BUCKET}`).path('a'.repeat(64))).toBeNull();
  });

  it('says when the bucket is missing', async () => {
    const store = openPhotoStore('s3://no-such-bucket/uploads');
    await expect(store.check()).rejects.toThrow('bucket');
    await expect(store.put(Buffer.from('a photo'))).rejects.toThrow('bucket');
    await expect(store.open({ sha256: 'a'.repeat(64), bytes: 10 })).rejects.toThrow('bucket');
  });
});

describe('MEDIA_ROOT', () => {
  it.each(['s3://', 's3:///prefix', 's3://a b/c', 'gs://bucket/prefix', 'https://example.org/photos'])('refuses %j', (mediaRoot) => {
    expect(() => openPhotoStore(mediaRoot)).toThrow(RangeError);
  });

  it.each(['', '/'])('is the same S3 place with %j at its end', async (end) => {
    const sha256 = await openPhotoStore(`s3://${BUCKET}/same/place`).put(Buffer.from('placed'));
    expect(await openPhotoStore(`s3://${BUCKET}/same/place${end}`).has(sha256)).toBe(true);
    expect(await openPhotoStore(`s3://${BUCKET}/same`).has(sha256)).toBe(false);
  });
});

async function expectUntouched(store: PhotoStore, sha256: string): Promise<void> {
  expect(await store.has(sha256)).toBe(false);
  expect(await store.open({ sha256, bytes: 8 })).toBeNull();
  expect(await listed(store)).toEqual([]);
  expect(await store.sweepTemporary(new Date())).toBe(0);
}

async function listed(store: PhotoStore): Promise<StoredPhoto[]> {
  const photos: StoredPhoto[] = [];
  for await (const photo of store.list()) photos.push(photo);
  return photos;
}

/** What the store has for these bytes. */
async function contentOf(store: PhotoStore, bytes: Buffer): Promise<Buffer> {
  const photo = await store.open(nameOf(bytes));
  if (photo === null) throw new Error(`the store doesn't have ${hashOf(bytes)}`);
  const content = await buffer(photo.stream);
  expect(content).toHaveLength(photo.bytes);
  return content;
}

function nameOf(bytes: Buffer): { sha256: string; bytes: number } {
  return { sha256: hashOf(bytes), bytes: bytes.length };
}

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  for (let start = 0; start < bytes.byteLength; start += 64 * 1024) yield await Promise.resolve(bytes.subarray(start, start + 64 * 1024));
}

function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
