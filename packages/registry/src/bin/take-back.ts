import type { Knex } from 'knex';
import { conflict } from '@dossier/runtime/errors.ts';
import { query, queryOne, transaction } from '@dossier/postgres/database.ts';
import type { Connection, Database } from '@dossier/postgres/database.ts';
import { differingFields } from '../history-values.ts';
import { mostRemembered, rememberMany } from '../history.ts';
import { noteGarbageOf } from '../photo-garbage.ts';
import { book, lockLists, readPosition } from '../positions.ts';
import type { ListPosition } from '../positions.ts';
import { requireWritable } from '../read-only.ts';
import { binSet, binWhole, moveToBin, openDeletion } from './deletions.ts';
import { forgetImport } from './erase.ts';
import { formerColumns } from './import-notes.ts';

/** A dossier that taking an import back leaves as it is, because somebody has changed it since. */
export interface LeftDossier {
  id: number;
  name: string;
  /** Whether the import had added it; otherwise it had changed it. */
  added: boolean;
}

/** What taking an import back did, or would do. */
export interface TakenBack {
  list_id: number;
  /** Dossiers that it had added: in the bin now. */
  removed: number;
  /** Dossiers that it had changed: as they were before. */
  returned: number;
  /** Left as they are. */
  left: number;
  /** The first of them. */
  examples: LeftDossier[];
  /** Of what it had added; null where that is nothing. */
  deletion: number | null;
}

const mostExamples = 1000;

/** Of a list's set and an import: the rows that it added, or changed, and whether they are as it left them. */
const written = (setId: number) => `moments as materialized (select moment from import_batches where audit_id = :auditId),
  written as (
    select d.uuid, d.id, d.name, true as added, d.modified_date in (select moment from moments) as untouched
    from moments m join dossiers d on d.set_id = ${setId} and d.created_date = m.moment
    where not exists (select from import_formers f where f.audit_id = :auditId and f.uuid = d.uuid)
    union all
    select d.uuid, d.id, d.name, false, d.modified_date in (select moment from moments)
    from import_formers f join dossiers d on d.set_id = ${setId} and d.uuid = f.uuid where f.audit_id = :auditId
  )`;

/** Which list an import, named by its entry of the audit, was into; null if it can't be taken back, or not any more. */
async function findTakeable(database: Connection, auditId: number): Promise<{ list_id: number } | null> {
  return queryOne(database, `select list_id from import_batches where audit_id = :auditId limit 1`, { auditId });
}

/**
 * Takes an import back as a whole: what it added goes to the bin, what it changed is as it was before it, with photos and dates. What somebody has changed
 * since is left and told; what somebody has deleted since stays deleted. READ_ONLY on a slave; CONFLICT if the import can't be taken back: it was before, it
 * is too old, or its list is gone. With `preview` nothing is done. `record` is called before rows change, to keep in the
 * audit what is done.
 */
export async function takeImportBack(
  database: Database,
  { auditId, by, preview, record }: { auditId: number; by: string; preview: boolean; record: Recorder },
): Promise<TakenBack> {
  return transaction(database, async (tx) => {
    await requireWritable(tx);
    const batch = await findTakeable(tx, auditId);
    if (preview) {
      const list = batch && (await readPosition(tx, batch.list_id));
      if (!list) throw cannotTakeBack(auditId, batch);
      return { ...(await count(tx, list, auditId)), deletion: null };
    }
    const [list] = batch === null ? [] : await lockLists(tx, [batch.list_id]);
    // Under the lock: of two who take it back at once the second finds nothing.
    if (!list || !(await holdBatches(tx, auditId))) throw cannotTakeBack(auditId, batch);
    const found = await count(tx, list, auditId);
    const deletionId = found.removed > 0 ? await openDeletion(tx, { kind: 'import', by }) : null;
    const result = { ...found, deletion: deletionId };
    const entry = await record(tx, result);
    await remember(tx, { list, auditId, entry, rows: found.removed + found.returned });
    // Where it had made all of the list, no row is touched.
    if (deletionId !== null && found.removed === list.dossier_count) await binWhole(tx, list, deletionId);
    else await undoRows(tx, { list, auditId, deletionId, found });
    await forgetImport(tx, auditId);
    return result;
  });
}

async function undoRows(
  tx: Knex.Transaction,
  {
    list,
    auditId,
    deletionId,
    found,
  }: { list: ListPosition; auditId: number; deletionId: number | null; found: Omit<TakenBack, 'deletion'> },
): Promise<void> {
  requireAll(await putBack(tx, list, auditId), found.returned);
  if (deletionId !== null) requireAll(await bin(tx, { list, auditId, deletionId, rows: found.removed }), found.removed);
  const changes = found.removed + found.returned;
  if (changes > 0) await book(tx, { listId: list.list_id, growth: -found.removed, changes });
}

