import { Client } from 'pg';

/** What no update may fill: it is big, or refuses to be written by hand. */
const spared = ['dossiers', 'disk_reserve', 'audit', 'list_positions'];
const endless = 500;

/**
 * On a full disk uses up what is left in the pages of a database, too, so that no row of the node's tables and of its queue can be written. What was written
 * is cleaned up by nobody until the returned function is called.
 */
export async function fillPages(databaseUrl: string): Promise<() => Promise<void>> {
  const holder = new Client({ connectionString: databaseUrl });
  holder.on('error', () => undefined);
  await holder.connect();
  // Whoever cleans up has to leave what this snapshot could see.
  await holder.query('begin isolation level repeatable read');
  await holder.query('select 1');
  const writer = new Client({ connectionString: databaseUrl });
  await writer.connect();
  const { rows: tables } = await writer.query<{ name: string; field: string }>(
    `select format('%I.%I', n.nspname, c.relname) as name, (
       select quote_ident(a.attname) from pg_attribute a
       where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' and a.attidentity = '' order by a.attnum limit 1
     ) as field
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind = 'r' and n.nspname in ('public', 'bullmq') and c.relname <> all ($1)`,
    [spared],
  );
  for (const { name, field } of tables) {
    for (let times = 0; times < endless; times += 1) {
      const written = await writer.query(`update ${name} set ${field} = ${field}`).catch(() => null);
      if (!written?.rowCount) break;
    }
  }
  await writer.end();
  return () => holder.end();
}
