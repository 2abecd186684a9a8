import { bigEndian } from '../copy-rows.ts';
import type { Lie } from '../lying-master.ts';
import { lieIn } from './case.ts';
import type { LieCase } from './case.ts';
import { field, forged } from './page.ts';
import { zeros } from './telling.ts';

const malformed = (says: string, tell: Lie): LieCase[] => lieIn(['empty', 'delta'], says, ['changes', tell], ['DOSSIER_MALFORMED']);
const differing = (says: string, tell: Lie): LieCase[] =>
  lieIn(['empty', 'delta', 'load', 'long'], says, ['changes', tell], ['HASH_DIFFERS']);

const text = (value: string) => () => Buffer.from(value);
const photo = {
  sha256: 'ab'.repeat(32),
  width: 1,
  height: 1,
  bytes: 3,
  media_type: 'image/jpeg',
  created_date: '2026-11-30T05:00:00.000Z',
};
const photos = (...shown: object[]) => text(JSON.stringify(shown));
/** Microseconds from 2000 on, by the first of their eight bytes and all the others. */
const moment = (first: number, others: number) => () => Buffer.alloc(8, others).fill(first, 0, 1);

/** What is wrong in the dossiers of a page that is in order: in all of them, since single ones are set aside by name. */
export const inDossiers: readonly LieCase[] = [
  ...differing('names that do not fit their hashes', forged('name', text('Somebody else'))),
  ...differing(
    'hashes that do not fit their dossiers',
    forged('hash', () => Buffer.from(zeros, 'hex')),
  ),
  ...differing('photos that do not fit the hashes', forged('photos', photos(photo))),
  ...malformed('a photo twice in a dossier', field('photos', photos(photo, photo))),
  ...malformed('a photo wider than numbers go', field('photos', photos({ ...photo, width: 2 ** 40 }))),
  ...malformed('a photo of 10 GB', field('photos', photos({ ...photo, bytes: 10 * 1024 ** 3 }))),
  ...malformed('photos that are no list', field('photos', text('{}'))),
  ...malformed('features of no photo', field('features', text('["AAAA"]'))),
  ...malformed(
    'dossiers without photos, not even none',
    field('photos', () => null),
  ),
  ...malformed('a name of 257 letters', field('name', text('a'.repeat(257)))),
  ...malformed(
    'no name',
    field('name', () => null),
  ),
  ...malformed('a name that can not be stored', field('name', text('a\0b'))),
  ...malformed(
    'a name in another encoding',
    field('name', () => Buffer.from([0xe9])),
  ),
  ...malformed(
    'a comment with half of a character',
    field('comment', () => Buffer.from([0xed, 0xa0, 0x80])),
  ),
  ...malformed('meta that is no object', field('meta', text('[]'))),
  ...malformed('meta that is no JSON', field('meta', text('{'))),
  ...malformed(
    'meta in another encoding',
    field('meta', () => Buffer.from('{"a":"\u00e9"}', 'latin1')),
  ),
  ...malformed('meta with U+0000 in it', field('meta', text(String.raw`{"a":"\u0000"}`))),
  ...malformed('meta with half of a character', field('meta', text(String.raw`{"a":"\ud83d"}`))),
  ...malformed('meta that says one thing twice', field('meta', text('{"a":1,"a":2}'))),
  ...malformed('meta that is nested too deeply', field('meta', text(`{"a":${'['.repeat(40)}${']'.repeat(40)}}`))),
  ...malformed('meta nested a hundred thousand times', field('meta', text(`{"a":${'['.repeat(100_000)}`))),
  ...malformed('a number in meta that nothing holds', field('meta', text('{"a":1e400}'))),
  ...malformed(
    'neither active nor inactive',
    field('active', () => Buffer.from([2])),
  ),
  ...malformed('a date that never comes', field('modified_date', moment(0x7f, 0xff))),
  ...malformed('a date that always was', field('created_date', moment(0x80, 0))),
  ...malformed('a date before the year 1', field('created_date', moment(0xff, 0))),
  ...malformed(
    'a date that is too short',
    field('created_date', (date) => date.subarray(4)),
  ),
  ...malformed('a date in letters', field('modified_date', text('now()); drop table links; --'))),
  ...malformed(
    'a validity without an end',
    field('valid_until', () => bigEndian(4, 2 ** 31 - 1)),
  ),
];
