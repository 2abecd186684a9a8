import { maximumPageRows } from '@dossier/protocol/feed.ts';
import { blockTrailer } from '@dossier/protocol/rows.ts';
import { bigEndian, fieldsOf, rowOf } from '../copy-rows.ts';
import type { Lie } from '../lying-master.ts';
import { lie, lieIn } from './case.ts';
import type { LieCase } from './case.ts';
import { blocks, growing, identityOf, made, page, tombstone } from './page.ts';
import type { Parts } from './page.ts';
import { frozen } from './pouring.ts';
import { bytes, nothing, other, signed, zeros } from './telling.ts';

/** In short pages and long ones, of a first sync and of a later one. */
const inAll = (says: string, tell: Lie, code: string): LieCase[] =>
  lieIn(['empty', 'delta', 'load', 'long'], says, ['changes', tell], [code]);
/** What is merely not said in a delta is found by a comparison. */
const inFirst = (says: string, tell: Lie, code: string): LieCase[] => lieIn(['empty', 'load', 'full'], says, ['changes', tell], [code]);
const inShort = (says: string, tell: Lie, code: string): LieCase[] => lieIn(['empty', 'delta'], says, ['changes', tell], [code]);

const firstRow = (change: (row: Buffer) => Buffer): Lie => page(({ rows }) => void (rows[0] = change(rows[0] ?? nothing)));
const end = (change: (end: Parts['end']) => void, counted = true): Lie => page((parts) => change(parts.end), counted);

/** How a page is cut, counted and put together. */
const asWhole: readonly LieCase[] = [
  ...inAll(
    'a page without its end line',
    bytes((body) => body.subarray(0, body.lastIndexOf('\n', body.length - 2) + 1)),
    'PAGE_INCOMPLETE',
  ),
  ...inAll(
    'half of a page',
    bytes((body) => body.subarray(0, body.length / 2)),
    'PAGE_INCOMPLETE',
  ),
  ...inAll(
    'nothing for a page',
    bytes(() => nothing),
    'PAGE_INCOMPLETE',
  ),
  ...inAll(
    'more after the end line',
    bytes((body) => Buffer.concat([body, Buffer.from('{"kind":"end"}\n')])),
    'PAGE_INCOMPLETE',
  ),
  ...inShort(
    'two end lines',
    bytes((body) => Buffer.concat([body, body.subarray(body.lastIndexOf('\n', body.length - 2) + 1)])),
    'PAGE_INCOMPLETE',
  ),
  ...inShort(
    'an end line nested a million times',
    bytes((body) => Buffer.concat([body, Buffer.from(`${'['.repeat(1_000_000)}\n`)])),
    'PAGE_INCOMPLETE',
  ),
  ...inShort(
    'rows in the form of another release',
    bytes((body) => body, { 'content-type': 'application/vnd.dossier.rows-1' }),
    'ANSWER_UNEXPECTED',
  ),
  ...inShort(
    'a count that is too high',
    end((said) => void (said['rows'] = 99), false),
    'PAGE_INCOMPLETE',
  ),
  ...inShort(
    'a count that is too low',
    end((said) => void (said['rows'] = 0), false),
    'PAGE_INCOMPLETE',
  ),
  ...inShort(
    'one tombstone more than there is',
    end((said) => void (said['tombstones'] = Number(said['tombstones']) + 1), false),
    'PAGE_INCOMPLETE',
  ),
  ...inAll(
    'blocks that are longer than the page',
    end((said) => void (said['row_bytes'] = 2 ** 40), false),
    'PAGE_INCOMPLETE',
  ),
  ...inAll(
    'blocks that end within a row',
    end((said) => void (said['row_bytes'] = Number(said['row_bytes']) - 5), false),
    'PAGE_INCOMPLETE',
  ),
  ...inShort(
    'a block that does not begin as one',
    blocks((parts) => void (parts.rows = parts.rows.subarray(1))),
    'PAGE_INCOMPLETE',
  ),
  ...inShort(
    'a block in another version of its format',
    blocks((parts) => void (parts.rows = Buffer.from(parts.rows).fill(1, 14, 15))),
    'PAGE_INCOMPLETE',
  ),
  ...inShort(
    'a block without its end',
    blocks((parts) => void (parts.rows = parts.rows.subarray(0, -blockTrailer.length))),
    'ANSWER_MALFORMED',
  ),
  ...inShort(
    'more between two blocks',
    blocks((parts) => void (parts.rows = Buffer.concat([parts.rows, Buffer.from('x')]))),
    'PAGE_INCOMPLETE',
  ),
  ...inShort(
    'more after the last block',
    blocks((parts) => void (parts.tombstones = Buffer.concat([parts.tombstones, Buffer.from('x')]))),
    'PAGE_INCOMPLETE',
  ),
  ...inShort(
    'more rows than any page has',
    page(({ tombstones }) => {
      for (let row = 0; row <= maximumPageRows; row += 1) tombstones.push(tombstone(made(row)));
    }),
    'ANSWER_MALFORMED',
  ),
];

