import type { Knex } from 'knex';
import type { Position } from '@dossier/domain/position.ts';
import type { SyncError } from '@dossier/protocol/sync.ts';
import { query, queryOne, sqlState, transaction } from '@dossier/postgres/database.ts';
import type { Database } from '@dossier/postgres/database.ts';
import { keepReserve } from '@dossier/postgres/disk-reserve.ts';
import { book, lockLists, pointAt, settleDigest } from '@dossier/registry/positions.ts';
import { hashDifference, keepHeldDossiers } from './difference.ts';
import type { Sides } from './difference.ts';
import { FencedError, requireFence } from './fence.ts';
import type { TakenRun } from './fence.ts';
import { createHold, saveExamples } from './holds.ts';
import { forgetJournal } from './journal.ts';
import { declare } from './list-declaration.ts';
import { createRun, findLink } from './links.ts';
import type { LinkRow } from './links.ts';
import type { MergeCounts } from './merge.ts';
import { contentColumns } from './row-columns.ts';
import { rememberRun } from './run-history.ts';

/** What became of the wish to take the last applied sync of a link back. */
export type UndoRequest = { outcome: 'no-link' | 'unlinking' | 'nothing' | 'busy' } | { outcome: 'run'; runId: number; link: LinkRow };

/**
 * Makes a run that takes the last applied sync of a link back. `nothing`: no sync was applied since the last undo, the list was changed
 * otherwise since, or too many days have passed; `busy`: another run isn't over.
 */
export async function requestUndo(database: Database, request: { slaveListId: number; by: string }): Promise<UndoRequest> {
  return transaction(database, async (tx): Promise<UndoRequest> => {
    await query(tx, `select from links where slave_list_id = :slaveListId for update`, { slaveListId: request.slaveListId });
    const link = await findLink(tx, request.slaveListId);
    if (!link) return { outcome: 'no-link' };
    if (link.state === 'unlinking') return { outcome: 'unlinking' };
    if (!link.undo) return { outcome: 'nothing' };
    const run = await createRun(tx, { slaveListId: request.slaveListId, reason: 'undo', mode: 'auto', by: request.by });
    if (run.created) return { outcome: 'run', runId: run.id, link };
    const open = await queryOne<{ reason: string }>(tx, `select reason from runs where id = :id`, { id: run.id });
    return open?.reason === 'undo' ? { outcome: 'run', runId: run.id, link } : { outcome: 'busy' };
  });
}

interface OpenJournal {
  run_id: number;
  former_set: number | null;
  digest_before: Buffer;
  /** What the list declared. */
  declaration: string;
  set_id: number;
}

/**
 * Takes the last applied sync of a list back, in one transaction: the list is pointed at its former set, or what a merge added goes, and what it changed or
 * removed comes back under the ids that it had. The digest has to be the one from before, or nothing is done. The link is held afterwards, so that the
 * next sync doesn't do the same again. Throws FencedError.
 */
export async function undoRun(database: Database, taken: TakenRun): Promise<void> {
  await keepReserve(database);
  try {
    await transaction(database, (tx) => takeBack(tx, taken));
  } catch (error) {
    if (!(error instanceof CannotUndo) && sqlState(error) !== uniqueViolation) throw error;
    await transaction(database, (tx) => giveUp(tx, taken));
  }
}

const uniqueViolation = '23505';

class CannotUndo extends Error {}

