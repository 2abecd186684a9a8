import { differenceRows } from './difference.ts';
import type { StagedRun } from './difference.ts';
import { exchange } from '@dossier/postgres/database.ts';
import type { Connection } from '@dossier/postgres/database.ts';

/** The statements that forget what the last applied sync of a list took away; photos to which nothing else refers go. */
export const forgetJournalOf: readonly string[] = [
  `insert into photo_garbage (sha256) select distinct sha256 from journal_photos where list_id = :listId on conflict do nothing`,
  ...['journals', 'journal_dossiers', 'journal_photos'].map((table) => `delete from ${table} where list_id = :listId`),
];

/** Forgets what the last applied sync of a list took away. */
export async function forgetJournal(connection: Connection, listId: number): Promise<void> {
  await exchange(connection, forgetJournalOf, { listId });
}

/** The list has dossiers at all. Said so that the planner looks into the index of the list: of many lists it would read all rows until the first of this one. */
const hasMembers = `(select true from memberships where list_id = :listId order by list_id, dossier limit 1)`;

const keepPhotosOf = (dossiers: string): string => `
  insert into journal_photos (list_id, dossier, id, sha256, width, height, bytes, media_type, features, created_date)
  select j.list_id, p.dossier, p.id, p.sha256, p.width, p.height, p.bytes, p.media_type, p.features, p.created_date
  from journal_dossiers j join photos p on p.dossier = j.dossier where j.list_id = :listId and not j.photos_kept and ${dossiers}`;

/**
 * The statements that begin the journal of the apply of a staged run, in the place of the one of the sync before, and keep what the apply is about to
 * remove: part of its transaction, before it removes or changes anything. What it adds needs no entry, for the list's own revisions tell. `removing`:
 * how many dossiers go, as far as it is known.
 */
export function openJournal(run: StagedRun, removing: number | null): string[] {
  const opened = `insert into journals (list_id, run_id, passed, count_before, digest_before, link, set_aside)
     select p.list_id, :runId, p.revision, p.dossier_count, hash_text(p.digest_high, p.digest_low), to_jsonb(k),
       coalesce((select jsonb_agg(a) from set_aside a where a.list_id = p.list_id), '[]')
     from list_positions p join links k on k.slave_list_id = p.list_id where p.list_id = :listId`;
  const removed = [
    `insert into journal_dossiers (list_id, dossier, removed, id, name, comment, active, meta, external_id, photo_count, photos_hash,
       created_date, modified_date, hash, photos_kept)
     select :listId, d.uuid, true, d.id, d.name, d.comment, d.active, d.meta, d.external_id, d.photo_count, d.photos_hash,
       d.created_date, d.modified_date, d.hash, false
     from (${differenceRows(run)}) difference join dossiers d on d.uuid = difference.dossier
     where difference.kind = 'removing' and ${hasMembers}`,
    keepPhotosOf('j.removed'),
  ];
  return [...forgetJournalOf, opened, ...(removing === 0 ? [] : removed)];
}

/** Columns of a dossier `o`, as it was, that a journal keeps besides the list and its uuid. */
export const journalled = 'id, name, comment, active, meta, external_id, photo_count, photos_hash, created_date, modified_date, hash';

/** The statement that keeps the photos of dossiers that were changed, before theirs are: not of those whose photos stay what they are. */
export const keepChangedPhotos = keepPhotosOf('not j.removed');

/** The statement that notes what the list is after the apply; the journal is good for as long as it stays that. */
export const closeJournal = `
  update journals j set count_after = p.dossier_count, digest_after = hash_text(p.digest_high, p.digest_low)
  from list_positions p where p.list_id = :listId and j.list_id = :listId`;

/** A journal as it comes out of row_to_json(). */
export interface JournalRow {
  run_id: number;
  applied_date: string;
}

/** Of the link `k`, for a list of columns: the last applied sync, if it can be taken back. */
export const journalOfLink = `(select json_build_object('run_id', j.run_id, 'applied_date', j.applied_date)
  from journals j join list_positions o on o.list_id = j.list_id
  where j.list_id = k.slave_list_id and j.count_after = o.dossier_count and j.digest_after = hash_text(o.digest_high, o.digest_low)) as undo`;
