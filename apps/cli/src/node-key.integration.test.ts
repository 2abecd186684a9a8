import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateNodeKey, nodeKeyToPem } from '@dossier/protocol/node-key.ts';
import { query } from '@dossier/postgres/database.ts';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createTestDatabase } from '../../../test/kit/database.ts';
import type { TestDatabase } from '../../../test/kit/database.ts';
import { openNodeKey, writeKeyFile } from './node-key.ts';

let test: TestDatabase;
let folder: string;
let file: string;

beforeAll(async () => {
  test = await createTestDatabase();
});
afterAll(() => test.drop());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dossier-key-'));
  file = join(folder, 'data', 'node.key');
  await query(test.database, `delete from node_keys`);
  return () => rm(folder, { recursive: true });
});

const opened = () => openNodeKey(test.database, file);
const fault = async (): Promise<string> =>
  opened().then(
    () => 'none',
    (error: Error & { exitCode?: number }) => `${error.exitCode} ${error.message.split(':')[0]}`,
  );

it('a key is made at the first start, for its owner alone, and is the same from then on, also for processes that start at once', async () => {
  const keys = await Promise.all([opened(), opened(), opened()]);
  expect(new Set(keys.map(({ nodeKey }) => nodeKey.id)).size).toBe(1);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect((await opened()).nodeKey.id).toBe(keys[0].nodeKey.id);
});

it('a file that others may read is refused', async () => {
  await opened();
  await chmod(file, 0o644);
  expect(await fault()).toBe('2 NODE_KEY_EXPOSED');
});

it('so is one that is empty, cut, or holds something else', async () => {
  await opened();
  const pem = await readFile(file, 'utf8');
  for (const text of ['', pem.slice(0, 60), 'not a key']) {
    await writeFile(file, text);
    expect(await fault()).toBe('2 NODE_KEY_MALFORMED');
  }
});

it('so is one that can not be read', async () => {
  await writeFile(join(folder, 'data'), 'a file where a folder should be');
  expect(await fault()).toBe('2 NODE_KEY_UNREADABLE');
});

it('so is another node’s, and none where there was one', async () => {
  await opened();
  await writeKeyFile(file, generateNodeKey(), 'replace');
  expect(await fault()).toBe('2 NODE_KEY_DIFFERS');
  await rm(file);
  expect(await fault()).toBe('2 NODE_KEY_MISSING');
});

it('a file that somebody brings at the first start is taken', async () => {
  const key = generateNodeKey();
  await writeKeyFile(file, key, 'unless-there');
  expect(await readFile(file, 'utf8')).toBe(nodeKeyToPem(key));
  expect((await opened()).nodeKey.id).toBe(key.id);
});
