import type { Knex } from 'knex';
import { query } from './database.ts';

/** Keys of PostgreSQL's advisory locks that this system takes. */
const linkingLock = 0x0d056;

/**
 * Makes a writer of dossiers and the making of a link exclude each other until the end of the transaction: who looks whether this node is
 * a slave after taking it finds what is true at the commit.
 */
export async function shareLinkingLock(tx: Knex.Transaction): Promise<void> {
  await query(tx, `select pg_advisory_xact_lock_shared(:key)`, { key: linkingLock });
}

/** The other side of `shareLinkingLock`: waits until no writer of dossiers is under way and keeps others waiting until the commit. */
export async function takeLinkingLock(tx: Knex.Transaction): Promise<void> {
  await query(tx, `select pg_advisory_xact_lock(:key)`, { key: linkingLock });
}
