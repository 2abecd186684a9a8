import type { Knex } from 'knex';
import type { DifferenceCounts } from '@dossier/domain/guards.ts';
import { query, queryOne } from '@dossier/postgres/database.ts';
import { differingFields } from '@dossier/registry/history-values.ts';

/** A run whose difference from its list is looked at, in a transaction that has locked link and list. */
export interface FetchedRun {
  runId: number;
  listId: number;
  /** The list's own set. */
  setId: number;
  /** The set that the run filled, which is to take its place; null where changes are merged. */
  newSet: number | null;
  /** Whether contents that are older than what is here count as taken back. */
  comparable: boolean;
}

/** What an apply would do to the list's dossiers. */
export interface ListDifference extends DifferenceCounts {
  /**
   * Dossiers that the master offers in a version no newer than the one here, or that it has had since before the last verified sync, after which they
   * were not here any more: this replica has followed another history.
   */
  takenBack: number;
  /**
   * Dossiers that would be removed and come back at once under the same external id: for the desk the same person, whose list was made anew on
   * the master. `changed` and `deactivated` count those of them with another content, or made inactive.
   */
  exchanged: { count: number; changed: number; deactivated: number };
}

/** How many dossiers an apply would touch. */
export function touches({ adding, changing, removing }: Pick<ListDifference, 'adding' | 'changing' | 'removing'>): number {
  return adding + changing + removing;
}

const columns = `(run_id, uuid, kind, old_hash, new_hash, deactivating, taken_back, name, external_id)`;

const ofChanges = `
  insert into differences ${columns}
  select i.run_id, i.uuid, case when i.removed then 'removing' when d.uuid is null then 'adding' else 'changing' end, d.hash, i.hash,
    coalesce(d.active and not i.active, false), :comparable and coalesce(i.modified_date <= coalesce(d.modified_date, k.verified_at), false), i.name, i.external_id
  from incoming i join links k on k.slave_list_id = :listId left join dossiers d on d.set_id = :setId and d.uuid = i.uuid
  where i.run_id = :runId and case when i.removed then d.uuid is not null else d.hash is distinct from i.hash end`;

/** Uuids and hashes of both sets are in an index; only what differs is looked at as a whole. */
const ofSets = `
  insert into differences ${columns}
  select :runId, x.uuid, case when n.uuid is null then 'removing' when o.uuid is null then 'adding' else 'changing' end, o.hash, n.hash,
    coalesce(o.active and not n.active, false), :comparable and coalesce(n.modified_date <= coalesce(o.modified_date, k.verified_at), false), n.name, n.external_id
  from (
    select uuid from (select uuid, hash from dossiers where set_id = :newSet) n
    full join (select uuid, hash from dossiers where set_id = :setId) o using (uuid) where n.hash is distinct from o.hash
  ) x join links k on k.slave_list_id = :listId
  left join dossiers n on n.set_id = :newSet and n.uuid = x.uuid
  left join dossiers o on o.set_id = :setId and o.uuid = x.uuid
  where not exists (select from set_aside a where a.list_id = :listId and a.uuid = x.uuid and n.uuid is null)`;

/** Writes the table of what applying a run would do, one row for each dossier that would be added, changed or removed. */
export async function writeDifference(tx: Knex.Transaction, run: FetchedRun): Promise<void> {
  await query(tx, `delete from differences where run_id = :runId`, { runId: run.runId });
  await query(tx, run.newSet === null ? ofChanges : ofSets, { ...run });
}

/** Counts what is in the table. */
export async function countDifference(tx: Knex.Transaction, run: FetchedRun): Promise<ListDifference> {
  const row = await queryOne<Omit<ListDifference, 'exchanged'>>(
    tx,
    `select (select dossier_count from list_positions where list_id = :listId) as held,
       count(*) filter (where kind = 'adding') as adding, count(*) filter (where kind = 'changing') as changing,
       count(*) filter (where kind = 'removing') as removing, count(*) filter (where deactivating) as deactivating,
       count(*) filter (where taken_back) as "takenBack"
     from differences where run_id = :runId`,
    { runId: run.runId, listId: run.listId },
  );
  if (!row) throw new Error('an aggregate gave no row');
  return { ...row, exchanged: await countExchanged(tx, run, row) };
}

/**
 * What it does to an empty list to be pointed at the set that a run filled, whose tree is built: all of it comes, which needs no table of what. Null if the
 * list isn't empty, or changes are merged.
 */
export async function countFilling(
  tx: Knex.Transaction,
  { listId, newSet }: Pick<FetchedRun, 'listId' | 'newSet'>,
): Promise<ListDifference | null> {
  if (newSet === null) return null;
  const row = await queryOne<{ adding: number }>(
    tx,
    `select coalesce((select count from tree_nodes where set_id = ${newSet} and prefix = ''), 0) as adding
     from list_positions where list_id = :listId and dossier_count = 0`,
    { listId },
  );
  const none = { count: 0, changed: 0, deactivated: 0 };
  return row && { held: 0, adding: row.adding, changing: 0, removing: 0, deactivating: 0, takenBack: 0, exchanged: none };
}

