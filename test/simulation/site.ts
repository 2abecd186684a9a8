import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { lockWaitMs } from './scheduler.ts';

/** A statement of the simulation itself, beside all processes. One that has a name is planned once per connection. */
export async function rowsOf<Row>(
  admin: Client,
  statement: string | { name: string; text: string },
  values: unknown[] = [],
): Promise<Row[]> {
  return (await admin.query(typeof statement === 'string' ? { text: statement, values } : { ...statement, values })).rows as Row[];
}

/**
 * Prepares a database for simulated time and for many seeds. `now()` means the simulated time, also in defaults: the schema `sim` is found
 * before the one in which PostgreSQL's own function is. `sim.reset()` empties the database, starts its sequences anew and trusts the clock. A few changes already leave
 * the digest to be computed later.
 */
const preparation = `
  create or replace function digest_at_once() returns bigint language sql immutable as 'select 2::bigint';
  create schema sim;
  create table sim.clock (at timestamptz not null);
  insert into sim.clock values (now());
  create function sim.now() returns timestamptz language sql stable as 'select at from sim.clock';
  do $$
  declare spot record;
  begin
    for spot in
      select c.table_name, c.column_name from information_schema.columns c
      where c.table_schema = 'public' and c.column_default = 'now()'
    loop
      execute format('alter table public.%I alter column %I set default sim.now()', spot.table_name, spot.column_name);
    end loop;
  end $$;
  create function sim.tables() returns setof text language sql stable as $$
    select quote_ident(table_name) from information_schema.tables
    where table_schema = 'public' and table_type = 'BASE TABLE' and table_name <> 'node' and table_name not like '%migrations%' order by 1
  $$;
  create function sim.reset() returns void language plpgsql as $$
  declare name text;
  begin
    set local session_replication_role = replica;
    for name in select * from sim.tables() loop
      execute 'delete from public.' || name;
    end loop;
    for name in select quote_ident(sequencename) from pg_sequences where schemaname = 'public' loop
      perform setval('public.' || name, 1, false);
    end loop;
    insert into public.clock (trusted_moment, age_moment) values (now(), now());
  end $$;`;

/** The settings of a cluster that nobody needs after the simulation. */
const clusterSettings = ['synchronous_commit = off', 'full_page_writes = off', 'autovacuum = off', "deadlock_timeout = '2ms'"];

/** A node's database, with the connection by which the simulation looks at it. */
export interface SiteDatabase {
  url: string;
  admin: Client;
  setClock(now: Date): Promise<void>;
  reset(): Promise<void>;
  close(): Promise<void>;
}

/** Nobody else clears away what the seeds leave; without it each one is slower than the one before. */
const resetsPerVacuum = 25;

/** Makes the settings of the simulation in a cluster. */
export async function prepareCluster(clusterUrl: string): Promise<void> {
  const admin = await connect(clusterUrl);
  for (const setting of clusterSettings) await admin.query(`alter system set ${setting}`);
  await admin.query('select pg_reload_conf()');
  await admin.end();
}

/** Clones a migrated template under a name and prepares the clone. `node` is the node's uuid. */
export async function makeSiteDatabase(
  clusterUrl: string,
  name: string,
  options: { template: string; node: string },
): Promise<SiteDatabase> {
  const cluster = await connect(clusterUrl);
  await cluster.query(`create database ${name} template ${options.template}`);
  await cluster.query(`alter database ${name} set search_path = public, sim, pg_catalog`);
  await cluster.end();
  const url = new URL(clusterUrl);
  url.pathname = `/${name}`;
  const admin = await connect(url.href);
  await admin.query(preparation);
  await admin.query('update node set uuid = $1', [options.node]);
  let resets = 0;
  return {
    url: url.href,
    admin,
    setClock: async (now) => {
      await rowsOf(admin, { name: 'clock', text: 'update sim.clock set at = $1' }, [now]);
    },
    reset: async () => {
      await admin.query('select sim.reset()');
      resets += 1;
      if (resets % resetsPerVacuum === 0) await admin.query('vacuum');
    },
    close: async () => {
      await admin.end();
    },
  };
}

async function connect(url: string): Promise<Client> {
  const client = new Client({ connectionString: url, application_name: 'simulation' });
  client.on('error', () => undefined);
  await client.connect();
  await client.query(`set timezone = 'UTC'`);
  return client;
}

/** Ends backends at once and waits until they are gone. */
export async function endBackends(admin: Client, backends: readonly number[]): Promise<void> {
  const left = { name: 'terminate', text: 'select pg_terminate_backend(pid) from pg_stat_activity where pid = any($1::int[])' };
  while ((await rowsOf(admin, left, [backends])).length > 0) await delay(1);
}

/** How many of these connections wait for a lock that another connection holds, and have waited for so long that it isn't a deadlock. */
export async function countBlocked(admin: Client, backends: readonly number[]): Promise<number> {
  const [row] = await rowsOf<{ count: number }>(
    admin,
    {
      name: 'blocked',
      text: `select count(distinct pid)::int as count from pg_locks
       where not granted and pid = any($1::int[]) and waitstart < clock_timestamp() - interval '${lockWaitMs} ms'`,
    },
    [backends],
  );
  return row?.count ?? 0;
}
