import type { Client } from 'pg';
import { rowsOf } from './site.ts';

/** A backup of a database: all rows of all tables, and where the sequences stood. */
export interface Backup {
  tables: { name: string; columns: string[]; rows: string }[];
  sequences: { name: string; value: string | null }[];
}

/** Backs a database up as of one moment. */
export async function takeBackup(admin: Client): Promise<Backup> {
  await admin.query('begin isolation level repeatable read read only');
  const names = await rowsOf<{ name: string; columns: string[] }>(
    admin,
    `select t.name, array_agg(quote_ident(c.column_name) order by c.ordinal_position) as columns
     from sim.tables() t (name) join information_schema.columns c on c.table_schema = 'public' and quote_ident(c.table_name) = t.name
     where c.is_generated = 'NEVER' group by t.name order by t.name`,
  );
  const tables: Backup['tables'] = [];
  for (const { name, columns } of names) {
    const [row] = await rowsOf<{ rows: string }>(admin, `select coalesce(json_agg(t), '[]')::text as rows from public.${name} t`);
    if (row && row.rows !== '[]') tables.push({ name, columns, rows: row.rows });
  }
  const sequences = await rowsOf<Backup['sequences'][number]>(
    admin,
    `select quote_ident(sequencename) as name, last_value as value from pg_sequences where schemaname = 'public'`,
  );
  await admin.query('commit');
  return { tables, sequences };
}

/** Restores a backup over whatever the database holds. */
export async function restoreBackup(admin: Client, backup: Backup): Promise<void> {
  await admin.query('begin');
  await admin.query(`set local session_replication_role = replica`);
  for (const { name } of await rowsOf<{ name: string }>(admin, 'select * from sim.tables() t (name)')) {
    await admin.query(`delete from public.${name}`);
  }
  for (const { name, columns, rows } of backup.tables) {
    const list = columns.join(', ');
    await admin.query(
      `insert into public.${name} (${list}) overriding system value select ${list} from json_populate_recordset(null::public.${name}, $1::json)`,
      [rows],
    );
  }
  for (const { name, value } of backup.sequences) {
    await admin.query(`select setval('public.${name}', coalesce($1::bigint, 1), $1::bigint is not null)`, [value]);
  }
  await admin.query('commit');
}
