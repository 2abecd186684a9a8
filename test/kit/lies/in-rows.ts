import { blockTrailer, dossierRowColumns, rowsMediaType } from '@dossier/protocol/rows.ts';
import { bigEndian, blockOf, blocksOf, fieldsOf, pageOf, rowOf, rowsOf } from '../copy-rows.ts';
import type { Blocks, Field } from '../copy-rows.ts';
import type { Lie } from '../lying-master.ts';
import { lieIn } from './case.ts';
import type { LieCase } from './case.ts';
import { growing, page, puts, rememberingEnd } from './page.ts';
import type { PageEnd } from './page.ts';
import { frozen } from './pouring.ts';
import { bytes, nothing, other } from './telling.ts';

interface RowsPage {
  dossiers: Buffer[];
  photos: Buffer[];
  tombstones: Buffer[];
  end: PageEnd;
}

/** Lies in whatever form the page is asked for. */
const inBothForms =
  (inRows: Lie, inLines: Lie): Lie =>
  (exchange) =>
    exchange.request.headers.accept?.includes('rows') === true ? inRows(exchange) : inLines(exchange);

const truth: Lie = (exchange) => exchange.honest();

/** Changes the blocks of an honest page in its fast form. The lengths in the end line are made to fit. */
const blocks = (change: (parts: Blocks<PageEnd>) => void): Lie =>
  bytes((honest) => {
    const parts = blocksOf<PageEnd>(honest);
    change(parts);
    return pageOf({ ...parts, end: { ...parts.end, dossier_bytes: parts.dossiers.length, photo_bytes: parts.photos.length } });
  });

/** Changes the rows of an honest page in its fast form. Lengths and counts of the end line are made to fit, unless `counted` is false. */
const rows = (change: (rows: RowsPage) => void, counted = true): Lie =>
  bytes((honest) => {
    const parts = blocksOf<PageEnd>(honest);
    const read: RowsPage = {
      dossiers: rowsOf(parts.dossiers),
      photos: rowsOf(parts.photos),
      tombstones: rowsOf(parts.tombstones),
      end: parts.end,
    };
    change(read);
    const [dossiers, photos, tombstones] = [blockOf(read.dossiers), blockOf(read.photos), blockOf(read.tombstones)];
    const fitting = {
      dossiers: read.dossiers.length,
      photos: read.photos.length,
      tombstones: read.tombstones.length,
      dossier_bytes: dossiers.length,
      photo_bytes: photos.length,
    };
    return pageOf({ dossiers, photos, tombstones, end: { ...read.end, ...(counted && fitting) } });
  });

const firstOf = (all: Buffer[], change: (row: Buffer) => Buffer): void => {
  all[0] = change(all[0] ?? nothing);
};

/** Changes one field of a row of a dossier. */
const withField = (row: Buffer, column: (typeof dossierRowColumns)[number], change: (field: Buffer) => Field): Buffer =>
  rowOf(fieldsOf(row).map((field, index) => (dossierRowColumns[index] === column ? change(field ?? nothing) : field)));

/** Changes one field of the first dossier of a page. */
const field = (column: (typeof dossierRowColumns)[number], change: (field: Buffer) => Field): Lie =>
  rows(({ dossiers }) => firstOf(dossiers, (row) => withField(row, column, change)));

const identityOf = (row: Buffer): Field => fieldsOf(row)[0] ?? null;
const aPhoto = (dossier: Buffer): Buffer =>
  rowOf([identityOf(dossier), Buffer.alloc(32, 0xab), bigEndian(4, 1), bigEndian(4, 1), bigEndian(4, 3), Buffer.from('image/jpeg'), null]);

/** Microseconds from 2000 on, by the first of their eight bytes and all the others. */
const moment = (first: number, others: number): Buffer => Buffer.alloc(8, others).fill(first, 0, 1);
const jsonb = (text: string, version = 1): Buffer => Buffer.concat([Buffer.from([version]), Buffer.from(text)]);

