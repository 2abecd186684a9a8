import { createTestDatabase } from '@dossier/test/kit/database.ts';
import type { TestDatabase } from '@dossier/test/kit/database.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { boundedBy } from './bound.ts';
import { openDatabase, query, transaction } from './database.ts';
import { translateDatabaseError } from './postgres-errors.ts';

let test: TestDatabase;
beforeAll(async () => {
  test = await createTestDatabase();
});
afterAll(() => test.drop());

async function failureOf(sql: string): Promise<unknown> {
  return transaction(test.database, async (tx) => {
    await query(tx, `set local statement_timeout = '50ms'`);
    await query(tx, sql);
  }).catch((error: unknown) => error);
}

it('a limit of time of the database is told as what it is, not as others who change the same data', async () => {
  const told = translateDatabaseError(await failureOf('select pg_sleep(5)'));
  expect(told).toMatchObject({
    code: 'UNAVAILABLE',
    message: expect.stringContaining('longer than the database allows') as string,
    remedy: expect.stringContaining('statement_timeout') as string,
  });
});

it('a statement_timeout of the role is for people: an apply takes what it takes', async () => {
  await query(test.database, `create role hasty login superuser password 'hasty'`);
  await query(test.database, `alter role hasty set statement_timeout = '50ms'`);
  const url = new URL(test.url);
  url.username = 'hasty';
  url.password = 'hasty';
  const hasty = openDatabase(url.href, { applicationName: 'test', poolSize: 1 });
  await query(hasty, 'select pg_sleep(0.2)');
  await hasty.destroy();
  await query(test.database, `drop role hasty`);
});

it('statements of a look are cancelled at the server when it is broken off, also where the pool is used up', async () => {
  const single = openDatabase(test.url, { applicationName: 'one connection', poolSize: 1 });
  const running = async (): Promise<number> =>
    (await query(test.database, `select from pg_stat_activity where application_name = 'one connection' and state = 'active'`)).length;
  const gone = new AbortController();
  const look = boundedBy(gone.signal, () => query(single, 'select pg_sleep(60)'));
  await expect.poll(running).toBe(1);
  gone.abort(new Error('whoever asked has gone away'));
  await expect(look).rejects.toThrow('whoever asked has gone away');
  await expect.poll(running).toBe(0);
  expect(await query(single, 'select 1 as one')).toEqual([{ one: 1 }]);
  await single.destroy();
});
