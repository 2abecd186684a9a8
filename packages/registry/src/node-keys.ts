import { successionMs } from '@dossier/protocol/voucher.ts';
import { query, queryOne } from '@dossier/postgres/database.ts';
import type { Connection } from '@dossier/postgres/database.ts';

/** A key by which this node was or is known. */
export interface NodeKeyRow {
  key: string;
  since: Date;
  succession: string | null;
  /** The private key, closed with a token; null where it is kept elsewhere. */
  sealed: Buffer | null;
  /** The id of that token. */
  sealed_by: string | null;
  /** The host on which it was made. */
  made_on: string | null;
}

/** Lets nobody else look for this node's key, or give it one, until the transaction ends. */
export async function lockNodeKey(tx: Connection): Promise<void> {
  await query(tx, `select pg_advisory_xact_lock(hashtextextended('dossier node key', 0))`);
}

/** The key by which this node is known; null before its first start. */
export async function readNodeKey(connection: Connection): Promise<NodeKeyRow | null> {
  return queryOne<NodeKeyRow>(
    connection,
    `select key, since, succession, sealed, sealed_by, made_on from node_keys order by since desc, key limit 1`,
  );
}

/** Whether this is a key by which this node is or was known. */
export async function wasNodeKey(connection: Connection, key: string): Promise<boolean> {
  return (await queryOne(connection, `select key from node_keys where key = :key`, { key })) !== null;
}

/** Makes this the key by which the node is known from now on. */
export async function replaceNodeKey(
  connection: Connection,
  { key, succession, madeOn }: { key: string; succession: string | null; madeOn: string },
): Promise<void> {
  await query(
    connection,
    `insert into node_keys (key, since, succession, made_on) values (:key, clock_timestamp(), :succession, :madeOn)
     on conflict (key) do update set since = excluded.since, succession = excluded.succession, made_on = excluded.made_on`,
    { key, succession, madeOn },
  );
  // Whoever holds the token is to find no more keys than the present one.
  await query(connection, `update node_keys set sealed = null, sealed_by = null where key <> :key`, { key });
}

/** Keeps the private key as it was closed with a token; null for not at all. */
export async function keepSealedKey(
  connection: Connection,
  key: string,
  { sealed, sealedBy }: { sealed: Buffer | null; sealedBy: string | null },
): Promise<void> {
  await query(connection, `update node_keys set sealed = :sealed, sealed_by = :sealedBy where key = :key`, { key, sealed, sealedBy });
}

/** What the key before said of the present one, for as long as that is news. */
export function newsOf(row: Pick<NodeKeyRow, 'since' | 'succession'>, now: Date): string | null {
  return isNews(row, now) ? row.succession : null;
}

/** Whether the key took its place so lately that the one before is still taken. */
export function isNews({ since }: Pick<NodeKeyRow, 'since'>, now: Date): boolean {
  return since.getTime() + successionMs > now.getTime();
}