/** As much the same as can be said in the readable form, for each code. */
const inLines = {
  PAGE_INCOMPLETE: bytes(() => nothing),
  ANSWER_OF_ANOTHER_LIST: page((_lines, end) => void (end['dossier_list'] = other)),
  PAGE_OUT_OF_ORDER: page((lines) => lines.toReversed()),
  FEED_ENDLESS: growing(() => []),
  DOSSIER_MALFORMED: puts((put) => ({ ...put, meta: '[]' })),
  DOSSIER_REPEATED: page((lines) => lines.map((line) => ({ ...line, dossier: lines[0]?.['dossier'] }))),
  ANSWER_MALFORMED: page((lines) => [...lines.slice(1), { kind: 'purge' }]),
  COUNT_DIFFERS: page((lines) => lines.slice(1)),
  HASH_DIFFERS: puts((put) => ({ ...put, name: 'X' })),
} as const;

/** A lie in rows, with one in the readable form that ends in the same way. What is merely not said in a delta is found by a comparison. */
function inFastForm(says: string, told: Lie, ends: keyof typeof inLines): LieCase[] {
  const syncs: LieCase['sync'][] = ends === 'COUNT_DIFFERS' ? ['load'] : ['load', 'long'];
  return lieIn(syncs, says, ['changes', inBothForms(told, inLines[ends])], [ends]).map((made) => ({
    ...made,
    inRowsOnly: (exchange) => (exchange.asked.part === 'changes' ? inBothForms(told, truth)(exchange) : exchange.honest()),
  }));
}

/** Pages of nothing, a revision a page. */
function emptyPages(): Lie {
  const endOf = rememberingEnd();
  return async (exchange) => {
    const since = Number(exchange.asked.url.searchParams.get('since'));
    const honest = await endOf(exchange);
    const none = blockOf([]);
    const counts = { dossiers: 0, photos: 0, tombstones: 0, dossier_bytes: none.length, photo_bytes: none.length };
    const end = { ...honest, ...counts, since, next: since + 1, head: { ...honest.head, revision: since + 2 } };
    const body = pageOf({ dossiers: none, photos: none, tombstones: none, end });
    return { status: 200, headers: { 'content-type': rowsMediaType }, body };
  };
}