/** Rows that can't be told apart. */
const asRows: readonly LieCase[] = [
  ...inAll(
    'a row that is no dossier',
    firstRow(() => Buffer.from('x')),
    'ANSWER_MALFORMED',
  ),
  ...inShort(
    'a row with the end of data in it',
    firstRow(() => blockTrailer),
    'ANSWER_MALFORMED',
  ),
  ...inShort(
    'a row of fewer fields',
    firstRow((row) => rowOf(fieldsOf(row).slice(0, -1))),
    'ANSWER_MALFORMED',
  ),
  ...inShort(
    'a row of more fields',
    firstRow((row) => rowOf([...fieldsOf(row), nothing])),
    'ANSWER_MALFORMED',
  ),
  ...inShort(
    'a field of less than nothing',
    firstRow((row) => Buffer.from(row).fill(bigEndian(4, -2), 2, 6)),
    'ANSWER_MALFORMED',
  ),
  ...inShort(
    'a field that is longer than its block',
    firstRow((row) => Buffer.from(row).fill(bigEndian(4, 2 ** 31 - 1), 2, 6)),
    'ANSWER_MALFORMED',
  ),
  ...inShort(
    'an identity that is none',
    firstRow((row) => rowOf(fieldsOf(row).with(0, Buffer.from('../../etc/passwd').subarray(1)))),
    'ANSWER_MALFORMED',
  ),
  ...inShort(
    'a hash that is none',
    firstRow((row) => rowOf(fieldsOf(row).with(3, Buffer.alloc(31)))),
    'ANSWER_MALFORMED',
  ),
  ...inShort(
    'a tombstone that is none',
    page(({ tombstones }) => void tombstones.push(tombstone(Buffer.from('everybody')))),
    'ANSWER_MALFORMED',
  ),
  ...inAll(
    'one dossier twice',
    page(({ rows }) => void rows.push(rows[0] ?? nothing)),
    'DOSSIER_REPEATED',
  ),
  ...inShort(
    'a tombstone for a dossier of the page',
    page(({ rows, tombstones }) => void tombstones.push(tombstone(identityOf(rows[0])))),
    'DOSSIER_REPEATED',
  ),
];

/** Where a page stands in its list. */
const asPlaced: readonly LieCase[] = [
  ...inAll(
    'a page of another list',
    end((said) => void (said['dossier_list'] = other)),
    'ANSWER_OF_ANOTHER_LIST',
  ),
  ...inAll(
    'a page of another history',
    end(({ head }) => void (head['epoch'] = other)),
    'ANSWER_OF_ANOTHER_LIST',
  ),
  ...inAll(
    'a page from elsewhere in the list',
    end((said) => void (said.since += 1)),
    'PAGE_OUT_OF_ORDER',
  ),
  ...inAll(
    'an end beyond the head',
    end((said) => void (said.next = Number(said.head['revision']) + 1)),
    'PAGE_OUT_OF_ORDER',
  ),
  ...inAll(
    'that more follows, without getting further',
    end((said) => void (said.next = said.since)),
    'FEED_ENDLESS',
  ),
  ...inAll('the same page again and again', frozen(end((said) => void (said.next -= 1))), 'PAGE_OUT_OF_ORDER'),
  lie(
    'that the history is gone, again and again',
    ['full', 'changes', signed(410, JSON.stringify({ epoch: other, floor: 0 }))],
    ['HISTORY_LOST'],
  ),
  ...inShort('that the history is gone, without saying which', signed(410), 'ANSWER_MALFORMED'),
  // A thousand pages each: twice is enough.
  ...inShort(
    'empty pages without an end',
    growing(() => []),
    'FEED_ENDLESS',
  ),
  lie('tiny pages without an end', ['delta', 'changes', growing((since) => [tombstone(made(since))])], ['FEED_ENDLESS']),
];

/** What the list is said to hold. */
const asContent: readonly LieCase[] = [
  ...inFirst(
    'two dossiers for all before the last change',
    page(({ rows, end: said }) => {
      if (said.since > 0) return;
      rows.splice(2);
      said.next -= 1;
      said.head['revision'] = said.next;
    }),
    'COUNT_DIFFERS',
  ),
  ...inFirst(
    'that the list is empty',
    page(({ rows }) => void rows.splice(0)),
    'COUNT_DIFFERS',
  ),
  ...inFirst(
    'one dossier less',
    page(({ rows }) => void rows.pop()),
    'COUNT_DIFFERS',
  ),
  ...inFirst(
    'a tombstone for a dossier that is there',
    page(({ rows, tombstones }) => void tombstones.push(tombstone(identityOf(rows.pop())))),
    'COUNT_DIFFERS',
  ),
  ...inShort(
    'a head with another digest',
    end(({ head }) => void (head['digest'] = zeros)),
    'DIGEST_DIFFERS',
  ),
  ...inShort(
    'a head with another count',
    end(({ head }) => void (head['count'] = 1000)),
    'COUNT_DIFFERS',
  ),
];

/** What is wrong in how a page is made, and where it stands. */
export const inPages: readonly LieCase[] = [...asWhole, ...asRows, ...asPlaced, ...asContent];
