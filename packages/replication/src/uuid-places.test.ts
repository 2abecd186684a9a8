import { randomBytes, randomUUID } from 'node:crypto';
import { maximumPageRows } from '@dossier/protocol/feed.ts';
import { expect, test } from 'vitest';
import { UuidPlaces } from './uuid-places.ts';

/** Uuids with some bytes before each, as in a page. */
function pageOf(uuids: readonly string[]): UuidPlaces {
  const page = Buffer.concat(uuids.flatMap((uuid) => [randomBytes(3), Buffer.from(uuid.replaceAll('-', ''), 'hex')]));
  const places = new UuidPlaces(page);
  for (const index of uuids.keys()) places.add(19 * index + 3);
  return places;
}

test('uuids are written as they stand, in their order', () => {
  const uuids = Array.from({ length: 3000 }, () => randomUUID());
  const places = pageOf(uuids);
  expect(places.texts()).toEqual(uuids);
  expect(places.count).toBe(3000);
  expect(places.findRepeated()).toBeNull();
});

test.each([0, 1, 2, 3, 1023, 1024, 1025])('of %i uuids none stands twice, until one does', (count) => {
  const uuids = Array.from({ length: count }, () => randomUUID());
  expect(pageOf(uuids).findRepeated()).toBeNull();
  const [first] = uuids;
  if (first !== undefined) expect(pageOf([...uuids, first]).findRepeated()).toBe(first);
});

test.each([
  ['first', (digit: string) => `${digit}0000000-0000-4000-8000-000000000000`],
  ['last', (digit: string) => `00000000-0000-4000-8000-00000000000${digit}`],
])('uuids that differ in their %s digit only are different', (_where, uuidOf) => {
  const uuids = Array.from({ length: 16 }, (_, digit) => uuidOf(digit.toString(16)));
  expect(pageOf(uuids).findRepeated()).toBeNull();
  expect(pageOf([...uuids, uuidOf('7')]).findRepeated()).toBe(uuidOf('7'));
});

test('uuids that were chosen to be alike take no longer than others', () => {
  // They differ in the upper half of each fourth byte.
  const uuids = Array.from({ length: 16 ** 4 }, (_, number) => {
    const digits = number.toString(16).padStart(4, '0');
    return `000000${digits.charAt(0)}0-0000-00${digits.charAt(1)}0-0000-00${digits.charAt(2)}0000000${digits.charAt(3)}0`;
  });
  expect(pageOf(uuids).findRepeated()).toBeNull();
});

test('a page with more rows than any may have is refused', () => {
  const places = new UuidPlaces(Buffer.alloc(16));
  for (let row = 0; row < maximumPageRows; row += 1) places.add(0);
  expect(() => places.add(0)).toThrow(expect.objectContaining({ code: 'ANSWER_MALFORMED' }));
});
