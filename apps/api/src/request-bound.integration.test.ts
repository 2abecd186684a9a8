import { query } from '@dossier/postgres/database.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApi } from '../../../test/kit/api.ts';
import type { TestApi } from '../../../test/kit/api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi(async ({ test: { database } }) => ({
    routes: [
      {
        method: 'get',
        path: '/test/slow/',
        access: 'viewer',
        operation: { responses: {} },
        handle: async (_request, response) => {
          response.json(await database.transaction((tx) => query(tx, `select pg_sleep(60), 'slow'`)));
        },
      },
    ],
  }));
});
afterAll(() => api.stop());

async function running(): Promise<number> {
  const rows = await query(
    api.test.database,
    `select from pg_stat_activity where datname = current_database() and state <> 'idle' and query like 'select pg_sleep(60)%'`,
  );
  return rows.length;
}

test('what somebody asked for who has gone away is broken off at the database', async () => {
  const gone = new AbortController();
  const asked = fetch(`${api.url}/test/slow/`, { headers: { authorization: `Token ${api.tokens.viewer}` }, signal: gone.signal });
  await expect.poll(running).toBe(1);
  gone.abort();
  await expect(asked).rejects.toThrow('abort');
  await expect.poll(running).toBe(0);
  expect((await api.call('GET', '/dossiers/')).status).toBe(200);
});
