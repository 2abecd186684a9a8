import { Client } from 'pg';

/** A statement of the simulation itself, beside all processes. */
export async function rowsOf<Row>(admin: Client, sql: string, values: unknown[] = []): Promise<Row[]> {
  return (await admin.query(sql, values)).rows as Row[];
}

/**
 * Prepares a database for simulated time and for many seeds. `now()` means the simulated time, also in defaults: the schema `sim` is found
 * before the one in which PostgreSQL's own function is. `sim.reset()` empties the database and starts its sequences anew.
 */
const preparation = `
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
  return {
    url: url.href,
    admin,
    setClock: async (now) => {
      await admin.query('update sim.clock set at = $1', [now]);
    },
    reset: async () => {
      await admin.query('select sim.reset()');
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
  await admin.query(
    'select pg_terminate_backend(pid, 5000) from unnest($1::int[]) as pid where pid in (select a.pid from pg_stat_activity a)',
    [backends],
  );
}

/** How many connections with one of these names wait for a lock that another connection holds. */
export async function countBlocked(admin: Client, names: readonly string[]): Promise<number> {
  const [row] = await rowsOf<{ count: number }>(
    admin,
    `select count(*)::int as count from pg_stat_activity
     where application_name = any($1) and state = 'active' and cardinality(pg_blocking_pids(pid)) > 0`,
    [names],
  );
  return row?.count ?? 0;
}
