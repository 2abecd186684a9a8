import type { Knex } from 'knex';
import type { Position } from '@dossier/domain/position.ts';
import type { SyncError } from '@dossier/protocol/sync.ts';
import { markDisturbedLists } from './apply.ts';
import { query, queryOne, sqlState, transaction } from '@dossier/postgres/database.ts';
import type { Database } from '@dossier/postgres/database.ts';
import { hashRows, keepNames } from './difference.ts';
import { createHold, saveExamples } from './holds.ts';
import { forgetJournal } from './journal.ts';
import { createRun, findLink } from './links.ts';
import type { LinkRow } from './links.ts';
import { requireFence } from './staging.ts';
import type { TakenRun } from './staging.ts';

/** What became of the wish to take the last applied sync of a link back. */
export type UndoRequest = { outcome: 'no-link' | 'unlinking' | 'nothing' | 'busy' } | { outcome: 'run'; runId: number; link: LinkRow };

/**
 * Makes a run that takes the last applied sync of a link back. `nothing`: no sync was applied since the last undo, the list was changed
 * otherwise since, or PostgreSQL crashed; `busy`: another run isn't over.
 */
export async function requestUndo(database: Database, request: { slaveListId: number; by: string }): Promise<UndoRequest> {
  return transaction(database, async (tx): Promise<UndoRequest> => {
    await query(tx, `select from links where slave_list_id = :slaveListId for update`, { slaveListId: request.slaveListId });
    const link = await findLink(tx, request.slaveListId);
    if (!link) return { outcome: 'no-link' };
    if (link.state === 'unlinking') return { outcome: 'unlinking' };
    if (!link.undo) return { outcome: 'nothing' };
    const run = await createRun(tx, { slaveListId: request.slaveListId, reason: 'undo', mode: 'auto' });
    if (run.created) {
      await query(tx, `update runs set requested_by = :by where id = :id`, { id: run.id, by: request.by });
      return { outcome: 'run', runId: run.id, link };
    }
    const open = await queryOne<{ reason: string }>(tx, `select reason from runs where id = :id`, { id: run.id });
    return open?.reason === 'undo' ? { outcome: 'run', runId: run.id, link } : { outcome: 'busy' };
  });
}

interface OpenJournal {
  run_id: number;
  passed: number;
  count_before: number;
  digest_before: string;
}

/**
 * Takes the last applied sync of a list back, in one transaction: what it added goes, what it changed or removed comes back with its
 * photos, under the ids that it had, through the same triggers as every change. The digest has to be the one from before, or nothing is
 * done. The link is held afterwards, so that the next sync doesn't do the same again. Returns other lists that share dossiers with this one
 * and aren't what they were. Throws FencedError.
 */
export async function undoRun(database: Database, taken: TakenRun): Promise<number[]> {
  try {
    return await transaction(database, (tx) => takeBack(tx, taken));
  } catch (error) {
    if (!(error instanceof CannotUndo) && sqlState(error) !== uniqueViolation) throw error;
    await transaction(database, (tx) => giveUp(tx, taken));
    return [];
  }
}

const uniqueViolation = '23505';

class CannotUndo extends Error {}

async function takeBack(tx: Knex.Transaction, taken: TakenRun): Promise<number[]> {
  await requireFence(tx, taken);
  const journal = await queryOne<OpenJournal>(
    tx,
    `select j.run_id, j.passed, j.count_before, j.digest_before from journals j join list_positions p on p.list_id = j.list_id
       where j.list_id = :listId and j.count_after = p.dossier_count and j.digest_after = hash_text(p.digest_high, p.digest_low)
       for update of p`,
    { listId: taken.listId },
  );
  if (!journal) throw new CannotUndo();
  await holdWhatIsTakenBack(tx, taken, journal);
  const counts = await putBack(tx, taken.listId, journal.passed);
  await requireFormerDigest(tx, taken.listId, journal);
  await putPositionBack(tx, taken.listId);
  await query(
    tx,
    `update runs set state = 'undone', finished_date = now(), heartbeat = now(), error = null, added = :added, changed = :changed, removed = :removed
       where id = :runId`,
    { ...counts, runId: taken.runId },
  );
  await query(tx, `delete from dead_letters where slave_list_id = :listId`, { listId: taken.listId });
  await forgetJournal(tx, taken.listId);
  return markDisturbedLists(tx, taken.listId);
}

