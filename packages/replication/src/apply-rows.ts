import type { Knex } from 'knex';
import { exchange, query, queryOne } from '@dossier/postgres/database.ts';
import type { StagedRun } from './difference.ts';
import { journalled, keepChangedPhotos } from './journal.ts';
import { withoutNestedLoops } from '@dossier/postgres/nested-loops.ts';

/* The statements by which an apply makes a list's rows those that its run has staged; differenceRows() in difference.ts is their twin. */

/** What is known of an apply before it begins. */
export interface AppliedRun extends StagedRun {
  /** How many dossiers go from the list, as far as it is known. */
  removing: number | null;
  /** Whether the list's journal keeps what is changed or removed. */
  journal: boolean;
}

/**
 * Takes out of the list what the run removes and updates the dossiers whose content differs, after the `prelude` and in one exchange. Returns how many of the
 * list's dossiers that were, and the staged ones whose photos may be others than before, or null if those are many.
 */
export async function changeRows(
  tx: Knex.Transaction,
  run: AppliedRun,
  prelude: readonly string[],
): Promise<{ removed: number; changed: number; named: string[] | null }> {
  const { runId, listId } = run;
  const statements = [
    ...prelude,
    // What was judged to come to nothing is left out; if somebody else changed that meanwhile, the digest tells.
    run.removing === 0 ? `select 0 as count` : removeMembers(run),
    updateDossiers(run),
    ...(run.journal ? [keepChangedPhotos] : []),
    ...(run.method === 'full' ? [] : [nameSomeWithPhotos]),
  ];
  const answers = await exchange(tx, statements, { runId, listId });
  const [removed, changed] = answers.slice(prelude.length, prelude.length + 2) as { count: number }[][];
  const named = run.method === 'full' ? [] : (answers.at(-1) as { dossier: string }[]);
  return {
    removed: removed?.[0]?.count ?? 0,
    changed: changed?.[0]?.count ?? 0,
    named: run.method === 'full' || named.length > fewWithPhotos ? null : named.map((row) => row.dossier),
  };
}

/** Staged tombstones or, replacing everything, all that isn't staged. */
function removeMembers({ method }: StagedRun): string {
  const condition =
    method === 'full'
      ? `not exists (select from staged_dossiers s where s.run_id = :runId and s.dossier = m.dossier and not s.removed)
         and not exists (select from set_aside a where a.list_id = :listId and a.dossier = m.dossier)`
      : `exists (select from staged_dossiers s where s.run_id = :runId and s.dossier = m.dossier and s.removed)`;
  return `with gone as (delete from memberships m where m.list_id = :listId and ${condition} returning 1) select count(*) as count from gone`;
}

/** What the journal keeps comes from the same look at the rows. */
function updateDossiers({ journal }: AppliedRun): string {
  const old = journalled.split(', ').map((column) => `o.${column}`);
  const members = `changed c join memberships m on m.list_id = :listId and m.dossier = c.uuid`;
  return `with changed as (
       update dossiers d set name = s.name, comment = s.comment, active = s.active, meta = s.meta, external_id = s.external_id,
         photo_count = s.photo_count, photos_hash = s.photos_hash, created_date = s.created_date, modified_date = s.modified_date
       from staged_dossiers s ${journal ? 'join dossiers o on o.uuid = s.dossier' : ''}
       where s.run_id = :runId and not s.removed and s.dossier = d.uuid and d.hash <> s.hash
       returning d.uuid ${journal ? `, ${old.join(', ')}, s.photos_hash = o.photos_hash as photos_kept` : ''}),
     members as (${
       journal
         ? `insert into journal_dossiers (list_id, dossier, removed, ${journalled}, photos_kept)
            select :listId, c.uuid, false, ${journalled}, photos_kept from ${members} returning 1`
         : `select from ${members}`
     })
     select count(*) as count from members`;
}

/** Up to so many dossiers are named to the planner, which can't guess how few of the staged ones have other photos than before. */
const fewWithPhotos = 1000;

/** Of a staged dossier `s`: the journal doesn't know that its photos are what they were. */
const photosUnknown = `not exists (select from journal_dossiers j where j.list_id = :listId and j.dossier = s.dossier and j.photos_kept)`;

const nameSomeWithPhotos = `
  select s.dossier from staged_dossiers s where s.run_id = :runId and not s.removed and ${photosUnknown} limit ${fewWithPhotos + 1}`;

