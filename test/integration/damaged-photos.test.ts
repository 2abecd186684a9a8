import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { DeleteObjectCommand, GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { dossierSchema, dossierFaceSchema } from '@dossier/protocol/dossier.ts';
import type { DossierFace } from '@dossier/protocol/dossier.ts';
import { linkSchema, runSchema } from '@dossier/protocol/sync.ts';
import type { Run } from '@dossier/protocol/sync.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startNodeApi } from '../kit/node-api.ts';
import type { NodeApi } from '../kit/node-api.ts';
import { startS3Server } from './s3-server.ts';
import type { S3Server } from './s3-server.ts';

/* Files of photos are overwritten behind the system's back. Nobody is shown another face, nothing is called verified, and the right one comes back. */

const bucket = 'damaged-photos';
const folders: string[] = [];
let folder: string;
let s3: S3Server;
let client: S3Client;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'damaged-photos-'));
  s3 = await startS3Server(join(folder, 's3'), bucket);
  vi.stubEnv('AWS_ENDPOINT_URL', s3.url);
  vi.stubEnv('AWS_REGION', 'us-east-1');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'S3RVER');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'S3RVER');
  client = new S3Client({ endpoint: s3.url, forcePathStyle: true, requestChecksumCalculation: 'WHEN_REQUIRED' });
});
afterAll(async () => {
  vi.unstubAllEnvs();
  client.destroy();
  await s3.stop();
  for (const made of [folder, ...folders]) await rm(made, { recursive: true, force: true });
});

/** Noise, so that each is another one and large ones have many bytes. */
async function picture(pixels = 64): Promise<Buffer> {
  return sharp(randomBytes(pixels * pixels * 3), { raw: { width: pixels, height: pixels, channels: 3 } })
    .png()
    .toBuffer();
}

interface Photo {
  bytes: Buffer;
  sha256: string;
  dossier: number;
}

async function givePhoto(node: NodeApi, list: number, bytes: Buffer): Promise<Photo> {
  const { id } = await node.want(201, dossierSchema, ['POST', '/dossiers/', { name: 'Photographed', dossier_lists: [list] }]);
  return upload(node, id, bytes);
}

async function upload(node: NodeApi, dossier: number, bytes: Buffer): Promise<Photo> {
  const form = new FormData();
  form.set('dossier', String(dossier));
  form.set('source_photo', new Blob([new Uint8Array(bytes)]), 'photo.png');
  await node.want(201, dossierFaceSchema, ['POST', '/dossier-faces/', form]);
  return { bytes, sha256: createHash('sha256').update(bytes).digest('hex'), dossier };
}

async function link(slave: NodeApi, master: NodeApi, remote: number): Promise<number> {
  const local = await slave.makeList();
  const body = { remote_dossier_list: remote, remote_url: master.url, slave_dossier_list: local };
  const answer = await slave.call('POST', '/sync/dossier-lists/', { body, headers: { prefer: 'wait=60' } });
  expect(linkSchema.parse(answer.json)).toMatchObject({ state: 'synced' });
  return local;
}

/** Asks for a run, again while another one is under way, and waits for its end. */
async function run(node: NodeApi, list: number, mode: Run['mode']): Promise<Run> {
  for (;;) {
    const asked = await node.want(202, runSchema, ['POST', `/sync/dossier-lists/${list}/sync/`, { mode }]);
    const ended = await expect
      .poll(
        async () => {
          const { results } = await node.want(200, pageOf(runSchema), ['GET', `/sync/dossier-lists/${list}/runs/`]);
          return results.find(({ id, finished_date: end }) => id === asked.id && end !== null) ?? null;
        },
        { timeout: 60_000 },
      )
      .not.toBeNull()
      .then(() => node.want(200, pageOf(runSchema), ['GET', `/sync/dossier-lists/${list}/runs/`]));
    const found = ended.results.find(({ id }) => id === asked.id);
    if (found?.mode === mode) return found;
  }
}

async function linkOf(node: NodeApi, list: number) {
  return node.want(200, linkSchema, ['GET', `/sync/dossier-lists/${list}/`]);
}

async function faceOf(node: NodeApi, { sha256 }: Photo): Promise<DossierFace> {
  const { results } = await node.want(200, pageOf(dossierFaceSchema), ['GET', '/dossier-faces/?limit=1000']);
  const face = results.find((one) => one.sha256 === sha256);
  if (!face) throw new Error(`no photo ${sha256}`);
  return face;
}

