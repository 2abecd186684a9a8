import { Client } from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabase } from '@dossier/test/kit/database.ts';
import type { TestDatabase } from '@dossier/test/kit/database.ts';
import { query } from './database.ts';
import { endFrozenTransactions } from './frozen.ts';

let test: TestDatabase;

beforeAll(async () => {
  test = await createTestDatabase();
});
afterAll(() => test.drop());

/** A process that locks the clock and then stands still. */
async function freeze(name: string): Promise<{ isOpen: () => Promise<boolean>; end: () => Promise<void> }> {
  const client = new Client({ connectionString: test.url, application_name: name });
  client.on('error', () => undefined);
  await client.connect();
  await client.query('begin');
  await client.query('select from clock for update');
  return {
    isOpen: () =>
      client.query('select 1').then(
        () => true,
        () => false,
      ),
    end: () => client.end().catch(() => undefined),
  };
}

it('ends what a process of this node holds that stands still, once somebody waits for it', async () => {
  const frozen = await freeze('dossier worker');
  expect(await endFrozenTransactions(test.database, { seconds: 0 })).toBe(0);
  const waiter = query(test.database, `select from clock for update`);
  await expect.poll(() => endFrozenTransactions(test.database, { seconds: 0 })).toBe(1);
  expect(await waiter).toHaveLength(1);
  expect(await frozen.isOpen()).toBe(false);
  await frozen.end();
});

it('leaves alone who has only just come, and programs of others', async () => {
  for (const [name, seconds] of [
    ['dossier worker', 60],
    ['psql', 0],
  ] as const) {
    const other = await freeze(name);
    const waiter = query(test.database, `select from clock for update`);
    await expect
      .poll(() => query(test.database, `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`))
      .toHaveLength(1);
    expect(await endFrozenTransactions(test.database, { seconds })).toBe(0);
    expect(await other.isOpen()).toBe(true);
    await other.end();
    await waiter;
  }
});
