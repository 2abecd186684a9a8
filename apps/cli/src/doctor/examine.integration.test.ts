import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { linkSchema } from '@dossier/protocol/sync.ts';
import { loadConfiguration } from '@dossier/runtime/configuration.ts';
import { query } from '@dossier/postgres/database.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../../../../test/kit/free-port.ts';
import { startNodeApi } from '../../../../test/kit/node-api.ts';
import type { NodeApi } from '../../../../test/kit/node-api.ts';
import { examine } from './examine.ts';
import type { Finding } from './finding.ts';

const token = 'a-token-for-tests-of-thirty-two-characters';
let folder: string;
let master: NodeApi;
let slave: NodeApi;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dossier-doctor-'));
  [master, slave] = await Promise.all([
    startNodeApi({ EXTERNAL_ADDRESS: 'http://dossiers.example' }),
    startNodeApi({ EXTERNAL_ADDRESS: 'http://dossiers.example' }),
  ]);
  const body = { remote_dossier_list: await master.makeList(), remote_url: master.url, slave_dossier_list: await slave.makeList() };
  await slave.want(202, linkSchema, ['POST', '/sync/dossier-lists/', body]);
});
afterAll(async () => {
  await Promise.all([master.stop(), slave.stop()]);
  await rm(folder, { recursive: true });
});

/** Findings about the slave, which doesn't run, by what was looked at; several of one thing become the worst. */
async function look(environment: Record<string, string> = {}): Promise<Map<string, Finding>> {
  const loaded = loadConfiguration({
    environment: {
      SYNC_TOKEN: token,
      EXTERNAL_ADDRESS: 'http://dossiers.example',
      DATA_DIR: folder,
      DATABASE_URL: slave.test.url,
      PORT: String(await freePort()),
      ...environment,
    },
    workingDirectory: folder,
  });
  const found = new Map<string, Finding>();
  for (const finding of await examine(loaded)) {
    const known = found.get(finding.check);
    if (known === undefined || known.state === 'ok') found.set(finding.check, finding);
  }
  return found;
}

test('a node in order has nothing that failed, and its masters were greeted', async () => {
  const found = await look();
  expect([...found.values()].filter(({ state }) => state === 'failed')).toEqual([]);
  expect([...found.keys()]).toEqual([
    'settings',
    'port',
    'disk',
    'photos',
    'web',
    'token',
    'address',
    'database',
    'queue',
    'workers',
    'clock',
    'key',
    `master ${master.url}`,
  ]);
  expect(found.get('port')?.sentence).toMatch(/does not run, and could/);
  expect(found.get('database')?.sentence).toMatch(/^PostgreSQL \d+/);
  expect(found.get(`master ${master.url}`)).toMatchObject({
    state: 'ok',
    sentence: expect.stringMatching(/1 list is linked|clock agrees/),
  });
  expect(JSON.stringify([...found.values()])).not.toContain(token);
});

test.each([
  ['another token', { SYNC_TOKEN: 'another-token-for-tests-of-thirty-two-characters' }, 'TOKEN_REFUSED', 'SYNC_TOKEN'],
  ['another address', { EXTERNAL_ADDRESS: 'http://elsewhere.example' }, 'EXTERNAL_ADDRESS_DIFFERS', 'EXTERNAL_ADDRESS'],
])('%s than the master has is named, with what to do', async (_what, environment, code, remedy) => {
  const finding = (await look(environment)).get(`master ${master.url}`);
  expect(finding).toMatchObject({ state: 'failed', sentence: expect.stringContaining(code), remedy: expect.stringContaining(remedy) });
});

test('a master that is away is named', async () => {
  const away = `http://127.0.0.1:${await freePort()}`;
  await query(slave.test.database, `update links set remote_url = :away`, { away });
  expect((await look()).get(`master ${away}`)).toMatchObject({ state: 'failed', sentence: expect.stringContaining('MASTER_UNREACHABLE') });
  await query(slave.test.database, `update links set remote_url = :url`, { url: master.url });
});

