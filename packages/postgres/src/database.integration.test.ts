import { createTestDatabase } from '@dossier/test/kit/database.ts';
import type { TestDatabase } from '@dossier/test/kit/database.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exchange, openDatabase, query } from './database.ts';

let test: TestDatabase;

beforeAll(async () => {
  test = await createTestDatabase();
});
afterAll(async () => {
  await test.drop();
});

describe('a connection', () => {
  it('asks for TLS where the URL wants it, and says that the server has none', async () => {
    const url = new URL(test.url);
    url.searchParams.set('sslmode', 'require');
    const database = openDatabase(url.href, { applicationName: 'test', poolSize: 1 });
    await expect(query(database, 'select 1')).rejects.toThrow('The server does not support SSL connections');
    await database.destroy();
  });

  it('brings rows that are longer than the memory that it reads into', async () => {
    const [row] = await query<{ text: string }>(test.database, `select repeat('šč', 500000) as text`);
    expect(row?.text).toBe('šč'.repeat(500_000));
  });
});

describe('an exchange', () => {
  it('writes whole numbers and plain words into its statements', async () => {
    const answers = await exchange(test.database, ['select :number as number', 'select :word::text as word'], {
      number: 7,
      word: 'in-order',
    });
    expect(answers).toEqual([[{ number: 7 }], [{ word: 'in-order' }]]);
  });

  it.each([[`it's`], [''], ['a\\b'], [1.5], [Number.NaN]])('refuses %j, and sends nothing', async (value) => {
    await expect(exchange(test.database, ['select :value'], { value })).rejects.toThrow(RangeError);
  });
});