/** Inserts what this node doesn't know. A dossier that was deleted here while the master was away comes back under the id that it had. */
export async function insertDossiers(tx: Knex.Transaction, run: StagedRun): Promise<void> {
  await query(
    tx,
    `insert into dossiers (id, uuid, name, comment, active, meta, external_id, photo_count, photos_hash, created_date, modified_date)
     select coalesce(o.dossier_id, nextval(pg_get_serial_sequence('dossiers', 'id'))), s.dossier, s.name, s.comment, s.active, s.meta,
       s.external_id, s.photo_count, s.photos_hash, s.created_date, s.modified_date
     from (select * from staged_dossiers where run_id = :runId and not removed order by revision, dossier) s
     left join (
       select distinct on (dossier) dossier, dossier_id from offline_deletions where settled_as is null order by dossier, id desc
     ) o on o.dossier = s.dossier
     where not exists (select from dossiers d where d.uuid = s.dossier)`,
    { runId: run.runId },
  );
}

/**
 * Gives the staged dossiers exactly their staged photos. One statement, so that the triggers see only the outcome; equal photos are left alone, and
 * not looked at where the journal knows that their hash is the staged one. `named`: the dossiers that `changeRows` named; `staged`: how many there are at most.
 * For many the planner, which may take them for none, is kept from comparing each photo with each of them.
 */
export async function replacePhotos(
  tx: Knex.Transaction,
  run: StagedRun,
  { named, staged }: { named: readonly string[] | null; staged: number },
): Promise<void> {
  if (named?.length === 0) return;
  const replace = () =>
    query(
      tx,
      `with staged as materialized (
       select s.dossier, s.revision from staged_dossiers s where s.run_id = :runId and not s.removed
         and ${named ? `s.dossier = any(:named::uuid[])` : photosUnknown}
     ),
     gone as (
       delete from photos p using staged s
       where p.dossier = s.dossier
         and not exists (select from staged_photos f where f.run_id = :runId and f.dossier = p.dossier and f.sha256 = p.sha256)
     ),
     rewritten as (
       update photos p set width = f.width, height = f.height, bytes = f.bytes, media_type = f.media_type, features = f.features
       from staged_photos f join staged s on s.dossier = f.dossier
       where f.run_id = :runId and p.dossier = f.dossier and p.sha256 = f.sha256
         and (p.width, p.height, p.bytes, p.media_type, p.features) is distinct from (f.width, f.height, f.bytes, f.media_type, f.features)
     )
     insert into photos (dossier, sha256, width, height, bytes, media_type, features)
     select f.dossier, f.sha256, f.width, f.height, f.bytes, f.media_type, f.features
     from staged_photos f join staged s on s.dossier = f.dossier
     where f.run_id = :runId and not exists (select from photos p where p.dossier = f.dossier and p.sha256 = f.sha256)
     order by s.revision, f.dossier, f.ordinal`,
      { runId: run.runId, listId: run.listId, named },
    );
  await (named || staged <= fewWithPhotos ? replace() : withoutNestedLoops(tx, replace));
}

/** Puts into the list what it doesn't hold yet, under a block of revisions drawn for it. Returns how many. */
export async function addMembers(tx: Knex.Transaction, run: StagedRun): Promise<number> {
  const { runId, listId } = run;
  const fresh = `staged_dossiers s join dossiers d on d.uuid = s.dossier
    where s.run_id = :runId and not s.removed and not exists (select from memberships m where m.list_id = :listId and m.dossier = s.dossier)`;
  const block = await queryOne<{ count: number; first: number | null }>(
    tx,
    `with block as (
       select count(*) as count, coalesce(bit_xor(hash_high(d.hash)), 0) as high, coalesce(bit_xor(hash_low(d.hash)), 0) as low from ${fresh}
     )
     select count, case when count > 0 then draw_revisions(:listId, count, count, high, low) end as first from block`,
    { runId, listId },
  );
  if (!block || block.first === null) return 0;
  await query(
    tx,
    `insert into memberships (list_id, dossier, revision, hash_high, hash_low)
     select :listId, s.dossier, :first + row_number() over (order by s.revision, s.dossier) - 1, hash_high(d.hash), hash_low(d.hash) from ${fresh}`,
    { runId, listId, first: block.first },
  );
  return block.count;
}