/** What a browser gets: the whole answer's bytes, or how it ended otherwise. */
async function load(node: NodeApi, path: string, headers: Record<string, string> = {}): Promise<{ status: number; bytes: Buffer | null }> {
  return new Promise((resolve, reject) => {
    get(`${node.url}${path}`, { headers: { authorization: `Token ${node.tokens.viewer}`, ...headers } }, (response) => {
      buffer(response).then(
        (bytes) => resolve({ status: response.statusCode ?? 0, bytes }),
        () => resolve({ status: response.statusCode ?? 0, bytes: null }),
      );
    }).once('error', reject);
  });
}

interface Place {
  mediaRoot: string;
  write(sha256: string, bytes: Buffer): Promise<void>;
  remove(sha256: string): Promise<void>;
  path(sha256: string): string;
  readThumbnail(sha256: string): Promise<Buffer>;
  writeThumbnail(sha256: string, bytes: Buffer): Promise<void>;
}

const below = (sha256: string): string => `${sha256.slice(0, 2)}/${sha256.slice(2, 4)}/${sha256}`;
const nameOf = (sha256: string): string => `photos/${below(sha256)}`;
const thumbnailOf = (sha256: string): string => `thumbnails/${below(sha256)}.webp`;

function folderPlace(name: string): Place {
  const mediaRoot = join(tmpdir(), `damaged-${name}-${randomBytes(4).toString('hex')}`);
  folders.push(mediaRoot);
  const path = (sha256: string): string => join(mediaRoot, nameOf(sha256));
  return {
    mediaRoot,
    path,
    write: (sha256, bytes) => writeFile(path(sha256), bytes),
    remove: (sha256) => rm(path(sha256)),
    readThumbnail: (sha256) => readFile(join(mediaRoot, thumbnailOf(sha256))),
    writeThumbnail: (sha256, bytes) => writeFile(join(mediaRoot, thumbnailOf(sha256)), bytes),
  };
}

function s3Place(name: string): Place {
  const object = (key: string) => ({ Bucket: bucket, Key: `${name}/${key}` });
  const put = async (key: string, bytes: Buffer): Promise<void> =>
    void (await client.send(new PutObjectCommand({ ...object(key), Body: bytes })));
  return {
    mediaRoot: `s3://${bucket}/${name}`,
    path: () => '',
    write: (sha256, bytes) => put(nameOf(sha256), bytes),
    remove: async (sha256) => void (await client.send(new DeleteObjectCommand(object(nameOf(sha256))))),
    readThumbnail: async (sha256) => {
      const { Body: body } = await client.send(new GetObjectCommand(object(thumbnailOf(sha256))));
      return Buffer.from((await body?.transformToByteArray()) ?? []);
    },
    writeThumbnail: (sha256, bytes) => put(thumbnailOf(sha256), bytes),
  };
}

type Damage = (place: Place, photo: Photo, other: Photo) => Promise<void>;

const everywhere: [string, Damage][] = [
  ['cut', (place, { sha256, bytes }) => place.write(sha256, bytes.subarray(0, 100))],
  ['emptied', (place, { sha256 }) => place.write(sha256, Buffer.alloc(0))],
  ['lengthened', (place, { sha256, bytes }) => place.write(sha256, Buffer.concat([bytes, Buffer.from('more')]))],
  ['changed in its last byte', (place, { sha256, bytes }) => place.write(sha256, Buffer.concat([bytes.subarray(0, -1), Buffer.from([1])]))],
  ['overwritten with another photo of the node', (place, { sha256 }, other) => place.write(sha256, other.bytes)],
  ['removed', (place, { sha256 }) => place.remove(sha256)],
];
const inFolders: [string, Damage][] = [
  [
    'replaced by a folder',
    async (place, { sha256 }) => {
      await place.remove(sha256);
      await mkdir(place.path(sha256));
      await writeFile(join(place.path(sha256), 'in it'), 'something');
    },
  ],
  [
    'replaced by a link that leads in a circle',
    async (place, { sha256 }) => {
      await place.remove(sha256);
      await symlink(place.path(sha256), place.path(sha256));
    },
  ],
];
const stores: { store: string; makePlace: (name: string) => Place; damages: [string, Damage][] }[] = [
  { store: 'folder', makePlace: folderPlace, damages: [...everywhere, ...inFolders] },
  { store: 's3', makePlace: s3Place, damages: everywhere },
];

