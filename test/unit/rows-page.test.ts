import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { photosText } from '@dossier/domain/photo.ts';
import { blockTrailer } from '@dossier/protocol/rows.ts';
import { readRowsPage } from '@dossier/replication/rows-page.ts';
import type { FetchedRows } from '@dossier/replication/rows-page.ts';
import { SyncFailure } from '@dossier/replication/sync-failure.ts';
import { bigEndian, blockOf, blocksOf, fieldsOf, pageOf, rowOf, rowsOf } from '../kit/copy-rows.ts';

/* A page of rows is taken as it stands or refused by name, whatever is done to its bytes. */

// Hundreds of runs each, which a busy machine needs its time for.
vi.setConfig({ testTimeout: 60_000 });

const measure = fc.oneof(fc.integer({ min: 1, max: 2 ** 31 - 1 }), fc.integer({ min: 1, max: 20 }));
const address = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString('hex'));
const photo = fc.record({
  sha256: address,
  width: measure,
  height: measure,
  bytes: measure,
  mediaType: fc.constantFrom('image/jpeg', 'image/png', 'image/webp'),
  features: fc.option(fc.string({ unit: 'grapheme', maxLength: 40 })),
});
const earliest = -63_082_281_600_000_000n;
const latest = 3_092_581_295_999_999_999n;
const date = fc.bigInt({ min: earliest, max: latest });
const dossier = fc.record({
  uuid: fc.uuid(),
  active: fc.boolean(),
  created: date,
  modified: date,
  photos: fc.uniqueArray(photo, { maxLength: 4, selector: ({ sha256 }) => sha256 }),
  externalId: fc.option(fc.string({ maxLength: 10 })),
  name: fc.string({ unit: 'grapheme' }),
  comment: fc.string({ unit: 'grapheme' }),
  meta: fc.dictionary(fc.string({ maxLength: 5 }), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 4 }),
});
type Dossier = typeof dossier extends fc.Arbitrary<infer T> ? T : never;
const contents = fc.record({
  dossiers: fc.uniqueArray(dossier, { maxLength: 5, selector: ({ uuid }) => uuid }),
  removed: fc.uniqueArray(
    fc.uuid().filter((uuid) => uuid.startsWith('0')),
    { maxLength: 3 },
  ),
});
type Contents = typeof contents extends fc.Arbitrary<infer T> ? T : never;

const uuidField = (uuid: string): Buffer => Buffer.from(uuid.replaceAll('-', ''), 'hex');
const textOfUuid = (field: Buffer | null | undefined): string =>
  (field?.toString('hex') ?? '').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
const dateField = (microseconds: bigint): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(microseconds);
  return bytes;
};
const hashOf = (photos: Dossier['photos']): Buffer =>
  photos.length === 0 ? Buffer.alloc(0) : createHash('sha256').update(photosText(photos)).digest();

function dossierRow(made: Dossier): Buffer {
  return rowOf([
    uuidField(made.uuid),
    Buffer.from([made.active ? 1 : 0]),
    dateField(made.created),
    dateField(made.modified),
    bigEndian(4, made.photos.length),
    hashOf(made.photos),
    made.externalId === null ? null : Buffer.from(made.externalId),
    Buffer.from(made.name),
    Buffer.from(made.comment),
    Buffer.concat([Buffer.from([1]), Buffer.from(JSON.stringify(made.meta))]),
  ]);
}

const photoRow = (uuid: string, made: Dossier['photos'][number]): Buffer =>
  rowOf([
    uuidField(uuid),
    Buffer.from(made.sha256, 'hex'),
    bigEndian(4, made.width),
    bigEndian(4, made.height),
    bigEndian(4, made.bytes),
    Buffer.from(made.mediaType),
    made.features === null ? null : Buffer.from(made.features),
  ]);

function pageWith({ dossiers, removed }: Contents): Buffer {
  const photos = dossiers.flatMap(({ uuid, photos: own }) => own.map((made) => photoRow(uuid, made)));
  const blocks = {
    dossiers: blockOf(dossiers.map(dossierRow)),
    photos: blockOf(photos),
    tombstones: blockOf(removed.map((uuid) => rowOf([uuidField(uuid)]))),
  };
  const head = { epoch: '6f9619ff-8b86-4d01-b42d-00cf4fc964ff', revision: 9, count: dossiers.length, digest: '0'.repeat(32) };
  const end = {
    kind: 'end',
    dossier_list: head.epoch,
    dossiers: dossiers.length,
    photos: photos.length,
    tombstones: removed.length,
    dossier_bytes: blocks.dossiers.length,
    photo_bytes: blocks.photos.length,
    since: 0,
    next: 9,
    head,
  };
  return pageOf({ ...blocks, end });
}

/** What the reader makes of bytes: null if it refuses them by name. */
function readOrRefuse(body: Buffer): FetchedRows | null {
  try {
    return readRowsPage(body);
  } catch (error) {
    expect(error).toBeInstanceOf(SyncFailure);
    expect(error).toMatchObject({
      code: expect.stringMatching(/^(PAGE_INCOMPLETE|DOSSIER_MALFORMED|DOSSIER_REPEATED|ANSWER_MALFORMED)$/) as string,
    });
    return null;
  }
}

const lengths: readonly (number | undefined)[] = [16, 1, 8, 8, 4];

