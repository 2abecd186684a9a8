import type { Knex } from 'knex';
import { badParam, notFound } from '@dossier/runtime/errors.ts';
import { query, transaction } from '@dossier/postgres/database.ts';
import type { Database } from '@dossier/postgres/database.ts';
import { mostRemembered, rememberMany } from '../history.ts';
import { book, lockLists, pointAt } from '../positions.ts';
import { requireWritable } from '../read-only.ts';
import { countOut, holdSets } from './erase.ts';

/** What is to be restored: what one deletion took, or dossiers whatever deletions took them; with both, those dossiers of that deletion. */
export interface Restoration {
  deletion: number | null;
  dossiers: readonly number[] | null;
  /** The list to restore into; null: each into the list that it was taken from. */
  into: number | null;
}

/** Why a dossier stays in the bin. */
export type ConflictReason = 'list-gone' | 'there-already' | 'external-id-taken';

/** A dossier that stays in the bin, as it was taken from one list. */
export interface Conflict {
  id: number;
  name: string;
  external_id: string | null;
  list_id: number;
  list_name: string;
  reason: ConflictReason;
  /** The dossier that has its external id, where it is in the list. */
  other: number | null;
}

/** What was restored into one list. */
export interface RestoredInto {
  list_id: number;
  dossiers: number;
  /** At most `mostRemembered`. */
  examples: { uuid: string; id: number; name: string }[];
}

export interface Restored {
  lists: RestoredInto[];
  /** The first `mostConflicts`. */
  conflicts: Conflict[];
  conflictCount: number;
  /** Numbers that were asked for and aren't in the bin. */
  missing: number[];
}

const mostConflicts = 1000;

/**
 * Puts dossiers from the bin back into their lists as they were, with their ids, dates, histories and photos; for slaves each is a new change. What can't be
 * restored stays in the bin and is told with its reason; the rest is restored. READ_ONLY on a slave; NOT_FOUND if nothing that was asked for is in the bin,
 * BAD_PARAM if the list to restore into isn't there.
 */
export async function restore(database: Database, asked: Restoration): Promise<Restored> {
  return transaction(database, async (tx) => {
    await requireWritable(tx);
    const sets = await findSets(tx, asked);
    const lists = await lockLists(tx, asked.into === null ? [...new Set(sets.flatMap((set) => set.list_id ?? []))] : [asked.into]);
    if (asked.into !== null && lists.length === 0) throw badParam('dossier_list', `dossier_list: there is no watch list ${asked.into}.`);
    const held = await holdSets(tx, `set_id = any(:sets::bigint[])`, { sets: sets.map((set) => set.set_id) });
    const missing = await findMissing(tx, asked, held);
    if (held.length === 0 || missing.length === asked.dossiers?.length) throw notFound(nameOf(asked));
    const [whole] = held;
    // Of the sets that were found some may have left the bin before the locks were granted.
    const own = sets.find((set) => set.set_id === whole?.set_id)?.list_id;
    const list = lists.find(({ list_id: id }) => id === own);
    if (asked.dossiers === null && asked.into === null && held.length === 1 && whole && list?.dossier_count === 0) {
      return pointBack(tx, { listId: list.list_id, setId: whole.set_id, rows: whole.dossier_count });
    }
    const candidates = { ...asked, sets: held.map((set) => set.set_id) };
    const found = await readConflicts(tx, candidates);
    return { ...found, missing, lists: await moveBack(tx, candidates) };
  });
}

function nameOf({ deletion, dossiers }: Restoration): string {
  if (dossiers === null) return `deletion ${deletion} in the bin`;
  return dossiers.length === 1 ? `dossier ${dossiers[0]} in the bin` : 'such dossier in the bin';
}

async function findSets(tx: Knex.Transaction, { deletion, dossiers }: Restoration): Promise<{ set_id: number; list_id: number | null }[]> {
  return query(
    tx,
    `select b.set_id, l.id as list_id from binned_sets b left join watch_lists l on l.id = b.list_id and l.uuid = b.list_uuid
     where not is_withdrawn(b.list_id) and (:deletion::bigint is null or b.deletion_id = :deletion)
       and (:dossiers::bigint[] is null or b.set_id in (select d.set_id from dossiers d where d.id + 0 = any(:dossiers::bigint[])))`,
    { deletion, dossiers },
  );
}

async function findMissing(tx: Knex.Transaction, { dossiers }: Restoration, held: readonly { set_id: number }[]): Promise<number[]> {
  if (dossiers === null) return [];
  const rows = await query<{ id: number }>(
    tx,
    `select distinct wanted as id from unnest(:dossiers::bigint[]) wanted
     where not exists (select from dossiers d where d.id + 0 = wanted and d.set_id = any(:sets::bigint[])) order by id`,
    { dossiers, sets: held.map((set) => set.set_id) },
  );
  return rows.map(({ id }) => id);
}

/** Where the rows of some sets in the bin, which are held, would go. */
interface Candidates extends Restoration {
  sets: readonly number[];
}

