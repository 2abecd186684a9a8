import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { readinessSchema } from '@dossier/protocol/health.ts';
import { openDatabase, query } from '@dossier/postgres/database.ts';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { contentOf, NodeProcess } from '../kit/node-process.ts';
import { startPgBouncer } from '../kit/pgbouncer.ts';
import type { PgBouncer } from '../kit/pgbouncer.ts';
import { startPostgresServer } from '../kit/postgres-server.ts';

const executable = fileURLToPath(new URL('../../apps/cli/bin/dossier.mjs', import.meta.url));
let server: Awaited<ReturnType<typeof startPostgresServer>>;
let pooler: PgBouncer;

beforeAll(async () => {
  server = await startPostgresServer({ maximumConnections: 300 });
  pooler = await startPgBouncer(server.databaseUrl, 'session');
});
afterAll(async () => {
  await pooler.stop();
  await server.stop();
});

/** A node all of whose connections go through the pooler. */
async function startNode(name: string): Promise<NodeProcess> {
  const admin = openDatabase(server.databaseUrl, { applicationName: 'test', poolSize: 1 });
  await query(admin, `create database ${name}`);
  await admin.destroy();
  const database = openDatabase(server.databaseUrl.replace(/postgres$/, name), { applicationName: 'test', poolSize: 2 });
  return NodeProcess.create(name, {
    topology: { workers: name === 'master' ? 'in the same process' : 1 },
    test: { url: pooler.url(name), database, drop: () => database.destroy() },
  });
}

async function readinessOf(node: NodeProcess) {
  const answer = await fetch(`${node.url}/readyz`);
  return { code: answer.status, ...readinessSchema.parse(await answer.json()) };
}

test('in session mode lists are replicated, although the pooler refuses startup parameters; in transaction mode the node says so', async () => {
  const refused = new Client({ connectionString: `${pooler.url('postgres')}?options=-c%20lock_timeout%3D1s` });
  refused.on('error', () => undefined);
  await expect(refused.connect()).rejects.toMatchObject({ code: '08P01' });

  const [master, slave] = await Promise.all([startNode('master'), startNode('slave')]);
  try {
    const remote = await master.makeList('list');
    await master.import(
      remote,
      Array.from({ length: 500 }, (_, at) => JSON.stringify({ external_id: String(at), name: `Person ${at}` })),
    );
    const local = await slave.makeList('copy');
    await slave.link(master.url, remote, local);
    await slave.linkIn(local, 'synced');
    expect(contentOf(await slave.dossiers(local))).toEqual(contentOf(await master.dossiers(remote)));
    const listeners = await query<{ application_name: string }>(
      slave.test.database,
      `select distinct application_name from pg_stat_activity where datname = 'slave' and query ilike 'listen %'`,
    );
    expect(listeners.map(({ application_name: name }) => name)).toContain('dossier events');
    const found = await slave.onHost('doctor');
    expect([found.code, found.printed]).toEqual([0, expect.stringContaining('takes jobs and gives them')]);
    expect(await readinessOf(slave)).toMatchObject({ status: 'ok', checks: { database: 'ok', queue: 'ok', workers: 'ok' } });

    await pooler.restart('transaction');
    await slave.until('aware of the mode', async () => (await readinessOf(slave)).checks.database.includes('transaction mode'));
    expect((await fetch(`${slave.url}/readyz`)).status).toBe(503);
    const doctor = await slave.onHost('doctor');
    expect(doctor.code).toBe(1);
    expect(doctor.printed).toMatch(/PgBouncer[^]*pool_mode = session/);
    await slave.stop();
    const start = await slave.onHost('start');
    expect(start.code).toBe(1);
    expect(start.printed).toMatch(/PgBouncer[^]*pool_mode = session/);

    await pooler.restart('session');
    await slave.start();
    await master.makeDossier([remote], { name: 'Somebody' });
    await slave.sync(local);
    expect(await slave.dossiers(local)).toHaveLength(501);
  } finally {
    await Promise.all([master.remove(), slave.remove()]);
  }
});

test('startup parameters of DATABASE_URL that the pooler refuses are named', async () => {
  const child = spawn(process.execPath, [executable, 'migrate'], {
    env: { PATH: process.env['PATH'], DATABASE_URL: `${pooler.url('postgres')}?options=-c%20lock_timeout%3D1s` },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let told = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (told += text));
  const [code] = (await once(child, 'close')) as [number];
  expect([code, told]).toEqual([1, expect.stringMatching(/options[^]*ALTER ROLE/)]);
});