describe.each(stores)('a photo of a replica in a store of the kind $store', ({ store, makePlace, damages }) => {
  const place = makePlace('slave');
  let master: NodeApi;
  let slave: NodeApi;
  beforeAll(async () => {
    [master, slave] = await Promise.all([startNodeApi(), startNodeApi({ MEDIA_ROOT: place.mediaRoot })]);
    await slave.work();
  });
  afterAll(() => Promise.all([master.stop(), slave.stop()]));

  /** A list of the slave with two photos, one of them damaged. */
  async function damaged(damage: Damage, pixels = 64) {
    const remote = await master.makeList();
    const [photo, other] = [await givePhoto(master, remote, await picture(pixels)), await givePhoto(master, remote, await picture(pixels))];
    const local = await link(slave, master, remote);
    const path = `/dossier-faces/${(await faceOf(slave, photo)).id}`;
    expect((await load(slave, `${path}/thumbnail/`)).status).toBe(200);
    await damage(place, photo, other);
    const expectWhole = async (): Promise<void> => {
      expect((await load(slave, `${path}/photo/`)).bytes?.equals(photo.bytes)).toBe(true);
      expect((await load(slave, `${path}/thumbnail/`)).status).toBe(200);
      expect(await run(slave, local, 'verify')).toMatchObject({ state: 'synced', differences: [] });
    };
    return { local, photo, path, expectWhole };
  }

  it.each(damages)('that was %s is found by a verification, and comes back', async (what, damage) => {
    const { local, expectWhole } = await damaged(damage);
    const before = (await linkOf(slave, local)).verified_at;
    const found = await run(slave, local, 'verify');
    const wrong = what === 'removed' ? 'missing here: 1; wrong: 0' : 'missing here: 0; wrong: 1';
    expect(found).toMatchObject({ state: 'failed', error: { code: 'REPLICA_DIFFERS', desc: expect.stringContaining(wrong) } });
    expect(found.differences).toMatchObject([{ kind: what === 'removed' ? 'photo-missing' : 'photo-damaged', name: 'Photographed' }]);
    expect((await linkOf(slave, local)).verified_at).toBe(before);
    expect((await run(slave, local, 'auto')).photos_missing).toEqual([]);
    await expectWhole();
    expect((await linkOf(slave, local)).verified_at).not.toBe(before);
  });

  it.each(damages)(
    'that was %s is shown to nobody, nor vouched for, and comes back although the list has not changed',
    async (what, damage) => {
      const { local, photo, path, expectWhole } = await damaged(damage);
      expect((await load(slave, `${path}/photo/`)).status).toBe(404);
      const known = await load(slave, `${path}/photo/`, { 'if-none-match': `"${photo.sha256}"` });
      expect(known.status).toBe(404);
      expect((await slave.call('HEAD', `${path}/photo/`)).status).toBe(404);
      expect((await load(slave, `${path}/thumbnail/`)).status).toBe(what === 'removed' ? 200 : 404);
      if (store === 'folder') {
        const kept = await readdir(join(place.mediaRoot, 'damaged')).catch(() => []);
        expect(kept.filter((name) => name.endsWith(photo.sha256))).toHaveLength(what === 'removed' ? 0 : 1);
      }
      expect(await run(slave, local, 'auto')).toMatchObject({ photos_fetched: 1, photos_missing: [] });
      await expectWhole();
    },
  );

  const [, , , [, changeLastByte] = []] = damages;
  if (!changeLastByte) throw new Error('no such damage');

  it.each(['repair', 'full'] as const)('is mended by a run of the mode %s', async (mode) => {
    const { local, expectWhole } = await damaged(changeLastByte);
    expect(await run(slave, local, mode)).toMatchObject({ photos_fetched: 1, photos_missing: [] });
    await expectWhole();
  });

  it('that is too large to be proved before it is served is broken off before its end', async () => {
    const { local, photo, path, expectWhole } = await damaged(changeLastByte, 1000);
    expect(photo.bytes.length).toBeGreaterThan(1024 * 1024);
    expect(await load(slave, `${path}/photo/`)).toEqual({ status: 200, bytes: null });
    await expect.poll(async () => (await load(slave, `${path}/photo/`)).bytes?.equals(photo.bytes), { timeout: 60_000 }).toBe(true);
    expect((await run(slave, local, 'auto')).photos_missing).toEqual([]);
    await expectWhole();
  });

  it('that is there already when a list wants it is looked at', async () => {
    const remote = await master.makeList();
    const photo = await givePhoto(master, remote, await picture());
    await link(slave, master, remote);
    await place.write(photo.sha256, Buffer.alloc(photo.bytes.length));
    const again = await master.makeList();
    await givePhoto(master, again, photo.bytes);
    const local = await link(slave, master, again);
    expect((await load(slave, `/dossier-faces/${(await faceOf(slave, photo)).id}/photo/`)).bytes?.equals(photo.bytes)).toBe(true);
    expect(await run(slave, local, 'verify')).toMatchObject({ state: 'synced', differences: [] });
  });

  it('has a thumbnail of its own, whatever is in its place', async () => {
    const { path, photo } = await damaged(async () => undefined);
    const { path: otherPath, photo: other } = await damaged(async () => undefined);
    const [right, others] = [await load(slave, `${path}/thumbnail/`), await load(slave, `${otherPath}/thumbnail/`)];
    expect(right.bytes?.equals(others.bytes ?? Buffer.alloc(0))).toBe(false);
    const kept = await place.readThumbnail(other.sha256);
    for (const wrong of [Buffer.alloc(0), others.bytes ?? Buffer.alloc(0), kept, kept.subarray(0, 50)]) {
      await place.writeThumbnail(photo.sha256, wrong);
      expect((await load(slave, `${path}/thumbnail/`)).bytes?.equals(right.bytes ?? Buffer.alloc(0))).toBe(true);
    }
  });
});