async function takeBack(tx: Knex.Transaction, taken: TakenRun): Promise<void> {
  await requireFence(tx, taken);
  await lockLists(tx, [taken.listId]);
  const journal = await queryOne<OpenJournal>(
    tx,
    `select j.run_id, j.former_set, j.digest_before, j.declaration::text as declaration, p.set_id from journals j join list_positions p on p.list_id = j.list_id
     where j.list_id = :listId and j.digest_after = p.digest`,
    { listId: taken.listId },
  );
  if (!journal) throw new CannotUndo();
  await query(tx, takenBack(journal), { runId: taken.runId, listId: taken.listId });
  await holdWhatIsTakenBack(tx, taken, journal);
  await rememberUndo(tx, taken, journal);
  const counts = await putBack(tx, taken.listId, journal);
  const after = await queryOne<{ digest: Buffer }>(tx, `select digest from list_positions where list_id = :listId`, {
    listId: taken.listId,
  });
  if (!after?.digest.equals(journal.digest_before)) throw new CannotUndo();
  await putPositionBack(tx, taken.listId);
  await declare(tx, taken, journal.declaration);
  await query(
    tx,
    `update runs set state = 'undone', finished_date = now(), heartbeat = now(), error = null, added = :added, changed = :changed, removed = :removed
       where id = :runId`,
    { ...counts, runId: taken.runId },
  );
  await query(tx, `delete from dead_letters where slave_list_id = :listId`, { listId: taken.listId });
  await forgetJournal(tx, taken.listId);
}

/** The list as it is, and as it was before the sync that is taken back. */
function sidesOfUndo({ listId }: { listId: number }, { former_set: former, set_id: setId }: OpenJournal): Sides {
  return {
    former: `select * from dossiers where set_id = ${setId}`,
    present:
      former === null
        ? `select * from journal_rows where list_id = ${listId} and kind <> 'added'`
        : `select * from dossiers where set_id = ${former}`,
  };
}

