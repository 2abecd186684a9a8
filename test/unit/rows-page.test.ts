import * as fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { blockTrailer, rowColumns } from '@dossier/protocol/rows.ts';
import { readRowsPage } from '@dossier/replication/rows-page.ts';
import type { RowsPage } from '@dossier/replication/rows-page.ts';
import { SyncFailure } from '@dossier/replication/sync-failure.ts';
import { bigEndian, blockOf, blocksOf, fieldsOf, pageOf, rowOf, rowsOf, withHash } from '../kit/copy-rows.ts';
import type { Field } from '../kit/copy-rows.ts';

/* A page of rows is taken as it stands or refused by name, row by row or as a whole, whatever is done to its bytes. */

// Hundreds of runs each, which a busy machine needs its time for.
vi.setConfig({ testTimeout: 60_000 });

const measure = fc.oneof(fc.integer({ min: 1, max: 2 ** 31 - 1 }), fc.integer({ min: 1, max: 20 }));
const address = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString('hex'));
const photo = fc.record({
  bytes: fc.integer({ min: 1, max: 2 ** 26 }),
  created_date: fc.constantFrom('2026-11-30T05:00:00.000Z', '2026-11-30T05:00:00Z', '2026-11-30T05:00:00.123456+00:00'),
  height: measure,
  media_type: fc.constantFrom('image/jpeg', 'image/png', 'image/webp'),
  sha256: address,
  width: measure,
});
const features = fc.option(fc.base64String({ maxLength: 40 }));
const earliest = -63_082_281_600_000_000n;
const latest = 3_092_581_295_999_999_999n;
const date = fc.bigInt({ min: earliest, max: latest });
const day = fc.option(fc.integer({ min: -730_119, max: 2_921_939 }));
const dossier = fc.record({
  uuid: fc.uuid(),
  created: date,
  modified: date,
  active: fc.boolean(),
  externalId: fc.option(fc.string({ minLength: 1, maxLength: 10, unit: 'grapheme-ascii' })),
  name: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }),
  comment: fc.string({ unit: 'grapheme' }),
  from: day,
  until: day,
  meta: fc.dictionary(fc.string({ maxLength: 5 }), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 12 }),
  photos: fc.uniqueArray(fc.tuple(photo, features), { maxLength: 4, selector: ([{ sha256 }]) => sha256 }),
  indent: fc.constantFrom(0, 2),
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
const dayField = (days: number | null): Field => (days === null ? null : bigEndian(4, days));

type Column = (typeof rowColumns)[number];

/** The fields of a dossier's row, some of them exchanged; the hash is not in it yet. */
function rowFields(made: Dossier, exchanged: Partial<Record<Column, Field>> = {}): Field[] {
  const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value, null, made.indent));
  const fields: Record<Column, Field> = {
    uuid: uuidField(made.uuid),
    created_date: dateField(made.created),
    modified_date: dateField(made.modified),
    hash: null,
    active: Buffer.from([made.active ? 1 : 0]),
    external_id: made.externalId === null ? null : Buffer.from(made.externalId),
    name: Buffer.from(made.name),
    comment: Buffer.from(made.comment),
    valid_from: dayField(made.from),
    valid_until: dayField(made.until),
    meta: json(made.meta),
    photos: json(made.photos.map(([own]) => own)),
    features: made.photos.some(([, own]) => own !== null) ? json(made.photos.map(([, own]) => own)) : null,
    ...exchanged,
  };
  return rowColumns.map((column) => fields[column]);
}

const dossierRow = (made: Dossier, exchanged: Partial<Record<Column, Field>> = {}): Buffer => withHash(rowFields(made, exchanged));

function pageWith({ rows, removed = [] }: { rows: readonly Buffer[]; removed?: readonly string[] }): Buffer {
  const block = blockOf(rows);
  const tombstones = blockOf(removed.map((uuid) => rowOf([uuidField(uuid)])));
  const head = { epoch: '6f9619ff-8b86-4d01-b42d-00cf4fc964ff', revision: 9, count: rows.length, digest: '0'.repeat(64) };
  const counts = { rows: rows.length, tombstones: removed.length, row_bytes: block.length };
  const end = { kind: 'end', dossier_list: head.epoch, ...counts, since: 0, next: 9, left: 0, head };
  return pageOf({ rows: block, tombstones, end });
}

const pageOfContents = ({ dossiers, removed }: Contents): Buffer => pageWith({ rows: dossiers.map((made) => dossierRow(made)), removed });