/** Keeps in the audit that it is done; returns the entry's id. */
export type Recorder = (tx: Knex.Transaction, result: TakenBack) => Promise<number>;

function cannotTakeBack(auditId: number, batch: { list_id: number } | null) {
  if (batch !== null) return conflict(`The watch list ${batch.list_id} of import ${auditId} is gone. Nothing was changed.`);
  return conflict(
    `Import ${auditId} can't be taken back: it was taken back already, changed nothing, is older than the bin keeps (BIN_DAYS), or is no import. Nothing was changed.`,
  );
}

async function count(tx: Knex.Transaction, list: ListPosition, auditId: number): Promise<Omit<TakenBack, 'deletion'>> {
  const sums = await queryOne<{ removed: number; returned: number; left: number; examples: LeftDossier[] | null }>(
    tx,
    `with ${written(list.set_id)}
     select count(*) filter (where untouched and added) as removed, count(*) filter (where untouched and not added) as returned,
       count(*) filter (where not untouched) as left,
       (select json_agg(e) from (select id, name, added from written where not untouched order by id limit ${mostExamples}) e) as examples
     from written`,
    { auditId },
  );
  if (!sums) throw new Error('an aggregate gave no row');
  return { list_id: list.list_id, ...sums, examples: sums.examples ?? [] };
}

/** Locks what is kept of an import, for upkeep not to forget it meanwhile; whether there is anything. */
async function holdBatches(tx: Knex.Transaction, auditId: number): Promise<boolean> {
  const held = await query(tx, `select from import_batches where audit_id = :auditId for update`, { auditId });
  return held.length > 0;
}

/** What is booked is what was done. */
function requireAll(done: number, counted: number): void {
  if (done !== counted) throw new Error(`${done} rows were changed where ${counted} had been counted under the list's lock`);
}

async function putBack(tx: Knex.Transaction, list: ListPosition, auditId: number): Promise<number> {
  const isReturned = `f.audit_id = :auditId and d.set_id = ${list.set_id} and d.uuid = f.uuid
    and d.modified_date in (select moment from import_batches where audit_id = :auditId)`;
  await noteGarbageOf(tx, `select d.photos from import_formers f, dossiers d where ${isReturned} and d.photos::text <> f.photos::text`, {
    auditId,
  });
  const returned = await query(
    tx,
    `update dossiers d set ${formerColumns.map((column) => `${column} = f.${column}`).join(', ')}, revision = nextval('dossier_revisions')
     from import_formers f where ${isReturned} returning 1`,
    { auditId },
  );
  return returned.length;
}

async function bin(
  tx: Knex.Transaction,
  { list, auditId, deletionId, rows }: { list: ListPosition; auditId: number; deletionId: number; rows: number },
): Promise<number> {
  const set = await binSet(tx, { deletionId, listId: list.list_id, rows });
  const moments = `(select moment from import_batches where audit_id = :auditId)`;
  return moveToBin(tx, {
    setId: list.set_id,
    bin: set,
    which: `d.created_date in ${moments} and d.modified_date in ${moments}
      and not exists (select from import_formers f where f.audit_id = :auditId and f.uuid = d.uuid)`,
    parameters: { auditId },
  });
}

/** Keeps in the histories what becomes of the dossiers, of `mostRemembered` one by one, of the others only how many. */
async function remember(
  tx: Knex.Transaction,
  { list, auditId, entry, rows }: { list: ListPosition; auditId: number; entry: number; rows: number },
): Promise<void> {
  await query(
    tx,
    `with ${written(list.set_id)}, numbered as (
       select w.*, row_number() over (order by added, id) as nth from written w where untouched
     )
     insert into history (object, kind, audit_id, list_id, before, after)
     select n.uuid, case when n.added then 'removed' else 'changed' end, :entry, :listId, c.before, c.after
     from numbered n join dossiers d on d.set_id = ${list.set_id} and d.uuid = n.uuid
     left join import_formers o on o.audit_id = :auditId and o.uuid = n.uuid
     left join lateral ${differingFields('d', 'o')} c on true
     where n.nth <= ${mostRemembered} order by n.nth`,
    { auditId, entry, listId: list.list_id },
  );
  await rememberMany(tx, entry, new Map([[list.list_id, rows - mostRemembered]]));
}
