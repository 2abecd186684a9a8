import { globSync } from 'node:fs';
import { openDatabase, query } from '@dossier/postgres/database.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { contentOf, NodeProcess } from '../kit/node-process.ts';
import { startPostgresServer } from '../kit/postgres-server.ts';

let server: Awaited<ReturnType<typeof startPostgresServer>>;

beforeAll(async () => {
  const [initdb] = globSync('/usr/lib/postgresql/*/bin/initdb').toSorted();
  if (initdb === undefined) throw new Error("Debian's PostgreSQL is not here: apt-get install postgresql");
  server = await startPostgresServer({ programs: { initdb, postgres: initdb.replace(/initdb$/, 'postgres') } });
});
afterAll(() => server.stop());

/** A node whose role owns its database and may do nothing else at the server. */
async function startNode(name: string): Promise<NodeProcess> {
  const admin = openDatabase(server.databaseUrl, { applicationName: 'test', poolSize: 1 });
  await query(admin, `create role ${name} login nosuperuser nocreatedb nocreaterole`);
  await query(admin, `create database ${name} owner ${name} template template0 encoding 'UTF8'`);
  await admin.destroy();
  const url = server.databaseUrl.replace('dossier@', `${name}@`).replace(/postgres$/, name);
  const database = openDatabase(url, { applicationName: 'test', poolSize: 2 });
  return NodeProcess.create(name, { topology: { workers: 1 }, test: { url, database, drop: () => database.destroy() } });
}

test("Debian's PostgreSQL and a role that owns nothing but its database are enough", async () => {
  const [master, slave] = await Promise.all([startNode('head'), startNode('gate')]);
  try {
    const remote = await master.makeList('list');
    await master.import(
      remote,
      Array.from({ length: 500 }, (_, at) => JSON.stringify({ external_id: String(at), name: `Person ${at}` })),
    );
    const local = await slave.makeList('copy');
    await slave.link(master.url, remote, local);
    await slave.linkIn(local, 'synced');
    await master.makeDossier([remote], { name: 'Somebody' });
    await slave.sync(local);
    await slave.sync(local, 'full');
    expect(contentOf(await slave.dossiers(local))).toEqual(contentOf(await master.dossiers(remote)));
    expect((await slave.sync(local, 'verify')).state).toMatch(/synced|unchanged|verified/);
    const found = await slave.onHost('doctor');
    expect(found.printed).toMatch(/PostgreSQL 1\d/);
    expect(found.code).toBe(0);
  } finally {
    await Promise.all([master.remove(), slave.remove()]);
  }
});