/** What the reader makes of bytes: null if it refuses them by name. */
function readOrRefuse(body: Buffer): RowsPage | null {
  try {
    return readRowsPage(body);
  } catch (error) {
    expect(error).toBeInstanceOf(SyncFailure);
    expect(error).toMatchObject({
      code: expect.stringMatching(/^(PAGE_INCOMPLETE|DOSSIER_REPEATED|ANSWER_MALFORMED)$/) as string,
    });
    return null;
  }
}

const at = (column: Column): number => rowColumns.indexOf(column);

/** Expects of a page that was taken that its rows are those that anybody else reads, without the refused ones, and bear the hashes of their contents. */
function expectFaithful(page: RowsPage): void {
  const sent = rowsOf(blocksOf(page.body).rows).map(fieldsOf);
  const removed = rowsOf(blocksOf(page.body).tombstones).map((row) => textOfUuid(fieldsOf(row)[0]));
  const refused = new Set(page.refused.map(({ uuid }) => uuid));
  const kept = sent.filter(([uuid]) => !refused.has(textOfUuid(uuid)));
  expect(page.rows.equals(blockOf(kept.map(rowOf)))).toBe(true);
  expect(page.count).toBe(kept.length);
  expect(page.refused).toHaveLength(sent.length - kept.length);
  expect(page.removed).toEqual(removed);
  expect(page.uuids()).toEqual([...sent.map(([uuid]) => textOfUuid(uuid)), ...removed]);
  for (const fields of kept) {
    expect(withHash(fields).equals(rowOf(fields))).toBe(true);
    expect([0, 1]).toContain(fields[at('active')]?.[0]);
    expect(() => JSON.parse(fields[at('meta')]?.toString() ?? '') as unknown).not.toThrow();
  }
  const shown = kept.flatMap((fields) => JSON.parse(fields[at('photos')]?.toString() ?? '') as { sha256: string }[]);
  expect(new Set(page.wanted.map(({ sha256 }) => sha256))).toEqual(new Set(shown.map(({ sha256 }) => sha256)));
}

test('a page is read as it was written', () => {
  fc.assert(
    fc.property(contents, (made) => {
      const body = pageOfContents(made);
      const before = Buffer.from(body);
      const read = readRowsPage(body);
      expectFaithful(read);
      expect(body.equals(before)).toBe(true);
      expect(read.refused).toEqual([]);
      expect(read.uuids()).toEqual([...made.dossiers.map(({ uuid }) => uuid), ...made.removed]);
      const photos = made.dossiers.flatMap(({ uuid, photos: own }) => own.map(([{ sha256, bytes }]) => ({ dossier: uuid, sha256, bytes })));
      const different = photos.filter(({ sha256 }, index) => photos.findIndex((other) => other.sha256 === sha256) === index);
      expect(read.wanted).toEqual(different);
    }),
  );
});

test('a page with bits turned over is refused, or taken without the rows that they are in', () => {
  fc.assert(
    fc.property(contents, fc.array(fc.nat(), { minLength: 1, maxLength: 3 }), (made, bits) => {
      const body = pageOfContents(made);
      for (const bit of bits) {
        const place = (bit >> 3) % body.length;
        body[place] = (body[place] ?? 0) ^ (1 << (bit & 7));
      }
      const read = readOrRefuse(body);
      if (read) expectFaithful(read);
    }),
    { numRuns: 2000 },
  );
});

test('no row is taken with a bit of its content turned over, whichever it is', () => {
  fc.assert(
    fc.property(dossier, fc.nat(), (made, bit) => {
      const row = dossierRow(made);
      const from = row.length - rowOf(fieldsOf(row).slice(at('active'))).length + 2;
      const place = from + ((bit >> 3) % (row.length - from));
      row[place] = (row[place] ?? 0) ^ (1 << (bit & 7));
      expect(readOrRefuse(pageWith({ rows: [row] }))?.count ?? 0).toBe(0);
    }),
    { numRuns: 1000 },
  );
});

test('a page that was cut is refused, wherever it was', () => {
  fc.assert(
    fc.property(contents, fc.nat(), (made, length) => {
      const body = pageOfContents(made);
      expect(readOrRefuse(body.subarray(0, length % body.length))).toBeNull();
    }),
    { numRuns: 1000 },
  );
});

