import type { Knex } from 'knex';
import { notFound } from '@dossier/runtime/errors.ts';
import { query, queryOne, transaction } from '@dossier/postgres/database.ts';
import type { Database } from '@dossier/postgres/database.ts';
import { noteGarbageOf } from '../photo-garbage.ts';

/** What was erased from the bin. */
export interface Erasure {
  dossiers: number;
  /** Of one dossier. */
  uuid: string | null;
}

/** Erases a dossier from the bin, for good, in all deletions that took it. NOT_FOUND if it isn't there. */
export async function eraseDossier(database: Database, id: number): Promise<Erasure> {
  return transaction(database, async (tx) => {
    await holdSets(tx, `set_id in (select set_id from rows_of(:id))`, { id });
    const which = `d.id + 0 = :id and exists (select from binned_sets b where b.set_id = d.set_id)`;
    await noteGarbageOf(tx, `select d.photos from dossiers d where ${which}`, { id });
    await forgetFormers(tx, which, { id });
    const gone = await query<{ set_id: number; uuid: string }>(tx, `delete from dossiers d where ${which} returning d.set_id, d.uuid`, {
      id,
    });
    const [first] = gone;
    if (!first) throw notFound(`dossier ${id} in the bin`);
    await countOut(
      tx,
      gone.map(({ set_id: setId }) => ({ setId, rows: 1 })),
    );
    return { dossiers: 1, uuid: first.uuid };
  });
}

/** Erases what a deletion took, or all that is in the bin, for good. NOT_FOUND if there is no such deletion in the bin. */
export async function eraseDeletion(database: Database, deletion: number | null): Promise<Erasure> {
  return transaction(database, async (tx) => {
    const which = `:deletion::bigint is null or deletion_id = :deletion`;
    const sets = await holdSets(tx, which, { deletion });
    if (sets.length === 0 && deletion !== null) throw notFound(`deletion ${deletion} in the bin`);
    const ids = sets.map((set) => set.set_id);
    await noteGarbageOf(tx, `select photos from dossiers where set_id = any(:ids::bigint[])`, { ids });
    await forgetFormers(tx, `d.set_id = any(:ids::bigint[])`, { ids });
    await query(tx, `delete from dossiers where set_id = any(:ids::bigint[])`, { ids });
    await query(tx, `delete from deletions where id in (select deletion_id from binned_sets where set_id = any(:ids::bigint[]))`, { ids });
    return { dossiers: sets.reduce((sum, set) => sum + set.dossier_count, 0), uuid: null };
  });
}

/** Forgets what imports found of dossiers that are about to be erased and are in no list. Photos that only that showed are noted for collection. */
async function forgetFormers(tx: Knex.Transaction, which: string, parameters: Record<string, unknown>): Promise<void> {
  const isErased = `f.uuid in (select d.uuid from dossiers d where ${which})
    and not exists (select from list_positions p join dossiers o on o.set_id = p.set_id and o.uuid = f.uuid)`;
  await noteGarbageOf(tx, `select f.photos from import_formers f where ${isErased}`, parameters);
  await query(tx, `delete from import_formers f where ${isErased}`, parameters);
}

/** Locks sets of the bin against others who restore or erase, and says that this transaction writes rows. */
export async function holdSets(
  tx: Knex.Transaction,
  which: string,
  parameters: Record<string, unknown>,
): Promise<{ set_id: number; dossier_count: number }[]> {
  await query(tx, `select set_config('dossier.writer', 'on', true)`);
  return query(tx, `select set_id, dossier_count from binned_sets where ${which} order by set_id for update`, parameters);
}

/** Counts rows that left the bin; a set without rows, and a deletion without sets, leaves it, too. What else belongs to the set is left to upkeep. */
export async function countOut(tx: Knex.Transaction, gone: readonly { setId: number; rows: number }[]): Promise<void> {
  await query(
    tx,
    `update binned_sets b set dossier_count = b.dossier_count - g.rows from unnest(:sets::bigint[], :rows::bigint[]) g (set_id, rows) where b.set_id = g.set_id`,
    { sets: gone.map(({ setId }) => setId), rows: gone.map(({ rows }) => rows) },
  );
  await query(
    tx,
    `with empty as (
       delete from binned_sets where dossier_count <= 0 and set_id = any(:sets::bigint[]) returning set_id, deletion_id
     )
     delete from deletions d using empty e
     where d.id = e.deletion_id and not exists (
       select from binned_sets b where b.deletion_id = d.id and b.set_id not in (select set_id from empty))`,
    { sets: gone.map(({ setId }) => setId) },
  );
}

/**
 * Forgets deletions that are older than so many days, and how imports of before could be taken back. The rows are left to upkeep, but for those that such
 * imports replaced.
 */
export async function pruneBin(database: Database, days: number): Promise<void> {
  await query(database, `delete from deletions where since <= age_moment() - make_interval(days => :days)`, { days });
  for (;;) {
    const oldest = await queryOne<{ audit_id: number }>(
      database,
      `select audit_id from import_batches group by audit_id having max(since) <= age_moment() - make_interval(days => :days) limit 1`,
      { days },
    );
    if (!oldest) return;
    await transaction(database, (tx) => forgetImport(tx, oldest.audit_id));
  }
}

/** Forgets how an import could be taken back. Photos that only its former rows showed are noted for collection. */
export async function forgetImport(tx: Knex.Transaction, auditId: number): Promise<void> {
  await noteGarbageOf(tx, `select photos from import_formers where audit_id = :auditId`, { auditId });
  for (const table of ['import_formers', 'import_batches']) await query(tx, `delete from ${table} where audit_id = :auditId`, { auditId });
}
