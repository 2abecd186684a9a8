import type { Knex } from 'knex';
import { differenceRows } from './difference.ts';
import type { StagedRun } from './difference.ts';
import { exchange, query } from './database.ts';
import type { Connection } from './database.ts';

const forgetting: readonly string[] = [
  `insert into photo_garbage (sha256) select distinct sha256 from journal_photos where list_id = :listId on conflict do nothing`,
  ...['journals', 'journal_dossiers', 'journal_photos'].map((table) => `delete from ${table} where list_id = :listId`),
];

/** Forgets what the last applied sync of a list took away; photos to which nothing else refers go. */
export async function forgetJournal(connection: Connection, listId: number): Promise<void> {
  await exchange(connection, forgetting, { listId });
}

/**
 * Keeps, in the place of the journal of the sync before, what the apply of a staged run is about to change or remove: to be called in its
 * transaction, before it does. What it adds needs no entry, for the list's own revisions tell; nor do photos that stay what they are.
 */
export async function writeJournal(tx: Knex.Transaction, run: StagedRun): Promise<void> {
  const written = [
    `insert into journals (list_id, run_id, passed, count_before, digest_before, link, set_aside)
     select p.list_id, :runId, p.revision, p.dossier_count, hash_text(p.digest_high, p.digest_low), to_jsonb(k),
       coalesce((select jsonb_agg(a) from set_aside a where a.list_id = p.list_id), '[]')
     from list_positions p join links k on k.slave_list_id = p.list_id where p.list_id = :listId`,
    `insert into journal_dossiers (list_id, dossier, removed, id, name, comment, active, meta, external_id, photo_count, photos_hash,
       created_date, modified_date, hash, photos_kept)
     select :listId, d.uuid, difference.kind = 'removing', d.id, d.name, d.comment, d.active, d.meta, d.external_id, d.photo_count, d.photos_hash,
       d.created_date, d.modified_date, d.hash, difference.kind = 'changing' and coalesce(s.photos_hash = d.photos_hash, false)
     from (${differenceRows(run)}) difference join dossiers d on d.uuid = difference.dossier
     left join staged_dossiers s on s.run_id = :runId and s.dossier = difference.dossier where difference.kind <> 'adding' and exists (select from memberships where list_id = :listId)`,
    `insert into journal_photos (list_id, dossier, id, sha256, width, height, bytes, media_type, features, created_date)
     select j.list_id, p.dossier, p.id, p.sha256, p.width, p.height, p.bytes, p.media_type, p.features, p.created_date
     from journal_dossiers j join photos p on p.dossier = j.dossier where j.list_id = :listId and not j.photos_kept`,
  ];
  await exchange(tx, [...forgetting, ...written], { runId: run.runId, listId: run.listId });
}

/** Notes what the list is after the apply; the journal is good for as long as it stays that. */
export async function closeJournal(tx: Knex.Transaction, listId: number): Promise<void> {
  await query(
    tx,
    `update journals j set count_after = p.dossier_count, digest_after = hash_text(p.digest_high, p.digest_low)
     from list_positions p where p.list_id = :listId and j.list_id = :listId`,
    { listId },
  );
}

/** A journal as it comes out of row_to_json(). */
export interface JournalRow {
  run_id: number;
  applied_date: string;
}

/** Of the link `k`, for a list of columns: the last applied sync, if it can be taken back. */
export const journalOfLink = `(select json_build_object('run_id', j.run_id, 'applied_date', j.applied_date)
  from journals j join list_positions o on o.list_id = j.list_id
  where j.list_id = k.slave_list_id and j.count_after = o.dossier_count and j.digest_after = hash_text(o.digest_high, o.digest_low)) as undo`;