test('a page with bytes taken out, put in or repeated is refused, or taken as it stands', () => {
  const edit = fc.record({ place: fc.nat(), taken: fc.nat({ max: 40 }), put: fc.uint8Array({ maxLength: 40 }) });
  fc.assert(
    fc.property(contents, edit, (made, { place, taken, put }) => {
      const body = pageOfContents(made);
      const from = place % body.length;
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
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 400 }), (bytes) => {
      expect(readOrRefuse(pageWith({ rows: [Buffer.from(bytes)] }))).toBeNull();
    }),
  );
});

const plain: Dossier = {
  uuid: '0193a5a0-0000-7000-8000-000000000001',
  created: 0n,
  modified: 0n,
  active: true,
  externalId: null,
  name: 'Ada\nLovelace\n{}\n',
  comment: blockTrailer.toString('latin1'),
  from: null,
  until: null,
  meta: {},
  photos: [],
  indent: 0,
};
const other: Dossier = { ...plain, uuid: '0193a5a0-0000-7000-8000-000000000002' };

/** What a page says of a row with some fields exchanged, between two others that are in order. */
function refusalOf(exchanged: Partial<Record<Column, Field>>, hashed = true): { code: string; sentence: string } | null {
  const last = { ...plain, uuid: '0193a5a0-0000-7000-8000-000000000003' };
  const row = hashed ? dossierRow(other, exchanged) : rowOf(rowFields(other, { hash: Buffer.alloc(32), ...exchanged }));
  const page = readRowsPage(pageWith({ rows: [dossierRow(plain), row, dossierRow(last)] }));
  expectFaithful(page);
  const [refused] = page.refused;
  if (refused) expect(refused.uuid).toBe(other.uuid);
  return refused ? { code: refused.code, sentence: refused.sentence } : null;
}

const text = (value: string): Buffer => Buffer.from(value);
const onePhoto = {
  bytes: 3,
  created_date: '2026-11-30T05:00:00.000Z',
  height: 1,
  media_type: 'image/png',
  sha256: 'ab'.repeat(32),
  width: 1,
};
const photosField = (...photos: object[]): Buffer => text(JSON.stringify(photos));

