import { lie, lieIn } from './case.ts';
import type { LieCase } from './case.ts';
import { page } from './page.ts';
import { json, other, zeros } from './telling.ts';

/** What is wrong in the answers by which replica and master are compared. */
export const inComparisons: readonly LieCase[] = [
  ...lieIn(
    ['reconcile', 'verify'],
    'buckets of another list',
    ['buckets', json((said) => ({ ...said, dossier_list: other }))],
    ['ANSWER_OF_ANOTHER_LIST'],
  ),
  ...lieIn(
    ['reconcile', 'verify'],
    'a bucket that there is not',
    ['buckets', json((said) => ({ ...said, buckets: [[4096, 1, zeros]] }))],
    ['ANSWER_MALFORMED'],
  ),
  ...lieIn(
    ['reconcile', 'verify'],
    'hashes of another list',
    ['hashes', json((said) => ({ ...said, dossier_list: other }))],
    ['ANSWER_OF_ANOTHER_LIST'],
  ),
  ...lieIn(
    ['reconcile', 'verify'],
    'the hash of one dossier twice',
    ['hashes', json((said) => ({ ...said, hashes: [...(said['hashes'] as unknown[]), ...(said['hashes'] as unknown[])] }))],
    ['DOSSIER_REPEATED'],
  ),
  ...lieIn(
    ['reconcile', 'verify'],
    'hashes of other buckets',
    [
      'hashes',
      json((said) => ({
        ...said,
        hashes: Array.from({ length: 4096 }, (_, bucket) => [
          `00000000-0000-4000-8000-000000000${bucket.toString(16).padStart(3, '0')}`,
          zeros,
        ]),
      })),
    ],
    ['ANSWER_NOT_ASKED_FOR'],
  ),
  lie(
    'dossiers that were not asked for',
    ['reconcile', 'dossiers', page((lines) => [{ ...lines[0], dossier: other }, ...lines.slice(1)])],
    ['ANSWER_NOT_ASKED_FOR'],
  ),
  lie(
    'dossiers of another list',
    ['reconcile', 'dossiers', page((_lines, end) => void (end['dossier_list'] = other))],
    ['ANSWER_OF_ANOTHER_LIST'],
  ),
];