async function rememberUndo(tx: Knex.Transaction, { runId, listId }: TakenRun, journal: OpenJournal): Promise<void> {
  const sizes = await queryOne<{ held: number; touched: number }>(
    tx,
    `select dossier_count as held, (select count(*) from differences where run_id = :runId) as touched from list_positions where list_id = :listId`,
    { runId, listId },
  );
  if (!sizes) throw new FencedError();
  await rememberRun(tx, {
    runId,
    listId,
    ...sizes,
    takesBack: true,
    ...sidesOfUndo({ listId }, journal),
  });
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

/** Writes what the sync did as the difference of the run that takes it back: exactly what the next sync would do again. */
function takenBack({ former_set: former, set_id: setId }: OpenJournal): string {
  const columns = `(run_id, uuid, kind, old_hash, new_hash, deactivating, name, external_id)`;
  if (former === null) {
    return `insert into differences ${columns}
      select :runId, j.uuid, case j.kind when 'added' then 'adding' when 'changed' then 'changing' else 'removing' end, j.hash, d.hash,
        coalesce(j.active and not d.active, false), d.name, d.external_id
      from journal_rows j left join dossiers d on d.set_id = ${setId} and d.uuid = j.uuid where j.list_id = :listId`;
  }
  return `insert into differences ${columns}
    select :runId, uuid, case when o.uuid is null then 'adding' when n.uuid is null then 'removing' else 'changing' end, o.hash, n.hash,
      coalesce(o.active and not n.active, false), n.name, n.external_id
    from (select * from dossiers where set_id = ${former}) o full join (select * from dossiers where set_id = ${setId}) n using (uuid)
    where o.hash is distinct from n.hash and :listId::bigint is not null`;
}

async function holdWhatIsTakenBack(tx: Knex.Transaction, taken: TakenRun, journal: OpenJournal): Promise<void> {
  const link = await queryOne<Position & { node: string; list: string; by: string }>(
    tx,
    `select k.epoch, k.revision, k.dossier_count as count, k.digest, k.remote_node as node, k.remote_list as list, coalesce(r.requested_by, 'Somebody') as by
     from links k join runs r on r.id = :runId where k.slave_list_id = :listId`,
    { listId: taken.listId, runId: taken.runId },
  );
  if (!link) throw new Error(`link ${taken.listId} vanished under its lock`);
  const hash = await hashDifference(tx, taken.runId, { node: link.node, list: link.list });
  const counts = await queryOne<Record<'adding' | 'changing' | 'removing' | 'deactivating', number>>(
    tx,
    `select count(*) filter (where kind = 'adding') as adding, count(*) filter (where kind = 'changing') as changing,
       count(*) filter (where kind = 'removing') as removing, count(*) filter (where deactivating) as deactivating
     from differences where run_id = :runId`,
    { runId: taken.runId },
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
  const { former: present, present: former } = sidesOfUndo(taken, journal);
  await keepHeldDossiers(tx, { runId: taken.runId, setId: journal.former_set ?? journal.set_id, sides: { former, present } }, id);
  await saveExamples(tx, id);
}

/** Puts the list's rows back to what they were; returns how many it did. */
async function putBack(tx: Knex.Transaction, listId: number, { former_set: former, set_id: setId }: OpenJournal): Promise<MergeCounts> {
  const done = await queryOne<MergeCounts>(
    tx,
    former === null
      ? `select count(*) filter (where kind = 'removed') as added, count(*) filter (where kind = 'changed') as changed,
           count(*) filter (where kind = 'added') as removed from journal_rows where list_id = :listId`
      : `select count(*) filter (where n.uuid is null) as added, count(*) filter (where o.hash <> n.hash) as changed,
           count(*) filter (where o.uuid is null) as removed
         from (select uuid, hash from dossiers where set_id = ${former}) o full join (select uuid, hash from dossiers where set_id = ${setId}) n using (uuid)
         where :listId::bigint is not null`,
    { listId },
  );
  if (!done) throw new Error('an aggregate gave no row');
  if (former !== null) {
    await pointAt(tx, { listId, newSet: former, purpose: 'garbage' });
    return done;
  }
  await putRowsBack(tx, listId, setId);
  await book(tx, { listId, growth: done.added - done.removed, changes: done.added + done.changed + done.removed });
  await settleDigest(tx, listId);
  return done;
}

async function putRowsBack(tx: Knex.Transaction, listId: number, setId: number): Promise<void> {
  await query(tx, `set constraints dossiers_external_id_unique deferred`);
  await query(
    tx,
    `with gone as (
       delete from dossiers d using journal_rows j where j.list_id = :listId and j.kind = 'added' and d.set_id = ${setId} and d.uuid = j.uuid
       returning d.uuid
     )
     insert into tombstones (set_id, uuid, revision) select ${setId}, uuid, nextval('dossier_revisions') from gone
     on conflict (set_id, uuid) do update set revision = excluded.revision, removed_date = excluded.removed_date`,
    { listId },
  );
  await query(
    tx,
    `update dossiers d set ${contentColumns.map((column) => `${column} = j.${column}`).join(', ')}, revision = nextval('dossier_revisions')
     from journal_rows j where j.list_id = :listId and j.kind = 'changed' and d.set_id = ${setId} and d.uuid = j.uuid`,
    { listId },
  );
  await query(
    tx,
    `with back as (
       insert into dossiers (set_id, uuid, id, ${contentColumns.join(', ')})
       select ${setId}, uuid, id, ${contentColumns.join(', ')} from journal_rows where list_id = :listId and kind = 'removed' returning uuid
     )
     delete from tombstones t using back where t.set_id = ${setId} and t.uuid = back.uuid`,
    { listId },
  );
  await query(tx, `set constraints dossiers_external_id_unique immediate`);
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
       own_digest = w.own_digest, declaration_hash = w.declaration_hash, head_tag = w.head_tag, verified_at = w.verified_at,
       applied_date = w.applied_date,
       error = jsonb_build_object('code', 'HELD', 'desc', 'Nothing is applied, the list keeps what it has. ' || (h.reasons -> 0 ->> 'sentence'),
         'remedy', 'Nothing, or approve what was taken back ("dossier approve LIST"). A change of the master''s list ends it.',
         'attempts', 1, 'next_attempt', null)
     from journals j, jsonb_populate_record(null::links, j.link) w, holds h
     where k.slave_list_id = :listId and j.list_id = :listId and h.slave_list_id = :listId and h.state = 'waiting'`,
    { listId },
  );
}
