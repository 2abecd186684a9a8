import { lieIn } from './case.ts';
import type { LieCase } from './case.ts';
import { puts } from './page.ts';
import { zeros } from './telling.ts';

/** What is wrong in the dossiers of a page that is in order. */
export const inDossiers: readonly LieCase[] = [
  ...lieIn(
    ['empty', 'delta'],
    'a name that does not fit its hash',
    ['changes', puts((put) => ({ ...put, name: 'Somebody else' }))],
    ['HASH_DIFFERS'],
  ),
  ...lieIn(
    ['empty', 'delta'],
    'a hash that does not fit its dossier',
    ['changes', puts((put) => ({ ...put, hash: zeros }))],
    ['HASH_DIFFERS'],
  ),
  ...lieIn(
    ['empty', 'delta'],
    'a photo that does not fit the hash',
    [
      'changes',
      puts((put) => ({
        ...put,
        photos: [{ sha256: 'ab'.repeat(32), width: 1, height: 1, bytes: 3, media_type: 'image/jpeg', features: null }],
      })),
    ],
    ['HASH_DIFFERS'],
  ),
  ...lieIn(
    ['empty', 'delta'],
    'a photo twice in one dossier',
    [
      'changes',
      puts((put) => {
        const photo = { sha256: 'ab'.repeat(32), width: 1, height: 1, bytes: 3, media_type: 'image/jpeg', features: null };
        return { ...put, photos: [photo, photo] };
      }),
    ],
    ['DOSSIER_MALFORMED'],
  ),
  ...lieIn(
    ['empty', 'delta'],
    'a photo wider than numbers go',
    [
      'changes',
      puts((put) => ({
        ...put,
        photos: [{ sha256: 'ab'.repeat(32), width: 2 ** 40, height: 1, bytes: 3, media_type: 'image/jpeg', features: null }],
      })),
    ],
    ['DOSSIER_MALFORMED'],
  ),
  ...lieIn(
    ['empty', 'delta'],
    'a photo of 10 GB',
    [
      'changes',
      puts((put) => ({
        ...put,
        photos: [{ sha256: 'ab'.repeat(32), width: 1, height: 1, bytes: 10 * 1024 ** 3, media_type: 'image/jpeg', features: null }],
      })),
    ],
    ['DOSSIER_MALFORMED'],
  ),
  ...lieIn(
    ['empty', 'delta'],
    'a name of 257 letters',
    ['changes', puts((put) => ({ ...put, name: 'a'.repeat(257) }))],
    ['DOSSIER_MALFORMED'],
  ),
  ...lieIn(
    ['empty', 'delta'],
    'a name that can not be stored',
    ['changes', puts((put) => ({ ...put, name: 'a\u0000' }))],
    ['DOSSIER_MALFORMED'],
  ),
  ...lieIn(
    ['empty', 'delta'],
    'a comment with half of a character',
    ['changes', puts((put) => ({ ...put, comment: '\ud800' }))],
    ['DOSSIER_MALFORMED'],
  ),
  ...lieIn(['empty', 'delta'], 'meta that is no object', ['changes', puts((put) => ({ ...put, meta: '[]' }))], ['DOSSIER_MALFORMED']),
  ...lieIn(
    ['empty', 'delta'],
    'meta that is nested too deeply',
    ['changes', puts((put) => ({ ...put, meta: `{"a":${'['.repeat(40)}${']'.repeat(40)}}` }))],
    ['DOSSIER_MALFORMED'],
  ),
  ...lieIn(
    ['empty', 'delta'],
    'a number in meta that nothing holds',
    ['changes', puts((put) => ({ ...put, meta: '{"a":1e400}' }))],
    ['DOSSIER_MALFORMED'],
  ),
  ...lieIn(
    ['empty', 'delta'],
    'a date that is none',
    ['changes', puts((put) => ({ ...put, created_date: 'yesterday, perhaps' }))],
    ['DOSSIER_MALFORMED'],
  ),
  ...lieIn(
    ['empty', 'delta'],
    'a date in SQL',
    ['changes', puts((put) => ({ ...put, modified_date: 'now()); drop table links; --' }))],
    ['DOSSIER_MALFORMED'],
  ),
  ...lieIn(
    ['empty', 'delta'],
    'an identity that is none',
    ['changes', puts((put) => ({ ...put, dossier: '../../etc/passwd' }))],
    ['ANSWER_MALFORMED'],
  ),
];
