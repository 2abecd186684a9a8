import { successionMs } from '@dossier/protocol/voucher.ts';
import { query, queryOne } from '@dossier/postgres/database.ts';
import type { Connection } from '@dossier/postgres/database.ts';

/** A key by which this node was or is known. */
export interface NodeKeyRow {
  key: string;
  since: Date;
  succession: string | null;
}

/** The key by which this node is known; null before its first start. */
export async function readNodeKey(connection: Connection): Promise<NodeKeyRow | null> {
  return queryOne<NodeKeyRow>(connection, `select key, since, succession from node_keys order by since desc, key limit 1`);
}

/** Whether this is a key by which this node is or was known. */
export async function wasNodeKey(connection: Connection, key: string): Promise<boolean> {
  return (await queryOne(connection, `select key from node_keys where key = :key`, { key })) !== null;
}

/** Makes this the key by which the node is known, if it has none yet; returns the one that it has. */
export async function claimNodeKey(connection: Connection, key: string): Promise<string> {
  await query(connection, `insert into node_keys (key) select :key where not exists (select from node_keys) on conflict do nothing`, {
    key,
  });
  return (await readNodeKey(connection))?.key ?? key;
}

/** Makes this the key by which the node is known from now on. */
export async function replaceNodeKey(
  connection: Connection,
  { key, succession }: { key: string; succession: string | null },
): Promise<void> {
  await query(
    connection,
    `insert into node_keys (key, since, succession) values (:key, clock_timestamp(), :succession)
     on conflict (key) do update set since = excluded.since, succession = excluded.succession`,
    { key, succession },
  );
}

/** What the key before said of the present one, for as long as that is news. */
export function newsOf(row: Pick<NodeKeyRow, 'since' | 'succession'> | null, now: Date): string | null {
  return row !== null && row.since.getTime() + successionMs > now.getTime() ? row.succession : null;
}