test.each<[string, Partial<Record<Column, Field>>, RegExp]>([
  ['neither active nor inactive', { active: Buffer.from([2]) }, /active/],
  ['not even that', { active: null }, /active/],
  ['without a name', { name: null }, /no name/],
  ['with an empty name', { name: Buffer.alloc(0) }, /name is empty/],
  ['with an empty external id', { external_id: Buffer.alloc(0) }, /external_id is empty/],
  ['with a name of 257 letters', { name: text('é'.repeat(257)) }, /name has 257 characters, more than 256/],
  ['with a comment of 10,001 letters', { comment: text('x'.repeat(10_001)) }, /comment has 10001 characters/],
  ['with U+0000 in its name', { name: text('a\0b') }, /name holds the character U\+0000/],
  ['with U+0000 in a long comment', { comment: text(`${'x'.repeat(500)}\0`) }, /comment holds the character U\+0000/],
  ['with a name in another encoding', { name: Buffer.from([0xe9]) }, /name is not valid UTF-8/],
  ['without a comment', { comment: null }, /no comment/],
  ['without meta', { meta: null }, /without its meta/],
  ['without photos', { photos: null }, /without its meta and photos/],
  ['created before all', { created_date: dateField(-(2n ** 63n)) }, /created_date is not within/],
  ['created in a date that is too short', { created_date: Buffer.alloc(4) }, /created_date is no date/],
  ['modified after all', { modified_date: dateField(2n ** 63n - 1n) }, /modified_date is not within/],
  ['valid from ever', { valid_from: bigEndian(4, -(2 ** 31)) }, /valid_from is not within/],
  ['valid for ever', { valid_until: bigEndian(4, 2 ** 31 - 1) }, /valid_until is not within/],
  ['valid until a date that is too long', { valid_until: Buffer.alloc(8) }, /valid_until is no date/],
  ['with a photo twice', { photos: photosField(onePhoto, onePhoto) }, /photos show abab\w+ twice/],
  ['with a photo twice among three', { photos: photosField(onePhoto, { ...onePhoto, sha256: '0'.repeat(64) }, onePhoto) }, /twice/],
  [
    'with a photo wider than numbers go',
    { photos: photosField({ ...onePhoto, width: 2 ** 40 }) },
    /photos do not have the agreed form \(0\.width/,
  ],
  ['with a photo of 10 GB', { photos: photosField({ ...onePhoto, bytes: 10 * 1024 ** 3 }) }, /0\.bytes/],
  ['with a photo of nothing', { photos: photosField({ ...onePhoto, bytes: 0 }) }, /0\.bytes/],
  ['with a photo of another kind', { photos: photosField({ ...onePhoto, media_type: 'image/gif' }) }, /0\.media_type/],
  ['with a photo without an address', { photos: photosField({ ...onePhoto, sha256: 'AB'.repeat(32) }) }, /0\.sha256/],
  ['with a photo of no date', { photos: photosField({ ...onePhoto, created_date: 'yesterday, perhaps' }) }, /0\.created_date/],
  [
    'with 501 photos',
    { photos: photosField(...Array.from({ length: 501 }, (_, n) => ({ ...onePhoto, sha256: n.toString(16).padStart(64, '0') }))) },
    /photos/,
  ],
  ['with photos that are an object', { photos: text('{}') }, /photos is no JSON array/],
  ['with features of no photo', { features: text('["AAAA"]') }, /features of its photos are 1 for 0 photos/],
  ['with features that are no base64', { photos: photosField(onePhoto), features: text('["?"]') }, /features of its photos do not have/],
  ...['A===', '====', 'AA=A', 'AAA', 'AA=='.repeat(2), 'ÀAA'].map((wrong): [string, Record<string, Buffer>, RegExp] => [
    `with features ${wrong} that are no base64`,
    { photos: photosField(onePhoto), features: text(JSON.stringify([wrong])) },
    /features of its photos do not have/,
  ]),
  ['with too many features', { photos: photosField(onePhoto), features: text('["AAAA",null]') }, /are 2 for 1 photos/],
  ['with features that are too long', { photos: photosField(onePhoto), features: text(`["${'AAAA'.repeat(2732)}"]`) }, /features/],
])('a row %s is refused by its name, and the others are taken', (_what, exchanged, sentence) => {
  expect(refusalOf(exchanged)).toEqual({ code: 'DOSSIER_MALFORMED', sentence: expect.stringMatching(sentence) as string });
});

test.each<[string, string, RegExp]>([
  ['no JSON', '{', /no JSON from byte 1 on/],
  ['nothing', '', /no JSON/],
  ['a list', '[]', /no JSON object/],
  ['two values', '{}{}', /no JSON from byte 2 on/],
  ['a comma too many', '{"a":1,}', /no JSON/],
  ['a key without quotes', '{a:1}', /no JSON/],
  ['a number with a leading zero', '{"a":01}', /no JSON/],
  ['an unknown word', '{"a":nul}', /no JSON/],
  ['a line feed in a text', '{"a":"\n"}', /no JSON/],
  ['an unknown escape', String.raw`{"a":"\x"}`, /no JSON/],
  ['an escape that is too short', String.raw`{"a":"\u12"}`, /no JSON/],
  ['U+0000', String.raw`{"a":"\u0000"}`, /U\+0000/],
  ['half of a character', String.raw`{"a":"\ud83d"}`, /half of a surrogate pair/],
  ['the other half', String.raw`{"a":"\ude00\ud83d"}`, /half of a surrogate pair/],
  ['a key twice', '{"a":1,"b":2,"a":3}', /names a key twice .* at byte 13/],
  ['a key twice, once in escapes', String.raw`{"a":1,"\u0061":2}`, /names a key twice/],
  ['a key twice among many', `{${Array.from({ length: 100 }, (_, n) => `"k${n}":{"x":1}`).join()},"k3":0}`, /names a key twice/],
  ['a number without an end', '{"a":1e400}', /number that is too large/],
  ['a very long number', `{"a":${'9'.repeat(400)}}`, /number that is too large/],
  ['a hundred levels', `{"a":${'['.repeat(100)}${']'.repeat(100)}}`, /nested deeper than 32/],
  ['a million levels', `{"a":${'['.repeat(500_000)}`, /nested deeper than 32/],
  ['another encoding', '{"a":"\u00e9"}', /not valid UTF-8/],
])('meta of %s is refused', (_what, meta, sentence) => {
  const bytes = Buffer.from(meta, meta.includes('\u00e9') ? 'latin1' : 'utf8');
  expect(refusalOf({ meta: bytes })).toEqual({ code: 'DOSSIER_MALFORMED', sentence: expect.stringMatching(sentence) as string });
});

test.each([
  String.raw`{"a":"\ud83d\ude00 \" \\ \/ \b\f\n\r\t","é":-0.5e+3,"":[true,false,null,{}]}`,
  ' {\n\t"a" : [ ] , "b" : { } }\r\n',
  `{"a":${'['.repeat(31)}${']'.repeat(31)}}`,
  `{${Array.from({ length: 100 }, (_, n) => `"k${n}":{"x":1}`).join()}}`,
  '{"a":123456789012345678901234567890,"b":1e-400,"c":0}',
])('meta that can be kept is taken as it is written: %s', (meta) => {
  expect(refusalOf({ meta: text(meta) })).toBeNull();
});

test('meta is taken exactly where a parser takes it, and holds what can be kept', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('{', '}', '[', ']', '"', ',', ':', '1', '0', '.', 'e', '-', ' ', 'a', '\\', 'u', 'true') }),
      (inner) => {
        const meta = `{"k":${inner}}`;
        let isJson = true;
        try {
          JSON.parse(meta);
        } catch {
          isJson = false;
        }
        // Only a parser's last word on a key that comes twice differs.
        const refusal = refusalOf({ meta: text(meta) });
        if (!isJson) expect(refusal?.code).toBe('DOSSIER_MALFORMED');
        else if (refusal !== null) expect(refusal.sentence).toMatch(/twice|too large|U\+0000|surrogate/);
      },
    ),
    { numRuns: 3000 },
  );
});

