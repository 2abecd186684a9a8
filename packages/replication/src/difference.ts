import type { Knex } from 'knex';
import type { DifferenceCounts } from '@dossier/domain/guards.ts';
import type { RunMethod } from '@dossier/domain/run.ts';
import { query, queryOne } from '@dossier/postgres/database.ts';
import { withoutNestedLoops } from '@dossier/postgres/nested-loops.ts';

/** A staged run whose difference from its list is looked at. */
export interface StagedRun {
  runId: number;
  listId: number;
  method: RunMethod;
  offlineDeletions: 'restore' | 'keep-deleted';
}

/** What an apply would do to the list's dossiers, and whether it would give what the master has. */
export interface StagedDifference extends DifferenceCounts {
  /**
   * Dossiers that the master offers with a revision which this replica has passed already, and with another content: the replica has
   * followed another history.
   */
  takenBack: number;
  /**
   * Dossiers that would be removed and come back at once under the same external id: for the desk the same person, whose list was made anew on
   * the master. `changed` and `deactivated` count those of them with another content, or made inactive.
   */
  exchanged: { count: number; changed: number; deactivated: number };
}

/** How many dossiers an apply would touch. */
export function touches({ adding, changing, removing }: Pick<StagedDifference, 'adding' | 'changing' | 'removing'>): number {
  return adding + changing + removing;
}

/** True for a staged dossier that `keep-deleted` sets aside instead of adding it. */
const keptDeleted = `exists (select from offline_deletions o where o.slave_list_id = :listId and o.dossier = s.dossier and o.settled_as is null)
  or exists (select from set_aside a where a.list_id = :listId and a.dossier = s.dossier and a.reason = 'kept-deleted')`;

/**
 * One row for each dossier that the apply of a staged run would add to the list, change or remove from it: the twin of the statements in
 * apply-rows.ts. Hashes are null where there is nothing.
 */
export function differenceRows({ method, offlineDeletions }: StagedRun): string {
  const staged = `staged_dossiers s where s.run_id = :runId and s.refusal is null ${offlineDeletions === 'keep-deleted' ? `and (s.removed or not (${keptDeleted}))` : ''}`;
  const touched = `
    select s.dossier, case when s.removed then 'removing' when m.dossier is null then 'adding' else 'changing' end as kind,
      case when m.dossier is not null then d.hash end as old_hash, case when not s.removed then s.hash end as new_hash,
      coalesce(not s.removed and m.dossier is not null and d.active and not s.active, false) as deactivating,
      s.revision, s.name, s.external_id
    from (select s.* from ${staged}) s
    left join memberships m on m.list_id = :listId and m.dossier = s.dossier
    left join dossiers d on d.uuid = m.dossier
    where case when s.removed then m.dossier is not null else m.dossier is null or d.hash is distinct from s.hash end`;
  if (method !== 'full') return touched;
  return `${touched}
    union all
    select m.dossier, 'removing', d.hash, null, false, 0, null, null
    from memberships m left join dossiers d on d.uuid = m.dossier
    where m.list_id = :listId and not exists (select from staged_dossiers s where s.run_id = :runId and s.dossier = m.dossier)`;
}

/** Counts what the apply of a staged run would do. `passed` is the revision that an intact replica stands at in the same epoch, or 0. */
export async function countDifference(tx: Knex.Transaction, run: StagedRun, passed: number): Promise<StagedDifference> {
  const row = await queryOne<Record<Exclude<keyof StagedDifference, 'exchanged'>, number>>(
    tx,
    `select (select dossier_count from list_positions where list_id = :listId) as held,
       count(*) filter (where kind = 'adding') as adding, count(*) filter (where kind = 'changing') as changing,
       count(*) filter (where kind = 'removing') as removing, count(*) filter (where deactivating) as deactivating,
       count(*) filter (where kind <> 'removing' and revision between 1 and :passed
         and not exists (select from set_aside a where a.list_id = :listId and a.dossier = difference.dossier)) as "takenBack"
     from (${differenceRows(run)}) difference`,
    { runId: run.runId, listId: run.listId, passed },
  );
  if (!row) throw new Error('an aggregate gave no row');
  const { equalBefore, ...exchanged } = await countExchanged(tx, run, { ...row, passed });
  return { ...row, takenBack: row.takenBack - equalBefore, exchanged };
}

/** With more of them the planner is kept from comparing each with each. */
const fewExchanged = 1000;

async function countExchanged(
  tx: Knex.Transaction,
  run: StagedRun,
  { adding, removing, passed }: { adding: number; removing: number; passed: number },
): Promise<StagedDifference['exchanged'] & { equalBefore: number }> {
  const none = { count: 0, changed: 0, deactivated: 0, equalBefore: 0 };
  if (adding === 0 || removing === 0) return none;
  const count = () =>
    queryOne<typeof none>(
      tx,
      `with difference as materialized (${differenceRows(run)})
     select count(*) as count, count(*) filter (where old.active and not new.active) as deactivated,
       count(*) filter (where other) as changed, count(*) filter (where not other and come.revision between 1 and :passed) as "equalBefore"
     from difference gone join dossiers old on old.uuid = gone.dossier
     join difference come on come.kind = 'adding' and come.external_id = old.external_id
     join staged_dossiers new on new.run_id = :runId and new.dossier = come.dossier,
     lateral (select (old.name, old.comment, old.active, old.meta, old.photos_hash)
       is distinct from (new.name, new.comment, new.active, new.meta, new.photos_hash) as other) content
     where gone.kind = 'removing'`,
      { runId: run.runId, listId: run.listId, passed },
    );
  const row = adding + removing > fewExchanged ? await withoutNestedLoops(tx, count) : await count();
  return row ?? none;
}

