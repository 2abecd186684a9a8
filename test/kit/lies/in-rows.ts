import { rowsMediaType } from '@dossier/protocol/rows.ts';
import type { Lie } from '../lying-master.ts';
import { lieIn } from './case.ts';
import type { LieCase } from './case.ts';
import { growing, page, puts, rememberingEnd } from './page.ts';
import type { PageEnd } from './page.ts';
import { frozen } from './pouring.ts';
import { bytes, nothing, other } from './telling.ts';

interface RowsPage {
  dossiers: string[];
  photos: string[];
  tombstones: string[];
  end: PageEnd;
}

/** Lies in whatever form the page is asked for. */
const inBothForms =
  (inRows: Lie, inLines: Lie): Lie =>
  (exchange) =>
    exchange.request.headers.accept?.includes('rows') === true ? inRows(exchange) : inLines(exchange);

const truth: Lie = (exchange) => exchange.honest();

/** Changes the rows of an honest page in its fast form. Lengths and counts of the end line are made to fit, unless `counted` is false. */
const rows = (change: (rows: RowsPage) => void, counted = true): Lie =>
  bytes((honest) => {
    const lines = honest.toString('latin1').trimEnd().split('\n');
    const [end] = lines.splice(-1).map((line) => JSON.parse(line) as PageEnd);
    if (!end) throw new Error('an honest page has an end line');
    const [dossiers, photos] = [Number(end['dossiers']), Number(end['photos'])];
    const read: RowsPage = {
      dossiers: lines.slice(0, dossiers),
      photos: lines.slice(dossiers, dossiers + photos),
      tombstones: lines.slice(dossiers + photos),
      end,
    };
    change(read);
    const blocks = [read.dossiers, read.photos, read.tombstones].map((block) => block.map((line) => `${line}\n`).join(''));
    const fitting = {
      dossiers: read.dossiers.length,
      photos: read.photos.length,
      tombstones: read.tombstones.length,
      dossier_bytes: blocks[0]?.length,
      photo_bytes: blocks[1]?.length,
    };
    return Buffer.from(`${blocks.join('')}${JSON.stringify({ ...end, ...(counted && fitting) })}\n`, 'latin1');
  });

const firstOf = (lines: string[], change: (line: string) => string): void => {
  lines[0] = change(lines[0] ?? '');
};
const aPhoto = (row: string): string => `${row.slice(0, 36)}\t\\\\x${'ab'.repeat(32)}\t1\t1\t3\timage/jpeg\t\\N`;

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
    const none = { dossiers: 0, photos: 0, tombstones: 0, dossier_bytes: 0, photo_bytes: 0 };
    const end = { ...honest, ...none, since, next: since + 1, head: { ...honest.head, revision: since + 2 } };
    return { status: 200, headers: { 'content-type': rowsMediaType }, body: Buffer.from(`${JSON.stringify(end)}\n`) };
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
    'a row that is no dossier',
    rows(({ dossiers }) => firstOf(dossiers, () => 'x')),
    'DOSSIER_MALFORMED',
  ),
  ...inFastForm(
    'a row with the end of data in it',
    rows(({ dossiers }) => firstOf(dossiers, () => String.raw`\.`)),
    'DOSSIER_MALFORMED',
  ),
  ...inFastForm(
    'an identity in capitals',
    rows(({ dossiers }) => firstOf(dossiers, (row) => row.slice(0, 36).toUpperCase() + row.slice(36))),
    'DOSSIER_MALFORMED',
  ),
  ...inFastForm(
    'a date that is none',
    rows(({ dossiers }) => firstOf(dossiers, (row) => row.replace(/\t\d{4}-/, '\tyesterday-'))),
    'DOSSIER_MALFORMED',
  ),
  ...inFastForm(
    'a day that there is not',
    rows(({ dossiers }) => firstOf(dossiers, (row) => row.replace(/\t(\d{4})-\d\d-\d\d/, '\t$1-02-31'))),
    'DOSSIER_MALFORMED',
  ),
  ...inFastForm(
    'meta nested a hundred times',
    rows(({ dossiers }) => firstOf(dossiers, (row) => row.replace(/[^\t]*$/, `{"a": ${'['.repeat(100)}${']'.repeat(100)}}`))),
    'DOSSIER_MALFORMED',
  ),
  ...inFastForm(
    'one row twice',
    rows(({ dossiers }) => void dossiers.push(dossiers[0] ?? '')),
    'DOSSIER_REPEATED',
  ),
  ...inFastForm(
    'a photo of no dossier',
    rows(({ dossiers, photos }) => void photos.push(aPhoto(dossiers[0] ?? ''))),
    'PAGE_INCOMPLETE',
  ),
  ...inFastForm(
    'a photo that the dossier does not name',
    rows(({ dossiers, photos }) => {
      firstOf(dossiers, (row) => row.replace(/\t0\t\\\\x\t/, `\t1\t\\\\x${'cd'.repeat(32)}\t`));
      photos.unshift(aPhoto(dossiers[0] ?? ''));
    }),
    'DOSSIER_MALFORMED',
  ),
  ...inFastForm(
    'a tombstone that is none',
    rows(({ tombstones }) => void tombstones.push('everybody')),
    'ANSWER_MALFORMED',
  ),
  ...inFastForm(
    'a tombstone for a dossier of the page',
    rows(({ dossiers, tombstones }) => void tombstones.push((dossiers[0] ?? '').slice(0, 36))),
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
    rows(({ dossiers }) => firstOf(dossiers, (row) => row.replace('Person ', 'Person X'))),
    'HASH_DIFFERS',
  ),
];