/** Expects of a page that was taken that its rows are read as anybody else reads them, and have the agreed form. */
function expectFaithful({ rows, body }: FetchedRows): void {
  const page = blocksOf(body);
  expect([page.dossiers, page.photos]).toEqual([rows.dossiers, rows.photos]);
  const dossiers = rowsOf(page.dossiers).map(fieldsOf);
  const photos = rowsOf(page.photos).map(fieldsOf);
  expect(blockOf(dossiers.map(rowOf)).equals(page.dossiers)).toBe(true);
  expect(blockOf(photos.map(rowOf)).equals(page.photos)).toBe(true);
  expect(rows.uuids()).toEqual([...dossiers.map(([uuid]) => textOfUuid(uuid)), ...rows.removed]);
  expect(rows.removed).toEqual(rowsOf(page.tombstones).map((row) => textOfUuid(fieldsOf(row)[0])));
  for (const fields of dossiers) {
    expect(fields).toHaveLength(10);
    for (const [index, length] of lengths.entries()) expect(fields[index]).toHaveLength(length ?? 0);
    expect([0, 1]).toContain(fields[1]?.[0]);
    expect(fields[9]?.[0]).toBe(1);
  }
  const shown = new Set(photos.map((fields) => fields[1]?.toString('hex')));
  expect(new Set(rows.wanted.map(({ sha256 }) => sha256))).toEqual(shown);
  expect([rows.dossierCount, rows.photoCount]).toEqual([dossiers.length, photos.length]);
}

test('a page is read as it was written', () => {
  fc.assert(
    fc.property(contents, (made) => {
      const read = readRowsPage(pageWith(made));
      expectFaithful(read);
      expect(read.rows.uuids()).toEqual([...made.dossiers.map(({ uuid }) => uuid), ...made.removed]);
      expect(read.rows.removed).toEqual(made.removed);
      const photos = made.dossiers.flatMap((own) => own.photos);
      const different = photos.filter(({ sha256 }, index) => photos.findIndex((other) => other.sha256 === sha256) === index);
      expect(read.rows.wanted).toEqual(
        different.map(({ sha256, width, height, bytes, mediaType }) => ({ sha256, width, height, bytes, media_type: mediaType })),
      );
    }),
  );
});

test('a page with bits turned over is refused, or taken as it stands', () => {
  fc.assert(
    fc.property(contents, fc.array(fc.nat(), { minLength: 1, maxLength: 3 }), (made, bits) => {
      const body = pageWith(made);
      for (const bit of bits) {
        const at = (bit >> 3) % body.length;
        body[at] = (body[at] ?? 0) ^ (1 << (bit & 7));
      }
      const read = readOrRefuse(body);
      if (read) expectFaithful(read);
    }),
    { numRuns: 2000 },
  );
});

test('a page is refused with a bit of a photo turned over, whichever it is', () => {
  fc.assert(
    fc.property(contents, fc.nat(), (made, bit) => {
      const body = pageWith(made);
      const { dossiers, photos } = blocksOf(body);
      const at = dossiers.length + ((bit >> 3) % photos.length);
      body[at] = (body[at] ?? 0) ^ (1 << (bit & 7));
      expect(readOrRefuse(body)).toBeNull();
    }),
    { numRuns: 1000 },
  );
});

test('a page that was cut is refused, wherever it was', () => {
  fc.assert(
    fc.property(contents, fc.nat(), (made, length) => {
      const body = pageWith(made);
      expect(readOrRefuse(body.subarray(0, length % body.length))).toBeNull();
    }),
    { numRuns: 1000 },
  );
});

test('a page with bytes taken out, put in or repeated is refused, or taken as it stands', () => {
  const edit = fc.record({ at: fc.nat(), taken: fc.nat({ max: 40 }), put: fc.uint8Array({ maxLength: 40 }) });
  fc.assert(
    fc.property(contents, edit, (made, { at, taken, put }) => {
      const body = pageWith(made);
      const from = at % body.length;
      const read = readOrRefuse(Buffer.concat([body.subarray(0, from), put, body.subarray(from + taken)]));
      if (read) expectFaithful(read);
    }),
    { numRuns: 2000 },
  );
});

test('bytes of any kind are refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      expect(readOrRefuse(Buffer.from(bytes))).toBeNull();
    }),
  );
});

test('rows of any bytes are refused, in blocks that are whole', () => {
  const any = fc.uint8Array({ minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(any, any, (one, other) => {
      const end = blocksOf(pageWith({ dossiers: [], removed: [] })).end;
      const dossiers = blockOf([Buffer.from(one)]);
      const photos = blockOf([Buffer.from(other)]);
      const lies = { ...end, dossier_bytes: dossiers.length, photo_bytes: photos.length };
      expect(readOrRefuse(pageOf({ dossiers, photos, tombstones: blockOf([]), end: lies }))).toBeNull();
    }),
  );
});

const plain: Dossier = {
  uuid: '0193a5a0-0000-7000-8000-000000000001',
  active: true,
  created: 0n,
  modified: 0n,
  photos: [],
  externalId: null,
  name: 'Ada\nLovelace\n{}\n',
  comment: blockTrailer.toString('latin1'),
  meta: {},
};

test.each([
  ['the first microsecond of the year 1', earliest, true],
  ['the one before', earliest - 1n, false],
  ['the last microsecond of the year 99999', latest, true],
  ['the one after', latest + 1n, false],
  ['after all', 2n ** 63n - 1n, false],
  ['before all', -(2n ** 63n), false],
])('a date that is %s: %s, %s', (_what, moment, accepted) => {
  expect(readOrRefuse(pageWith({ dossiers: [{ ...plain, created: moment }], removed: [] })) !== null).toBe(accepted);
  expect(readOrRefuse(pageWith({ dossiers: [{ ...plain, modified: moment }], removed: [] })) !== null).toBe(accepted);
});