test('a port of somebody else, an unknown database and a folder that can not be written are told apart', async () => {
  await writeFile(join(folder, 'file'), '');
  const server = createServer((_request, response) => response.end('a web page')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = String((server.address() as AddressInfo).port);
  expect((await look({ PORT: port })).get('port')).toMatchObject({ state: 'failed', sentence: expect.stringContaining('Another program') });
  server.close();
  expect((await look({ PORT: new URL(slave.url).port })).get('port')).toMatchObject({
    state: 'ok',
    sentence: expect.stringContaining('A node answers'),
  });
  const found = await look({
    DATABASE_URL: `postgresql://nobody@127.0.0.1:${await freePort()}/x`,
    MEDIA_ROOT: join(folder, 'file', 'photos'),
  });
  expect(found.get('database')).toMatchObject({ state: 'failed', remedy: expect.stringContaining('PostgreSQL') });
  expect(found.get('photos')).toMatchObject({ state: 'failed', remedy: expect.stringContaining('MEDIA_ROOT') });
  expect(found.get('masters')?.state).toBe('skipped');
});

test('an older schema, a missing token and a queue that is away are told with their remedies', async () => {
  const [last] = await query<{ name: string }>(
    slave.test.database,
    `delete from knex_migrations where id = (select max(id) from knex_migrations) returning name`,
  );
  expect((await look()).get('database')).toMatchObject({ state: 'failed', remedy: expect.stringContaining('dossier migrate') });
  await query(slave.test.database, `insert into knex_migrations (name, batch, migration_time) values (:name, 1, now())`, {
    name: last?.name,
  });
  const found = await look({ SYNC_TOKEN: '', REDIS_URL: `redis://127.0.0.1:${await freePort()}` });
  expect(found.get('token')).toMatchObject({ state: 'warning', remedy: expect.stringContaining('openssl rand') });
  expect(found.get('queue')).toMatchObject({ state: 'failed', remedy: expect.stringContaining('REDIS_URL') });
});

test('a collation of another version than the indexes were sorted by is told, with how to sort them anew', async () => {
  const { database } = slave.test;
  expect((await look()).get('collation')).toBeUndefined();
  const [before] = await query<{ version: string }>(
    database,
    `update pg_collation set collversion = '1.0' where collname = 'und-x-icu' returning pg_collation_actual_version(oid) as version`,
  );
  expect((await look()).get('collation')).toMatchObject({
    state: 'failed',
    sentence: expect.stringContaining(`has version ${before?.version}`),
    remedy: expect.stringMatching(/REINDEX TABLE CONCURRENTLY dossiers; then: ALTER COLLATION pg_catalog."und-x-icu" REFRESH VERSION/),
  });
  await query(database, `reindex table dossiers`);
  await query(database, `alter collation pg_catalog."und-x-icu" refresh version`);
  expect((await look()).get('collation')).toBeUndefined();
});

test('a database without pg_trgm, or without its index, is told to find no mistyped names, with what to do', async () => {
  const { database } = slave.test;
  expect((await look()).get('search')).toBeUndefined();
  await query(database, `drop index search_terms_trigrams`);
  expect((await look()).get('search')).toMatchObject({ state: 'warning', remedy: expect.stringContaining('dossier migrate') });
  await query(database, `drop extension pg_trgm cascade`);
  expect((await look()).get('search')).toMatchObject({
    state: 'warning',
    sentence: expect.stringContaining('lacks the extension pg_trgm'),
    remedy: expect.stringContaining('CREATE EXTENSION pg_trgm'),
  });
  await query(database, `select provide_trigrams()`);
  expect((await look()).get('search')).toBeUndefined();
});

test('a role that may not VACUUM the tables is told', async () => {
  const { database } = slave.test;
  await query(database, `create role doctors_patient login password 'patient'`);
  await query(database, `grant select, insert, update, delete on all tables in schema public to doctors_patient`);
  await query(database, `grant usage on schema bullmq to doctors_patient; grant all on all tables in schema bullmq to doctors_patient`);
  const url = new URL(slave.test.url);
  url.username = 'doctors_patient';
  url.password = 'patient';
  const findings = await examine(
    loadConfiguration({
      environment: { DATA_DIR: folder, DATABASE_URL: url.href, PORT: String(await freePort()) },
      workingDirectory: folder,
    }),
  );
  expect(findings).toContainEqual(
    expect.objectContaining({ state: 'warning', sentence: expect.stringContaining("can't ANALYZE or VACUUM") }),
  );
  await query(database, `drop owned by doctors_patient; drop role doctors_patient`);
});