/**
 * For a WITH clause: the rows that are asked for, with the set that each would come into, and what keeps it from that. Of one dossier that several deletions
 * took from a list the newest row counts.
 */
const judged = `candidates as (
    select b.set_id as bin_set, b.deletion_id, b.list_id, coalesce(l.name, b.list_name) as list_name, p.list_id as into_list, p.set_id as target,
      d.uuid, d.id, d.name, d.external_id, row_number() over (partition by p.set_id, d.uuid order by b.deletion_id desc, b.set_id) as nth
    from binned_sets b join dossiers d on d.set_id = b.set_id left join watch_lists l on l.id = b.list_id and l.uuid = b.list_uuid
    left join list_positions p on p.list_id = coalesce(:into::bigint, l.id)
    where b.set_id = any(:sets::bigint[]) and (:dossiers::bigint[] is null or d.id = any(:dossiers::bigint[]))
  ), judged as (
    select c.*, taken.id as other, case
      when c.target is null then 'list-gone'
      when c.nth > 1 then 'older'
      when there.uuid is not null then 'there-already'
      when taken.id is not null
        or c.external_id is not null and row_number() over (partition by c.target, c.external_id order by c.nth, c.deletion_id desc, c.id) > 1 then 'external-id-taken'
      end as reason
    from candidates c
    left join dossiers there on there.set_id = c.target and there.uuid = c.uuid
    left join dossiers taken on taken.set_id = c.target and taken.external_id = c.external_id
  )`;

async function readConflicts(
  tx: Knex.Transaction,
  { sets, dossiers, into }: Candidates,
): Promise<{ conflicts: Conflict[]; conflictCount: number }> {
  const rows = await query<Conflict & { total: number }>(
    tx,
    `with ${judged} select id, name, external_id, list_id, list_name, reason, other, count(*) over () as total from judged
     where reason <> 'older' order by id, list_id limit ${mostConflicts}`,
    { sets, dossiers, into },
  );
  return { conflicts: rows.map(({ total: _total, ...conflict }) => conflict), conflictCount: rows[0]?.total ?? 0 };
}

async function moveBack(tx: Knex.Transaction, { sets, dossiers, into }: Candidates): Promise<RestoredInto[]> {
  const moved = await query<{ bin_set: number; list_id: number; target: number; rows: number; examples: RestoredInto['examples'] }>(
    tx,
    `with ${judged}, moved as (
       update dossiers d set set_id = j.target, revision = nextval('dossier_revisions') from judged j
       where d.set_id = j.bin_set and d.uuid = j.uuid and j.reason is null returning j.bin_set, j.into_list, j.target, d.uuid, d.id, d.name
     ), cleared as (
       delete from tombstones t using moved m where t.set_id = m.target and t.uuid = m.uuid
     )
     select bin_set, into_list as list_id, target, count(*) as rows,
       json_agg(json_build_object('uuid', uuid, 'id', id, 'name', name)) filter (where nth <= ${mostRemembered}) as examples
     from (select *, row_number() over (partition by into_list order by id) as nth from moved) m group by 1, 2, 3 order by 2, 1`,
    { sets, dossiers, into },
  );
  const lists: RestoredInto[] = [...Map.groupBy(moved, (row) => row.list_id)].map(([listId, rows]) => ({
    list_id: listId,
    dossiers: rows.reduce((sum, row) => sum + row.rows, 0),
    examples: rows.flatMap((row) => row.examples ?? []),
  }));
  for (const { list_id: listId, dossiers: growth } of lists) await book(tx, { listId, growth, changes: growth });
  await countOut(
    tx,
    moved.map(({ bin_set: setId, rows }) => ({ setId, rows })),
  );
  return lists;
}

/** A list that is still empty gets its former set back: no row is touched. */
async function pointBack(
  tx: Knex.Transaction,
  { listId, setId, rows }: { listId: number; setId: number; rows: number },
): Promise<Restored> {
  const examples = await query<RestoredInto['examples'][number]>(
    tx,
    `select uuid, id, name from dossiers where set_id = ${setId} order by id limit ${mostRemembered}`,
  );
  // Dossiers may have been taken out of the set while it was in the bin.
  await query(tx, `select build_tree(${setId})`);
  await pointAt(tx, { listId, newSet: setId, purpose: 'garbage' });
  await countOut(tx, [{ setId, rows }]);
  return { lists: [{ list_id: listId, dossiers: rows, examples }], conflicts: [], conflictCount: 0, missing: [] };
}

/** Keeps in the histories of dossiers that they were restored, of `mostRemembered` of a list one by one, of the others only how many. */
export async function rememberRestored(tx: Knex.Transaction, auditId: number, lists: readonly RestoredInto[]): Promise<void> {
  for (const { list_id: listId, dossiers, examples } of lists) {
    await query(
      tx,
      `insert into history (object, kind, audit_id, list_id) select object, 'made', :auditId, :listId from unnest(:uuids::uuid[]) object`,
      { auditId, listId, uuids: examples.map(({ uuid }) => uuid) },
    );
    await rememberMany(tx, auditId, new Map([[listId, dossiers - examples.length]]));
  }
}
