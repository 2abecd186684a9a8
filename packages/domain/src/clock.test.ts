import { expect, test } from 'vitest';
import { isBelievable, judgeClock } from './clock.ts';
import type { ClockMemory } from './clock.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const start = Date.UTC(2026, 10, 30);
const fresh: ClockMemory = { trusted: start, age: start, doubtful: null };

/** One process that looks every minute at a clock that is off by `offset` (ms) after so many minutes. */
function run(
  memory: ClockMemory,
  minutes: number,
  offset: (minute: number) => number,
  contact: (minute: number) => number | null = () => null,
) {
  let known = memory;
  let jump = 0;
  const jumps = new Set<number>();
  let before: { memory: ClockMemory; ranMs: number } | null = null;
  for (let at = 0; at <= minutes; at += 1) {
    ({ memory: known, jump } = judgeClock(known, { wall: start + at * minute + offset(at), before, contact: contact(at) }));
    jumps.add(jump);
    before = { memory: known, ranMs: minute };
  }
  return { memory: known, jump, jumps };
}

test('a clock in order is trusted, and deleting by age follows it', () => {
  const { memory, jumps } = run(fresh, 600, () => 0);
  expect([...jumps]).toEqual([0]);
  expect(memory).toEqual({ trusted: start + 10 * hour, age: start + 10 * hour, doubtful: null });
});

test.each([200 * day, 3 * 365 * day, -30 * day, -2 * hour])('a jump of %i ms that is put right leaves nothing behind', (offset) => {
  const { memory, jump, jumps } = run(fresh, 600, (at) => (at >= 100 && at < 130 ? offset : 0));
  expect(jump).toBe(0);
  expect([...jumps].some((each) => Math.abs(each - offset) <= 31 * minute)).toBe(true);
  expect(memory).toEqual({ trusted: start + 10 * hour, age: start + 10 * hour, doubtful: null });
});

test('a clock three years ahead is believed after a day, and no more than a day’s worth is past its time', () => {
  const early = run(fresh, 23 * 60, (at) => (at > 0 ? 1095 * day : 0));
  expect(early.memory).toMatchObject({ trusted: start, age: start });
  const late = run(fresh, 3 * 24 * 60, (at) => (at > 0 ? 1095 * day : 0));
  expect(late.jump).toBe(0);
  expect(late.memory.trusted).toBe(start + 1098 * day);
  expect(late.memory.age - start).toBeLessThanOrEqual(2 * 1.25 * day + hour);
});

test('two jumps don’t vouch for each other', () => {
  const { memory, jump } = run(fresh, 90, (at) => (at === 0 ? 0 : at * 2 * day));
  expect(memory).toMatchObject({ trusted: start, age: start });
  expect(jump).toBeGreaterThan(100 * day);
});

test('a signed contact ends the doubt, but nothing is past its time for it', () => {
  const moved = 60 * day;
  const { memory, jump } = run(
    fresh,
    30,
    (at) => (at > 0 ? moved : 0),
    (at) => (at >= 20 ? start + at * minute + moved : null),
  );
  expect(jump).toBe(0);
  expect(memory.trusted).toBe(start + moved + 30 * minute);
  expect(memory.age).toBeLessThanOrEqual(start + hour);
});

test('a contact from before the doubt or from the future says nothing', () => {
  for (const contact of [start, start + 400 * day])
    expect(
      run(
        fresh,
        30,
        (at) => (at > 0 ? 60 * day : 0),
        () => contact,
      ).jump,
    ).toBeGreaterThan(50 * day);
});

test('a node that was off for a night goes on, and one that was off for a month is doubted', () => {
  const night = judgeClock(fresh, { wall: start + 12 * hour, before: null, contact: null });
  expect(night).toEqual({ jump: 0, memory: { trusted: start + 12 * hour, age: start + 12 * hour, doubtful: null } });
  const month = judgeClock(fresh, { wall: start + 30 * day, before: null, contact: null });
  expect(month).toMatchObject({ jump: 30 * day, memory: { trusted: start, age: start } });
});

test('several processes don’t make the time pass faster', () => {
  let memory = fresh;
  const anchors = Array.from({ length: 5 }, () => ({ memory: fresh, at: 0 }));
  for (let at = 1; at <= 120; at += 1) {
    const anchor = anchors[at % 5];
    if (!anchor) throw new Error('no anchor');
    const before = { memory: anchor.memory, ranMs: (at - anchor.at) * minute };
    ({ memory } = judgeClock(memory, { wall: start + at * minute + 20 * hour, before, contact: null }));
    Object.assign(anchor, { memory, at });
  }
  expect(memory.age - start).toBeLessThanOrEqual(1.25 * 120 * minute);
});

test('a moment after the present isn’t believed', () => {
  const now = new Date(start);
  expect(isBelievable(null, now)).toBe(false);
  expect(isBelievable(new Date(start + minute), now)).toBe(true);
  expect(isBelievable(new Date(start + hour), now)).toBe(false);
});
