import { expect, it } from 'vitest';
import { createGate } from './gate.ts';

it('lets so many in at once, the others in their turn, also after failures', async () => {
  const inTurn = createGate(2);
  let inside = 0;
  let most = 0;
  const order: number[] = [];
  const work = (number: number) => async () => {
    order.push(number);
    inside += 1;
    most = Math.max(most, inside);
    await new Promise((resolve) => setImmediate(resolve));
    inside -= 1;
    if (number % 3 === 0) throw new Error('fails');
    return number;
  };
  const results = await Promise.allSettled(Array.from({ length: 9 }, (_, number) => inTurn(work(number))));
  expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(3);
  expect([most, order]).toEqual([2, [0, 1, 2, 3, 4, 5, 6, 7, 8]]);
  expect(await inTurn(work(1))).toBe(1);
});
