import { pageOf } from '@dossier/protocol/values.ts';
import { auditEntrySchema } from '@dossier/protocol/audit.ts';
import { readinessSchema } from '@dossier/protocol/health.ts';
import { openDatabase, query } from '@dossier/postgres/database.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TestDatabase } from '../kit/database.ts';
import { FakeClock } from '../kit/fake-clock.ts';
import { NodeProcess } from '../kit/node-process.ts';
import { startPostgresServer } from '../kit/postgres-server.ts';

let clock: FakeClock;
let server: Awaited<ReturnType<typeof startPostgresServer>>;
let master: NodeProcess;
let slave: NodeProcess;

/** A node that is of the clock as a whole: its processes and their database. */
async function startNode(name: string): Promise<NodeProcess> {
  const admin = openDatabase(server.databaseUrl, { applicationName: 'test', poolSize: 1 });
  await query(admin, `create database ${name}`);
  await admin.destroy();
  const url = server.databaseUrl.replace(/postgres$/, name);
  const database = openDatabase(url, { applicationName: 'test', poolSize: 2 });
  const own: TestDatabase = { url, database, drop: () => database.destroy() };
  return NodeProcess.create(name, { topology: { workers: 'in the same process' }, environment: clock.environment, test: own });
}

beforeAll(async () => {
  clock = await FakeClock.create();
  server = await startPostgresServer({ environment: clock.environment });
  [master, slave] = await Promise.all([startNode('master'), startNode('slave')]);
});
afterAll(async () => {
  await Promise.all([master, slave].map((node) => node.remove()));
  await server.stop();
  await clock.remove();
});

async function clockOf(node: NodeProcess): Promise<string> {
  const answer = await fetch(`${node.url}/readyz`);
  return readinessSchema.parse(await answer.json()).checks['clock'];
}

async function auditOf(node: NodeProcess): Promise<number[]> {
  return (await node.want(200, pageOf(auditEntrySchema), ['GET', '/audit/?limit=100'])).results.map(({ id }) => id);
}

async function nightsOf(local: number): Promise<number> {
  return (await slave.runs(local)).filter(({ reason, finished_date: end }) => reason === 'schedule' && end !== null).length;
}

async function prunesOf(node: NodeProcess): Promise<number> {
  const [row] = await query<{ count: number }>(
    node.test.database,
    `select count(*) as count from bullmq.job where queue = 'maintenance' and name = 'prune' and state = 'completed'`,
  );
  return row?.count ?? 0;
}

test('a clock three years ahead for seconds costs neither the audit nor the nights, and is named', async () => {
  const remote = await master.makeList('list');
  await master.makeDossier([remote], { name: 'somebody' });
  const local = await slave.makeList('copy');
  await slave.link(master.url, remote, local);
  await slave.linkIn(local, 'synced');
  await slave.until('pruned once', async () => (await prunesOf(slave)) > 0);
  const audit = await auditOf(slave);
  expect(audit.length).toBeGreaterThan(0);
  expect(await clockOf(slave)).toBe('ok');

  await clock.set(1100);
  const pruned = await prunesOf(slave);
  await slave.until('aware of the jump', async () => (await clockOf(slave)).includes('1100 days ahead'));
  await slave.until('pruned in the future', async () => (await prunesOf(slave)) > pruned, 90_000);
  await slave.until('synced in the future', async () => (await nightsOf(local)) > 0);
  await clock.set(0);

  const nights = await nightsOf(local);
  await slave.until('synced for the night that was not', async () => (await nightsOf(local)) > nights);
  await slave.until('right again', async () => /is trusted again|ok/.test(await clockOf(slave)), 90_000);
  expect(await clockOf(slave)).toContain('1100 days');
  const { printed } = await slave.onHost('doctor');
  expect(printed).toContain('1100 days');
  expect(await auditOf(slave)).toEqual(expect.arrayContaining(audit));
  const link = await slave.linkIn(local, 'synced');
  expect(Date.parse(link.next_run ?? '')).toBeLessThan(Date.now() + 2 * 86_400_000);

  const before = await nightsOf(local);
  await clock.set(1);
  await slave.until('synced in the next night', async () => (await nightsOf(local)) > before);
});