describe('a photo that is damaged on a master', () => {
  it('is given to nobody; the master tells, the slave says which it lacks, and the right bytes mend both', async () => {
    const place = folderPlace('master');
    const [master, slave] = await Promise.all([startNodeApi({ MEDIA_ROOT: place.mediaRoot }), startNodeApi()]);
    await slave.work();
    const remote = await master.makeList();
    const photos = [await givePhoto(master, remote, await picture()), await givePhoto(master, remote, await picture(1000))];
    await givePhoto(master, remote, await picture());
    for (const { sha256, bytes } of photos) await place.write(sha256, Buffer.alloc(bytes.length, 1));
    const local = await link(slave, master, remote);
    const addresses = photos.map(({ sha256 }) => sha256).toSorted();
    const first = await run(slave, local, 'auto');
    expect(first.photos_missing).toEqual(addresses);
    expect(await linkOf(slave, local)).toMatchObject({ state: 'synced', photos_missing: 2, verified_at: null });
    const metrics = await master.call('GET', '/metrics', { role: 'viewer' });
    expect(metrics.text).toContain('\ndossier_photos_damaged 2\n');
    const audit = await master.call('GET', '/audit/?action=photo-damaged');
    expect((audit.json as { results: unknown[] }).results).toHaveLength(2);
    expect(await run(slave, local, 'verify')).toMatchObject({ state: 'failed', error: { code: 'REPLICA_DIFFERS' } });
    for (const { bytes, dossier } of photos) await upload(master, dossier, bytes);
    expect((await master.call('GET', '/metrics', { role: 'viewer' })).text).toContain('\ndossier_photos_damaged 0\n');
    expect(await run(slave, local, 'auto')).toMatchObject({ photos_fetched: 2, photos_missing: [] });
    expect(await run(slave, local, 'verify')).toMatchObject({ state: 'synced', differences: [] });
    await Promise.all([master.stop(), slave.stop()]);
  });

  it('that is a branch comes from headquarters, and then at the gate', async () => {
    const place = folderPlace('branch');
    const [top, branch, gate] = await Promise.all([startNodeApi(), startNodeApi({ MEDIA_ROOT: place.mediaRoot }), startNodeApi()]);
    await Promise.all([branch.work(), gate.work()]);
    const atTop = await top.makeList();
    const photo = await givePhoto(top, atTop, await picture());
    const atBranch = await link(branch, top, atTop);
    await place.write(photo.sha256, Buffer.alloc(photo.bytes.length));
    const atGate = await link(gate, branch, atBranch);
    expect((await run(branch, atBranch, 'auto')).photos_missing).toEqual([]);
    expect((await run(gate, atGate, 'auto')).photos_missing).toEqual([]);
    expect((await load(gate, `/dossier-faces/${(await faceOf(gate, photo)).id}/photo/`)).bytes?.equals(photo.bytes)).toBe(true);
    for (const [node, list] of [
      [branch, atBranch],
      [gate, atGate],
    ] as const)
      expect(await run(node, list, 'verify')).toMatchObject({ state: 'synced', differences: [] });
    await Promise.all([top.stop(), branch.stop(), gate.stop()]);
  });
});