/** The difference as guards see it, for whom an exchanged dossier is at most a changed one. */
export function withoutExchanged(difference: StagedDifference): DifferenceCounts {
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
 * The SHA-256 (64 hexadecimal digits) of what the apply of a staged run would do and of whose list it follows. Hashed bucket by bucket,
 * so that memory doesn't grow with the list.
 */
export async function hashDifference(tx: Knex.Transaction, run: StagedRun, master: { node: string; list: string }): Promise<string> {
  return hashRows(tx, differenceRows(run), { runId: run.runId, listId: run.listId, ...master });
}

/** As `hashDifference`, of rows with `dossier`, `old_hash` and `new_hash`. */
export async function hashRows(
  tx: Knex.Transaction,
  rows: string,
  parameters: Record<string, unknown> & { node: string; list: string },
): Promise<string> {
  const row = await queryOne<{ hash: string }>(
    tx,
    `select encode(sha256(uuid_send(:node::uuid) || uuid_send(:list::uuid) || coalesce(string_agg(bucket_hash, '' order by bucket), '')), 'hex') as hash
     from (
       select dossier_bucket(dossier) as bucket,
         sha256(string_agg(uuid_send(dossier) || coalesce('\\x01'::bytea || old_hash, '\\x00') || coalesce('\\x01'::bytea || new_hash, '\\x00'),
           '' order by dossier)) as bucket_hash
       from (${rows}) difference group by 1
     ) buckets`,
    parameters,
  );
  if (!row) throw new Error('an aggregate gave no row');
  return row.hash;
}

/** Keeps the names of a difference for a hold: what would go first, then what would be made inactive, changed and added, each by name. */
export async function keepHeldDossiers(tx: Knex.Transaction, run: StagedRun, holdId: number): Promise<void> {
  await keepNames(tx, differenceRows(run), { runId: run.runId, listId: run.listId, holdId });
}

/** As `keepHeldDossiers`, of rows of a difference. */
export async function keepNames(
  tx: Knex.Transaction,
  rows: string,
  parameters: Record<string, unknown> & { holdId: number },
): Promise<void> {
  await query(
    tx,
    `insert into held_dossiers (hold_id, ordinal, kind, deactivating, dossier, name, external_id)
     select :holdId, row_number() over (order by array_position('{removing,changing,adding}', kind), deactivating desc,
         coalesce(d.name, difference.name), difference.dossier),
       kind, deactivating, difference.dossier, case when kind = 'adding' then difference.name end,
       case when kind = 'adding' then difference.external_id end
     from (${rows}) difference left join dossiers d on d.uuid = difference.dossier`,
    parameters,
  );
}

/**
 * Whether the list, after the apply of a staged run, would have the count and the digest of the master's head, worked out from hashes alone.
 * A difference that wouldn't is no question for a person: another method is tried.
 */
export async function addsUp(tx: Knex.Transaction, run: StagedRun, target: { count: number; digest: string }): Promise<boolean> {
  const row = await queryOne<{ count: number; digest: string }>(
    tx,
    run.method === 'full'
      ? `select count(*) as count, hash_text(coalesce(bit_xor(hash_high(coalesce(remote_hash, hash))), 0), coalesce(bit_xor(hash_low(coalesce(remote_hash, hash))), 0)) as digest
         from staged_dossiers where run_id = :runId and not removed`
      : `select p.dossier_count + a.count + t.count as count, hash_text(p.digest_high # a.high # t.high, p.digest_low # a.low # t.low) as digest
         from list_positions p, lateral (
           -- The version that is kept may have been changed since through another list.
           select count(*) filter (where k.dossier is null) as count, coalesce(bit_xor(o.hash_high # coalesce(k.hash_high, 0)), 0) as high,
             coalesce(bit_xor(o.hash_low # coalesce(k.hash_low, 0)), 0) as low
           from set_aside o left join memberships k on k.list_id = o.list_id and k.dossier = o.dossier where o.list_id = p.list_id
         ) a, lateral (
           select coalesce(sum((not s.removed)::int - (coalesce(o.hash_high, m.hash_high) is not null)::int), 0) as count,
             coalesce(bit_xor(coalesce(o.hash_high, m.hash_high, 0) # case when s.removed then 0 else hash_high(coalesce(s.remote_hash, s.hash)) end), 0) as high,
             coalesce(bit_xor(coalesce(o.hash_low, m.hash_low, 0) # case when s.removed then 0 else hash_low(coalesce(s.remote_hash, s.hash)) end), 0) as low
           from staged_dossiers s
           left join set_aside o on o.list_id = :listId and o.dossier = s.dossier
           left join memberships m on m.list_id = :listId and m.dossier = s.dossier
           where s.run_id = :runId
         ) t where p.list_id = :listId`,
    { runId: run.runId, listId: run.listId },
  );
  return row?.count === target.count && row.digest === target.digest;
}