async function giveUp(tx: Knex.Transaction, taken: TakenRun): Promise<void> {
  await requireFence(tx, taken);
  const error: SyncError = {
    code: 'CANNOT_UNDO',
    desc: 'The list was changed since its last sync was applied, so that sync cannot be taken back. Nothing was changed.',
    remedy: "Mend the list on the master, or wait for its next sync. The master's list is what counts.",
    attempts: 1,
    next_attempt: null,
  };
  await query(
    tx,
    `update runs set state = 'failed', finished_date = now(), heartbeat = now(), next_attempt = null, error = :error::jsonb where id = :runId`,
    { runId: taken.runId, error: JSON.stringify(error) },
  );
  await query(
    tx,
    `update links k set state = case
       when exists (select from holds h where h.slave_list_id = k.slave_list_id and h.state in ('waiting', 'approved', 'rejected', 'expired')) then 'held'
       when holds_position(k) then 'synced' else 'pending' end
     where slave_list_id = :listId`,
    { listId: taken.listId },
  );
}

/** What the sync did, as rows of a difference: exactly what the next sync would do again. */
const takenBack = `
  select j.dossier, case when j.removed then 'removing' else 'changing' end as kind, j.hash as old_hash,
    case when not j.removed then d.hash end as new_hash, not j.removed and j.active and not d.active as deactivating, d.name, d.external_id
  from journal_dossiers j left join dossiers d on d.uuid = j.dossier where j.list_id = :listId
  union all
  select d.uuid, 'adding', null, d.hash, false, d.name, d.external_id
  from memberships m join dossiers d on d.uuid = m.dossier
  where m.list_id = :listId and m.revision > :passed
    and not exists (select from journal_dossiers j where j.list_id = :listId and j.dossier = m.dossier)`;

async function holdWhatIsTakenBack(tx: Knex.Transaction, taken: TakenRun, journal: OpenJournal): Promise<void> {
  const parameters = { listId: taken.listId, passed: journal.passed };
  const link = await queryOne<Position & { node: string; list: string; by: string }>(
    tx,
    `select k.epoch, k.revision, k.dossier_count as count, k.digest, k.remote_node as node, k.remote_list as list, coalesce(r.requested_by, 'Somebody') as by
     from links k join runs r on r.id = :runId where k.slave_list_id = :listId`,
    { listId: taken.listId, runId: taken.runId },
  );
  if (!link) throw new Error(`link ${taken.listId} vanished under its lock`);
  const hash = await hashRows(tx, takenBack, { ...parameters, node: link.node, list: link.list });
  const counts = await queryOne<Record<'adding' | 'changing' | 'removing' | 'deactivating', number>>(
    tx,
    `select count(*) filter (where kind = 'adding') as adding, count(*) filter (where kind = 'changing') as changing,
       count(*) filter (where kind = 'removing') as removing, count(*) filter (where deactivating) as deactivating from (${takenBack}) difference`,
    parameters,
  );
  if (!counts) throw new Error('an aggregate gave no row');
  const id = await createHold(tx, {
    slave_list_id: taken.listId,
    run_id: taken.runId,
    state: 'waiting',
    difference: hash,
    reasons: [
      {
        guard: 'undone',
        sentence: `${link.by} took back what run ${journal.run_id} had done.`,
        count: counts.adding + counts.changing + counts.removing,
        limit: 0,
      },
    ],
    ...counts,
    lost: 0,
    head_epoch: link.epoch,
    head_revision: link.revision,
    head_count: link.count,
    head_digest: link.digest,
    decided_by: null,
  });
  await keepNames(tx, takenBack, { ...parameters, holdId: id });
  await saveExamples(tx, id);
}

