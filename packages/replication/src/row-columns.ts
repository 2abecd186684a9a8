import type { Knex } from 'knex';
import { rowColumns } from '@dossier/protocol/rows.ts';
import { query } from '@dossier/postgres/database.ts';

/** What of a row a master decides: dates, hash and content. Set, revision and id are this node's own. */
export const contentColumns: readonly string[] = rowColumns.filter((column) => column !== 'uuid');

const idsLock = 0x0f073;

/** Until the commit nobody else gives dossiers their ids: one that comes into two lists at once gets one id. Taken after the lists are locked. */
export async function shareIds(tx: Knex.Transaction): Promise<void> {
  await query(tx, `select pg_advisory_xact_lock(:idsLock)`, { idsLock });
}
