import type { Lie } from '../lying-master.ts';
import { lie, lieIn } from './case.ts';
import type { LieCase } from './case.ts';
import { growing, made, page } from './page.ts';
import type { PageEnd } from './page.ts';
import { frozen } from './pouring.ts';
import { bytes, nothing, other, revisionOf, signed, zeros } from './telling.ts';
import type { Row } from './telling.ts';

/** Puts this in place of the first line of a page. */
const firstLine = (text: string): Lie => bytes((body) => Buffer.concat([Buffer.from(text), body.subarray(body.indexOf('\n'))]));

/** Says that the first change is all of the first page, and that more follows. */
function firstOfMore(lines: Row[], end: PageEnd): Row[] {
  end['more'] = true;
  end['next'] = revisionOf(lines[0] ?? {});
  return lines.slice(0, 1);
}

/** What is wrong in how a page is made, in lines of JSON. */
export const inPages: readonly LieCase[] = [
  ...lieIn(
    ['empty', 'delta'],
    'a page without its end line',
    ['changes', bytes((body) => body.subarray(0, body.lastIndexOf('\n', body.length - 2) + 1))],
    ['PAGE_INCOMPLETE'],
  ),
  ...lieIn(['empty', 'delta'], 'half of a page', ['changes', bytes((body) => body.subarray(0, body.length / 2))], ['PAGE_INCOMPLETE']),
  ...lieIn(['empty', 'delta'], 'nothing for a page', ['changes', bytes(() => nothing)], ['PAGE_INCOMPLETE']),
  ...lieIn(
    ['empty', 'delta'],
    'more after the end line',
    ['changes', bytes((body) => Buffer.concat([body, Buffer.from('{"kind":"end"}\n')]))],
    ['PAGE_INCOMPLETE'],
  ),
  ...lieIn(
    ['empty', 'delta'],
    'two end lines',
    ['changes', bytes((body) => Buffer.concat([body, body.subarray(body.lastIndexOf('\n', body.length - 2) + 1)]))],
    ['PAGE_INCOMPLETE'],
  ),
  ...lieIn(
    ['empty', 'delta'],
    'a line that is no change',
    ['changes', page((lines) => [...lines.slice(1), { kind: 'purge' }])],
    ['ANSWER_MALFORMED'],
  ),
  ...lieIn(
    ['empty', 'delta'],
    'a count that is too high',
    ['changes', page((_lines, end) => void (end['count'] = 99), false)],
    ['PAGE_INCOMPLETE'],
  ),
  ...lieIn(
    ['empty', 'delta'],
    'a count that is too low',
    ['changes', page((_lines, end) => void (end['count'] = 0), false)],
    ['PAGE_INCOMPLETE'],
  ),
  ...lieIn(
    ['empty', 'delta'],
    'two million lines',
    ['changes', bytes((body) => Buffer.concat([Buffer.alloc(2_000_000, '\n'), body]))],
    ['ANSWER_MALFORMED'],
  ),
  ...lieIn(['empty', 'delta'], 'a line nested a million times', ['changes', firstLine('['.repeat(1_000_000))], ['ANSWER_MALFORMED']),
  ...lieIn(
    ['empty', 'delta'],
    'a line of a million objects',
    ['changes', firstLine(`[${'{},'.repeat(1_000_000)}1]`)],
    ['ANSWER_MALFORMED'],
  ),
  ...lieIn(['empty', 'delta'], 'the changes backwards', ['changes', page((lines) => lines.toReversed())], ['PAGE_OUT_OF_ORDER']),
  ...lieIn(
    ['empty', 'delta'],
    'two changes under one revision',
    ['changes', page((lines) => lines.map((line) => ({ ...line, revision: revisionOf(lines[0] ?? {}) })))],
    ['PAGE_OUT_OF_ORDER'],
  ),
  ...lieIn(
    ['empty', 'delta'],
    'changes from before what was asked',
    ['changes', page((lines) => lines.map((line, index) => ({ ...line, revision: index })))],
    ['PAGE_OUT_OF_ORDER'],
  ),
  ...lieIn(
    ['empty', 'delta'],
    'one dossier twice',
    ['changes', page((lines) => [...lines.slice(0, 1), ...lines.slice(1).map((line) => ({ ...line, dossier: lines[0]?.['dossier'] }))])],
    ['DOSSIER_REPEATED'],
  ),
  lie(
    'one dossier twice, in other letters',
    [
      'full',
      'changes',
      page((lines) => [...lines.slice(0, 1), { ...lines[1], dossier: String(lines[0]?.['dossier']).toUpperCase() }, ...lines.slice(2)]),
    ],
    ['DOSSIER_REPEATED'],
  ),
  ...lieIn(
    ['empty', 'delta'],
    'a page of another list',
    ['changes', page((_lines, end) => void (end['dossier_list'] = other))],
    ['ANSWER_OF_ANOTHER_LIST'],
  ),
  ...lieIn(
    ['empty', 'delta'],
    'a page of another history',
    ['changes', page((_lines, end) => void (end.head['epoch'] = other))],
    ['ANSWER_OF_ANOTHER_LIST'],
  ),
  lie(
    'that the history is gone, again and again',
    ['full', 'changes', signed(410, JSON.stringify({ epoch: other, floor: 0 }))],
    ['HISTORY_LOST'],
  ),
  ...lieIn(['empty', 'delta'], 'that the history is gone, without saying which', ['changes', signed(410)], ['ANSWER_MALFORMED']),
  ...lieIn(
    ['empty', 'delta'],
    'that more follows, without getting further',
    [
      'changes',
      page((_lines, end, { asked }) => {
        end['more'] = true;
        end['next'] = Number(asked.url.searchParams.get('since'));
        return [];
      }),
    ],
    ['FEED_ENDLESS'],
  ),
  ...lieIn(['empty', 'delta'], 'empty pages without an end', ['changes', growing(() => [])], ['FEED_ENDLESS']),
  ...lieIn(
    ['delta'],
    'tiny pages without an end',
    ['changes', growing((since) => [{ kind: 'tombstone', revision: since + 1, dossier: made(since) }])],
    ['FEED_ENDLESS'],
  ),
  ...lieIn(
    ['empty', 'delta'],
    'that the last page was the last but one',
    ['changes', page((_lines, end) => void (end['more'] = true))],
    ['PAGE_OUT_OF_ORDER'],
  ),
  ...lieIn(
    ['empty', 'full'],
    'that the first page was the last',
    [
      'changes',
      page((lines, end) => {
        end['next'] = revisionOf(lines[1] ?? {});
        return lines.slice(0, 2);
      }),
    ],
    ['PAGE_OUT_OF_ORDER'],
  ),
  ...lieIn(
    ['empty', 'full'],
    'that the list ends where the first page does',
    [
      'changes',
      page((lines, end) => {
        end['next'] = revisionOf(lines[1] ?? {});
        end.head['revision'] = end['next'];
        return lines.slice(0, 2);
      }),
    ],
    ['COUNT_DIFFERS'],
  ),
  ...lieIn(['empty', 'full'], 'that the list is empty', ['changes', page(() => [])], ['COUNT_DIFFERS']),
  ...lieIn(['empty', 'full'], 'one dossier less', ['changes', page((lines) => lines.slice(1))], ['COUNT_DIFFERS']),
  ...lieIn(
    ['empty', 'full'],
    'a tombstone for a dossier that is there',
    [
      'changes',
      page((lines) =>
        lines.map((line, index) => (index === 0 ? { kind: 'tombstone', revision: line['revision'], dossier: line['dossier'] } : line)),
      ),
    ],
    ['COUNT_DIFFERS'],
  ),
  ...lieIn(
    ['empty', 'delta'],
    'a head with another digest',
    ['changes', page((_lines, end) => void (end.head['digest'] = zeros))],
    ['DIGEST_DIFFERS'],
  ),
  ...lieIn(
    ['empty', 'delta'],
    'a head with another count',
    ['changes', page((_lines, end) => void (end.head['count'] = 1000))],
    ['COUNT_DIFFERS'],
  ),
  ...lieIn(['empty', 'delta'], 'the same page again and again', ['changes', frozen(page(firstOfMore))], ['PAGE_OUT_OF_ORDER']),
];
