import { query } from '@dossier/postgres/database.ts';
import type { Connection } from '@dossier/postgres/database.ts';

/** With the number of the list the key of an advisory lock by which the transaction that applies a run is found. */
const applying = 0x0f072;
const listKey = `(:listId::bigint % 2147483648)::int`;

/** For the columns of a statement in the transaction that applies a run of the list `:listId`: lets `cancelApply` find it. */
export const findableApply = `pg_advisory_xact_lock(${applying}, ${listKey})`;

/** Ends the apply of a run of this list, if one is under way, wherever it is: it is rolled back at once. For whoever may not wait until it is through. */
export async function cancelApply(connection: Connection, listId: number): Promise<void> {
  await query(
    connection,
    `select pg_cancel_backend(l.pid) from pg_locks l join pg_database d on d.oid = l.database and d.datname = current_database()
     where l.locktype = 'advisory' and l.classid = ${applying} and l.objid = ${listKey}::oid and l.objsubid = 2 and l.granted`,
    { listId },
  );
}
