const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;

/** Steps that people count times in. */
const steps = [
  1,
  2,
  5,
  10,
  20,
  50,
  100,
  200,
  500,
  ...[1, 2, 5, 10, 15, 30].map((count) => count * second),
  ...[1, 2, 5, 10, 15, 30].map((count) => count * minute),
  ...[1, 2, 3, 6, 12, 24].map((count) => count * hour),
];
const most = 4;

/** Where lines across a chart of times stand, in ms: from 0 to the first one that nothing is above, at most four above 0. */
export function ticksOf(longest: number): number[] {
  const step = steps.find((each) => each * most >= longest) ?? Math.ceil(longest / most / hour) * hour;
  const count = Math.max(1, Math.ceil(longest / step));
  return Array.from({ length: count + 1 }, (_, index) => index * step);
}