/** Puts the list's rows back to what they were; returns how many it did. */
async function putBack(tx: Knex.Transaction, listId: number, passed: number): Promise<{ added: number; changed: number; removed: number }> {
  await query(tx, `set constraints all deferred`);
  const removed = await countOf(
    tx,
    `delete from memberships m where m.list_id = :listId and m.revision > :passed
       and not exists (select from journal_dossiers j where j.list_id = :listId and j.dossier = m.dossier)`,
    { listId, passed },
  );
  await query(
    tx,
    `update dossiers d set name = j.name, comment = j.comment, active = j.active, meta = j.meta, external_id = j.external_id,
       photo_count = j.photo_count, photos_hash = j.photos_hash, created_date = j.created_date, modified_date = j.modified_date
     from journal_dossiers j where j.list_id = :listId and d.uuid = j.dossier and d.hash <> j.hash`,
    { listId },
  );
  await query(
    tx,
    `insert into dossiers (id, uuid, name, comment, active, meta, external_id, photo_count, photos_hash, created_date, modified_date)
     select id, dossier, name, comment, active, meta, external_id, photo_count, photos_hash, created_date, modified_date
     from journal_dossiers j where j.list_id = :listId and not exists (select from dossiers d where d.uuid = j.dossier)`,
    { listId },
  );
  await putPhotosBack(tx, listId);
  const added = await countOf(
    tx,
    `insert into memberships (list_id, dossier) select list_id, dossier from journal_dossiers where list_id = :listId and removed`,
    { listId },
  );
  await query(tx, `set constraints all immediate`);
  const changed = await queryOne<{ count: number }>(
    tx,
    `select count(*) as count from journal_dossiers where list_id = :listId and not removed`,
    { listId },
  );
  return { added, changed: changed?.count ?? 0, removed };
}

async function countOf(tx: Knex.Transaction, statement: string, parameters: Record<string, unknown>): Promise<number> {
  const row = await queryOne<{ count: number }>(
    tx,
    `with done as (${statement} returning 1) select count(*) as count from done`,
    parameters,
  );
  return row?.count ?? 0;
}

/** One statement, so that the triggers see only the outcome. */
async function putPhotosBack(tx: Knex.Transaction, listId: number): Promise<void> {
  await query(
    tx,
    `with gone as (
       delete from photos p using journal_dossiers d where d.list_id = :listId and p.dossier = d.dossier and not d.photos_kept
         and not exists (select from journal_photos j where j.list_id = :listId and j.dossier = p.dossier and j.sha256 = p.sha256)
     ),
     rewritten as (
       update photos p set width = j.width, height = j.height, bytes = j.bytes, media_type = j.media_type, features = j.features
       from journal_photos j where j.list_id = :listId and p.dossier = j.dossier and p.sha256 = j.sha256
         and (p.width, p.height, p.bytes, p.media_type, p.features) is distinct from (j.width, j.height, j.bytes, j.media_type, j.features)
     )
     insert into photos (id, dossier, sha256, width, height, bytes, media_type, features, created_date)
     select j.id, j.dossier, j.sha256, j.width, j.height, j.bytes, j.media_type, j.features, j.created_date
     from journal_photos j where j.list_id = :listId and not exists (select from photos p where p.dossier = j.dossier and p.sha256 = j.sha256)`,
    { listId },
  );
}

/** The list's rows give the count and the digest from before the sync, or everything is rolled back. */
async function requireFormerDigest(tx: Knex.Transaction, listId: number, journal: OpenJournal): Promise<void> {
  const found = await queryOne<{ count: number; digest: string }>(
    tx,
    `select count(*) as count, hash_text(coalesce(bit_xor(hash_high), 0), coalesce(bit_xor(hash_low), 0)) as digest
     from memberships where list_id = :listId`,
    { listId },
  );
  if (found?.count !== journal.count_before || found.digest !== journal.digest_before) throw new CannotUndo();
}

/** The replica stands where it stood, as of when it was verified there. */
async function putPositionBack(tx: Knex.Transaction, listId: number): Promise<void> {
  await query(tx, `delete from set_aside where list_id = :listId`, { listId });
  await query(
    tx,
    `insert into set_aside select a.* from journals j, jsonb_populate_recordset(null::set_aside, j.set_aside) a where j.list_id = :listId`,
    { listId },
  );
  await query(
    tx,
    `update links k set state = 'held', epoch = w.epoch, revision = w.revision, digest = w.digest, dossier_count = w.dossier_count,
       head_tag = w.head_tag, verified_at = w.verified_at,
       error = jsonb_build_object('code', 'HELD', 'desc', 'Nothing is applied, the list keeps what it has. ' || (h.reasons -> 0 ->> 'sentence'),
         'remedy', 'Nothing, or approve what was taken back ("dossier approve LIST"). A change of the master''s list ends it.',
         'attempts', 1, 'next_attempt', null)
     from journals j, jsonb_populate_record(null::links, j.link) w, holds h
     where k.slave_list_id = :listId and j.list_id = :listId and h.slave_list_id = :listId and h.state = 'waiting'`,
    { listId },
  );
}
