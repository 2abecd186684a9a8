import { randomBytes, randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { UuidPositions } from './uuid-positions.ts';

/** Uuids with some bytes before each, as in a page. */
function pageOf(uuids: readonly string[]): UuidPositions {
  const page = Buffer.concat(uuids.flatMap((uuid) => [randomBytes(3), Buffer.from(uuid.replaceAll('-', ''), 'hex')]));
  const positions = new UuidPositions(page);
  for (const index of uuids.keys()) positions.add(19 * index + 3);
  return positions;
}

test('uuids are written as they stand, in their order', () => {
  const uuids = Array.from({ length: 3000 }, () => randomUUID());
  const positions = pageOf(uuids);
  expect(positions.texts()).toEqual(uuids);
  expect(positions.count).toBe(3000);
  expect(positions.findRepeated()).toBeNull();
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
