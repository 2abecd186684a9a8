import { StatementNumbers } from '@dossier/replication/statement-numbers.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabase } from '../kit/database.ts';
import type { TestDatabase } from '../kit/database.ts';

/* The numbers under which the processes of a node say something to masters, who take those of yesterday for a copy's. */

let test: TestDatabase;
beforeAll(async () => {
  test = await createTestDatabase();
});
afterAll(() => test.drop());

it.each([
  ['slept', 15 * 60_000],
  ['had its clock put back', -60_000],
])('a process whose machine has %s goes on behind what the others have said meanwhile, and not before', async (_what, passedMs) => {
  let passed = 0;
  const now = () => new Date(Date.now() + passed);
  const [sleeper, other] = [new StatementNumbers(test.database, now), new StatementNumbers(test.database, now)];
  const first = await sleeper.next();
  expect(await sleeper.next()).toBe(first + 1);
  const others = await other.next();
  passed = passedMs;
  expect(await sleeper.next()).toBeGreaterThan(others);
});