test.each<[string, Partial<Record<Column, Field>>]>([
  ['with fields of the longest', { name: text('é'.repeat(256)), comment: text('ж'.repeat(10_000)), external_id: text('€'.repeat(256)) }],
  [
    'with photos that were written by hand',
    {
      photos: text(
        JSON.stringify(
          [{ sha256: 'ab'.repeat(32), width: 1, height: 1, bytes: 3, media_type: 'image/png', created_date: '2026-11-30 05:00:00+00' }],
          null,
          1,
        ),
      ),
    },
  ],
  ['valid for a day', { valid_from: bigEndian(4, 0), valid_until: bigEndian(4, 0) }],
])('a row %s is taken', (_what, exchanged) => {
  expect(refusalOf(exchanged)).toBeNull();
});

test('a row that does not bear the hash of its content is refused by its name', () => {
  expect(refusalOf({}, false)).toEqual({ code: 'HASH_DIFFERS', sentence: 'Its hash is not the one of its content.' });
});

test('a refused row says what the master says of it, as far as it can be kept', () => {
  const refused = (exchanged: Partial<Record<Column, Field>>) =>
    readRowsPage(pageWith({ rows: [dossierRow(plain, exchanged)] })).refused[0];
  expect(refused({ meta: text('['), external_id: text('g-1') })).toMatchObject({ name: plain.name, externalId: 'g-1' });
  expect(refused({ name: text('a\0') })).toMatchObject({ name: null, externalId: null });
  expect(refused({ name: text('😀'.repeat(300)) })?.name).toBe('😀'.repeat(256));
});

test('a dossier twice in a page is refused, also as a tombstone, and as a refused row', () => {
  const [row, bad] = [dossierRow(plain), dossierRow(plain, { meta: text('[]') })];
  for (const page of [pageWith({ rows: [row, row] }), pageWith({ rows: [row, bad] }), pageWith({ rows: [row], removed: [plain.uuid] })]) {
    expect(() => readRowsPage(page)).toThrow(expect.objectContaining({ code: 'DOSSIER_REPEATED' }));
  }
});

test.each([
  ['the first microsecond of the year 1', earliest, true],
  ['the one before', earliest - 1n, false],
  ['the last microsecond of the year 99999', latest, true],
  ['the one after', latest + 1n, false],
])('a date that is %s: %s, %s', (_what, moment, accepted) => {
  expect(refusalOf({ created_date: dateField(moment) }) === null).toBe(accepted);
  expect(refusalOf({ modified_date: dateField(moment) }) === null).toBe(accepted);
});

test.each([
  ['0001-01-01', -730_119, true],
  ['the day before', -730_120, false],
  ['9999-12-31', 2_921_939, true],
  ['the day after', 2_921_940, false],
])('a day that is %s: %s, %s', (_what, days, accepted) => {
  expect(refusalOf({ valid_from: bigEndian(4, days) }) === null).toBe(accepted);
  expect(refusalOf({ valid_until: bigEndian(4, days) }) === null).toBe(accepted);
});