async function countExchanged(
  tx: Knex.Transaction,
  run: FetchedRun,
  { adding, removing }: { adding: number; removing: number },
): Promise<ListDifference['exchanged']> {
  const none = { count: 0, changed: 0, deactivated: 0 };
  if (adding === 0 || removing === 0) return none;
  const offered = run.newSet === null ? `incoming n on n.run_id = :runId` : `dossiers n on n.set_id = :newSet`;
  const row = await queryOne<typeof none>(
    tx,
    `select count(*) as count, count(*) filter (where o.active and not n.active) as deactivated, count(*) filter (where
       (o.name, o.comment, o.active, o.valid_from, o.valid_until, o.meta::text, o.photos::text, o.features::text) is distinct from
       (n.name, n.comment, n.active, n.valid_from, n.valid_until, n.meta::text, n.photos::text, n.features::text)) as changed
     from differences gone join dossiers o on o.set_id = :setId and o.uuid = gone.uuid
     join differences come on come.run_id = gone.run_id and come.kind = 'adding' and come.external_id = o.external_id
     join ${offered} and n.uuid = come.uuid
     where gone.run_id = :runId and gone.kind = 'removing'`,
    { runId: run.runId, setId: run.setId, newSet: run.newSet },
  );
  return row ?? none;
}

/** The difference as guards see it, for whom an exchanged dossier is at most a changed one. */
export function withoutExchanged(difference: ListDifference): DifferenceCounts {
  const { held, adding, changing, removing, deactivating, exchanged } = difference;
  return {
    held,
    adding: adding - exchanged.count,
    changing: changing + exchanged.changed,
    removing: removing - exchanged.count,
    deactivating: deactivating + exchanged.deactivated,
  };
}

/**
 * The SHA-256 (64 hexadecimal digits) of what the apply of a run would do and of whose list it follows. Hashed part by part, so that memory doesn't
 * grow with the list.
 */
export async function hashDifference(tx: Knex.Transaction, runId: number, master: { node: string; list: string }): Promise<string> {
  const row = await queryOne<{ hash: string }>(
    tx,
    `select encode(sha256(uuid_send(:node::uuid) || uuid_send(:list::uuid) || coalesce(string_agg(part_hash, '' order by part), '')), 'hex') as hash
     from (
       select left(uuid::text, 3) as part,
         sha256(string_agg(uuid_send(uuid) || coalesce('\\x01'::bytea || old_hash, '\\x00') || coalesce('\\x01'::bytea || new_hash, '\\x00'),
           '' order by uuid)) as part_hash
       from differences where run_id = :runId group by 1
     ) parts`,
    { runId, ...master },
  );
  if (!row) throw new Error('an aggregate gave no row');
  return row.hash;
}

/** Of so many dossiers of each kind a hold shows what they are and what they would become. */
const mostShown = 200;

/** Rows of a list before and after what a difference says, for a FROM clause. */
export interface Sides {
  former: string;
  present: string;
}

/** The list as it is, and as a run has fetched it. */
export function sidesOf({ runId, setId, newSet }: Pick<FetchedRun, 'runId' | 'setId' | 'newSet'>): Sides {
  return {
    former: `select * from dossiers where set_id = ${setId}`,
    present:
      newSet === null
        ? `select * from incoming where run_id = ${runId} and not removed`
        : `select * from dossiers where set_id = ${newSet}`,
  };
}

/** Keeps a difference for a hold: what would go first, then what would be made inactive, changed and added, each by name. */
export async function keepHeldDossiers(
  tx: Knex.Transaction,
  { runId, setId, sides }: { runId: number; setId: number; sides: Sides },
  holdId: number,
): Promise<void> {
  await query(
    tx,
    `insert into held_dossiers (hold_id, ordinal, kind, deactivating, dossier, name, external_id)
     select :holdId, row_number() over (order by array_position('{removing,changing,adding}', x.kind), x.deactivating desc,
         coalesce(d.name, x.name), x.uuid),
       x.kind, x.deactivating, x.uuid, case when x.kind = 'adding' then x.name end, case when x.kind = 'adding' then x.external_id end
     from differences x left join dossiers d on d.set_id = :setId and d.uuid = x.uuid where x.run_id = :runId`,
    { runId, setId, holdId },
  );
  await query(
    tx,
    `update held_dossiers h set before = c.before, after = c.after
     from (
       select ordinal, dossier, row_number() over (partition by kind, deactivating order by ordinal) as place from held_dossiers where hold_id = :holdId
     ) s
     left join (${sides.former}) o on o.uuid = s.dossier
     left join (${sides.present}) n on n.uuid = s.dossier
     cross join lateral ${differingFields('o', 'n')} c
     where s.place <= ${mostShown} and h.hold_id = :holdId and h.ordinal = s.ordinal`,
    { holdId },
  );
}