/** What is wrong in the fast form of pages. */
export const inRows: readonly LieCase[] = [
  ...inFastForm(
    'rows without their end line',
    bytes((body) => body.subarray(0, body.lastIndexOf('\n', body.length - 2) + 1)),
    'PAGE_INCOMPLETE',
  ),
  ...inFastForm(
    'half of the rows',
    bytes((body) => body.subarray(0, body.length / 2)),
    'PAGE_INCOMPLETE',
  ),
  ...inFastForm(
    'no rows, and no end line',
    bytes(() => nothing),
    'PAGE_INCOMPLETE',
  ),
  ...inFastForm(
    'more after the end line',
    bytes((body) => Buffer.concat([body, Buffer.from('x\n')])),
    'PAGE_INCOMPLETE',
  ),
  ...inFastForm(
    'blocks that are longer than the page',
    rows(({ end }) => void (end['dossier_bytes'] = 2 ** 40), false),
    'PAGE_INCOMPLETE',
  ),
  ...inFastForm(
    'blocks that end within a row',
    rows(({ end }) => void (end['dossier_bytes'] = Number(end['dossier_bytes']) - 5), false),
    'PAGE_INCOMPLETE',
  ),
  ...inFastForm(
    'one row more than there is',
    rows(({ end }) => void (end['dossiers'] = Number(end['dossiers']) + 1), false),
    'PAGE_INCOMPLETE',
  ),
  ...inFastForm(
    'one row fewer than there are',
    rows(({ end }) => void (end['dossiers'] = Number(end['dossiers']) - 1), false),
    'PAGE_INCOMPLETE',
  ),
  ...inFastForm(
    'rows of another list',
    rows(({ end }) => void (end['dossier_list'] = other)),
    'ANSWER_OF_ANOTHER_LIST',
  ),
  ...inFastForm(
    'rows of another history',
    rows(({ end }) => void (end.head['epoch'] = other)),
    'ANSWER_OF_ANOTHER_LIST',
  ),
  ...inFastForm(
    'rows from elsewhere in the list',
    rows(({ end }) => void (end['since'] = Number(end['since']) + 1)),
    'PAGE_OUT_OF_ORDER',
  ),
  ...inFastForm(
    'the same page again and again',
    frozen(rows(({ end }) => void (end['next'] = Number(end['next']) - 1))),
    'PAGE_OUT_OF_ORDER',
  ),
  ...inFastForm(
    'that more follows, without getting further',
    rows(({ end }) => void (end['next'] = end['since'])),
    'FEED_ENDLESS',
  ),
  ...inFastForm(
    'an end beyond the head',
    rows(({ end }) => void (end['next'] = Number(end['next']) + 1)),
    'PAGE_OUT_OF_ORDER',
  ),
  // A thousand pages each: once is enough.
  ...inFastForm('pages of nothing without an end', emptyPages(), 'FEED_ENDLESS').slice(0, 1),
  ...inFastForm(
    'a block that does not begin as one',
    blocks((parts) => void (parts.dossiers = parts.dossiers.subarray(1))),
    'PAGE_INCOMPLETE',
  ),
  ...inFastForm(
    'a block in another version of its format',
    blocks((parts) => void (parts.dossiers = Buffer.from(parts.dossiers).fill(1, 14, 15))),
    'PAGE_INCOMPLETE',
  ),
  ...inFastForm(
    'a block without its end',
    blocks((parts) => void (parts.photos = parts.photos.subarray(0, -blockTrailer.length))),
    'PAGE_INCOMPLETE',
  ),
  ...inFastForm(
    'more between two blocks',
    blocks((parts) => void (parts.dossiers = Buffer.concat([parts.dossiers, Buffer.from('x')]))),
    'PAGE_INCOMPLETE',
  ),
  ...inFastForm(
    'more after the last block',
    blocks((parts) => void (parts.tombstones = Buffer.concat([parts.tombstones, Buffer.from('x')]))),
    'PAGE_INCOMPLETE',
  ),
  ...inFastForm(
    'a row that is no dossier',
    rows(({ dossiers }) => firstOf(dossiers, () => Buffer.from('x'))),
    'DOSSIER_MALFORMED',
  ),
  ...inFastForm(
    'a row with the end of data in it',
    rows(({ dossiers }) => firstOf(dossiers, () => blockTrailer)),
    'DOSSIER_MALFORMED',
  ),
  ...inFastForm(
    'a row of fewer fields',
    rows(({ dossiers }) => firstOf(dossiers, (row) => rowOf(fieldsOf(row).slice(0, -1)))),
    'DOSSIER_MALFORMED',
  ),
  ...inFastForm(
    'a row of more fields',
    rows(({ dossiers }) => firstOf(dossiers, (row) => rowOf([...fieldsOf(row), nothing]))),
    'DOSSIER_MALFORMED',
  ),
  ...inFastForm(
    'a field of less than nothing',
    rows(({ dossiers }) => firstOf(dossiers, (row) => Buffer.from(row).fill(bigEndian(4, -2), 2, 6))),
    'DOSSIER_MALFORMED',
  ),
  ...inFastForm(
    'a field that is longer than its block',
    rows(({ dossiers }) => firstOf(dossiers, (row) => Buffer.from(row).fill(bigEndian(4, 2 ** 31 - 1), 2, 6))),
    'DOSSIER_MALFORMED',
  ),
  ...inFastForm(
    'a row without a name',
    field('name', () => null),
    'DOSSIER_MALFORMED',
  ),
  ...inFastForm(
    'an identity that is too short',
    field('uuid', (uuid) => uuid.subarray(1)),
    'DOSSIER_MALFORMED',
  ),
  ...inFastForm(
    'neither active nor inactive',
    field('active', () => Buffer.from([2])),
    'DOSSIER_MALFORMED',
  ),
  ...inFastForm(
    'a date that never comes',
    field('modified_date', () => moment(0x7f, 0xff)),
    'DOSSIER_MALFORMED',
  ),
  ...inFastForm(
    'a date that always was',
    field('created_date', () => moment(0x80, 0)),
    'DOSSIER_MALFORMED',
  ),
  ...inFastForm(
    'a date before the year 1',
    field('created_date', () => moment(0xff, 0)),
    'DOSSIER_MALFORMED',
  ),
  ...inFastForm(
    'a date that is too short',
    field('created_date', (date) => date.subarray(4)),
    'DOSSIER_MALFORMED',
  ),
  ...inFastForm(
    'less than no photos',
    field('photo_count', () => bigEndian(4, -1)),
    'DOSSIER_MALFORMED',
  ),
  ...inFastForm(
    'a hash that is none',
    field('photos_hash', () => Buffer.alloc(31)),
    'DOSSIER_MALFORMED',
  ),
  ...inFastForm(
    'a name with U+0000 in its bytes',
    field('name', () => Buffer.from('a\\0b')),
    'DOSSIER_MALFORMED',
  ),
  ...inFastForm(
    'a name in another encoding',
    field('name', () => Buffer.from([0xe9])),
    'DOSSIER_MALFORMED',
  ),
  ...inFastForm(
    'meta of another version',
    field('meta', () => jsonb('{}', 2)),
    'DOSSIER_MALFORMED',
  ),
  ...inFastForm(
    'meta of no version',
    field('meta', () => nothing),
    'DOSSIER_MALFORMED',
  ),
  ...inFastForm(
    'meta that is no JSON',
    field('meta', () => jsonb('{')),
    'DOSSIER_MALFORMED',
  ),
  ...inFastForm(
    'meta in another encoding',
    field('meta', () => Buffer.concat([jsonb('{"a":"'), Buffer.from([0xe9]), Buffer.from('"}')])),
    'DOSSIER_MALFORMED',
  ),
  ...inFastForm(
    'meta with U+0000 in it',
    field('meta', () => jsonb(String.raw`{"a":"\u0000"}`)),
    'DOSSIER_MALFORMED',
  ),
  ...inFastForm(
    'meta nested a hundred times',
    field('meta', () => jsonb(`{"a": ${'['.repeat(100)}${']'.repeat(100)}}`)),
    'DOSSIER_MALFORMED',
  ),
  ...inFastForm(
    'one row twice',
    rows(({ dossiers }) => void dossiers.push(dossiers[0] ?? nothing)),
    'DOSSIER_REPEATED',
  ),
  ...inFastForm(
    'a photo of no dossier',
    rows(({ dossiers, photos }) => void photos.push(aPhoto(dossiers[0] ?? nothing))),
    'PAGE_INCOMPLETE',
  ),
  ...inFastForm(
    'a photo that the dossier does not name',
    rows(({ dossiers, photos }) => {
      firstOf(dossiers, (row) =>
        withField(
          withField(row, 'photo_count', () => bigEndian(4, 1)),
          'photos_hash',
          () => Buffer.alloc(32, 0xcd),
        ),
      );
      photos.unshift(aPhoto(dossiers[0] ?? nothing));
    }),
    'DOSSIER_MALFORMED',
  ),
  ...inFastForm(
    'a tombstone that is none',
    rows(({ tombstones }) => void tombstones.push(rowOf([Buffer.from('everybody')]))),
    'ANSWER_MALFORMED',
  ),
  ...inFastForm(
    'a tombstone for a dossier of the page',
    rows(({ dossiers, tombstones }) => void tombstones.push(rowOf([identityOf(dossiers[0] ?? nothing)]))),
    'DOSSIER_REPEATED',
  ),
  ...inFastForm(
    'one row less',
    rows(({ dossiers }) => void dossiers.pop()),
    'COUNT_DIFFERS',
  ),
  ...inFastForm(
    'no rows at all',
    rows(({ dossiers }) => void dossiers.splice(0)),
    'COUNT_DIFFERS',
  ),
  ...inFastForm(
    'another name',
    field('name', (name) => Buffer.concat([name, Buffer.from('X')])),
    'HASH_DIFFERS',
  ),
];
