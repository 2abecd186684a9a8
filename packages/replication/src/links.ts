import type { Guards } from '@dossier/domain/guards.ts';
import type { LinkDoubt, LinkState } from '@dossier/domain/link.ts';
import type { Position } from '@dossier/domain/position.ts';
import type { RunMode, RunReason } from '@dossier/domain/run.ts';
import type { SetAside } from '@dossier/protocol/held.ts';
import type { SyncError } from '@dossier/protocol/sync.ts';
import { cancelApply } from './apply-cancellation.ts';
import { preparedOne, query, queryOne, transaction } from '@dossier/postgres/database.ts';
import type { Connection, Database } from '@dossier/postgres/database.ts';
import { openProposal } from './guard-changes.ts';
import type { GuardProposal } from './guard-changes.ts';
import { standingHold } from './holds.ts';
import type { HoldRow } from './holds.ts';
import { forgetJournal, journalOfLink } from './journal.ts';
import type { JournalRow } from './journal.ts';
import { toPage } from '@dossier/postgres/keyset.ts';
import { leaveMissingPhotos } from '@dossier/registry/missing-photos.ts';
import { emptyList, lockLists } from '@dossier/registry/positions.ts';
import { forgetRemovals } from './removals.ts';
import { refusedOf } from './set-aside.ts';
import { eraseWithdrawn, forgetFormer } from './withdrawn-traces.ts';
import type { Page, PageRequest } from '@dossier/postgres/keyset.ts';

/** "This slave list copies that master list", with what the slave knows of both. */
export interface LinkRow {
  slave_list_id: number;
  remote_url: string;
  remote_list_id: number;
  remote_node: string | null;
  remote_list: string | null;
  remote_name: string | null;
  /** Whether the key of what answers under the address is known. */
  master_key_known: boolean;
  /** The nodes from which the master has its list, as it says, nearest first. */
  origins: string[];
  state: LinkState;
  error: SyncError | null;
  fence: number;
  epoch: string | null;
  revision: number | null;
  digest: string | null;
  dossier_count: number | null;
  head_tag: string | null;
  /** Of what the master's list declared at the last verified sync, 64 hexadecimal digits. */
  declaration_hash: string;
  head_revision: number | null;
  remote_count: number | null;
  last_attempt: Date | null;
  last_success: Date | null;
  /** When a sync last made the replica what it is. */
  applied_date: Date | null;
  verified_at: Date | null;
  /** When every row was last recomputed. */
  deep_verified_at: Date | null;
  sync_hour: number | null;
  sync_minute: number | null;
  sync_zone: string | null;
  last_scheduled_date: string | null;
  next_run: Date | null;
  purge: boolean;
  /** Since when its master has taken the list from this node. */
  withdrawn_date: Date | null;
  /** Where it stood then; null if it isn't withdrawn. */
  withdrawn_position: Position | null;
  created_date: Date;
  /** Those that are set otherwise than by default. */
  guards: Partial<Guards>;
  /** Looser ones that wait for a second person. */
  proposed_guards: GuardProposal | null;
  /** What waits for a person. */
  held: HoldRow | null;
  /** The last applied sync, if it can be taken back. */
  undo: JournalRow | null;
  /** Dossiers of the master that the replica can't hold as they are. */
  set_aside: SetAside[];
  /** Dossiers in the list here. */
  local_count: number;
  /** Photos that the replica lacks. */
  photos_missing: number;
}

/** A link with why its replica can't be called equal now, for whoever is shown it. */
export interface JudgedLink extends LinkRow {
  doubt: LinkDoubt | null;
}

const linkColumns = `
  k.slave_list_id, k.remote_url, k.remote_list_id, k.remote_node, k.remote_list, k.remote_name,
  exists (select from masters m where m.remote_url = k.remote_url) as master_key_known, k.origins, k.state, k.error, k.fence,
  k.epoch, k.revision, k.digest, k.dossier_count, k.head_tag, encode(k.declaration_hash, 'hex') as declaration_hash, k.head_revision, k.remote_count, k.last_attempt, k.last_success, k.applied_date,
  k.verified_at, k.deep_verified_at, k.sync_hour, k.sync_minute, k.sync_zone, k.last_scheduled_date::text as last_scheduled_date, k.next_run, k.purge,
  (select w.since from withdrawn_lists w where w.list_id = k.slave_list_id) as withdrawn_date,
  (select json_build_object('epoch', w.epoch, 'revision', w.revision, 'digest', w.digest, 'count', w.dossier_count)
    from withdrawn_lists w where w.list_id = k.slave_list_id and w.epoch is not null) as withdrawn_position,
  k.created_date, k.guards, ${openProposal}, ${standingHold}, ${journalOfLink}, ${refusedOf('k.slave_list_id')} as set_aside, p.dossier_count as local_count,
  (select count(*) from missing_photos m where m.slave_list_id = k.slave_list_id) as photos_missing
  from links k join list_positions p on p.list_id = k.slave_list_id`;

const judgedColumns = `link_doubt(k) as doubt, ${linkColumns}`;

/** The link of a list of this slave, or null. */
export async function findLink(connection: Connection, slaveListId: number): Promise<JudgedLink | null> {
  return preparedOne<JudgedLink>(connection, 'find link', {
    sql: `select ${judgedColumns} where k.slave_list_id = :slaveListId`,
    parameters: { slaveListId },
  });
}

/** A link with what a run has to know before it asks the master, in one exchange. */
export async function findLinkToFollow(
  connection: Connection,
  slaveListId: number,
): Promise<{ link: LinkRow; intact: boolean; lacksPhotos: boolean; set_id: number } | null> {
  const row = await preparedOne<LinkRow & { intact: boolean; lacks_photos: boolean; set_id: number }>(connection, 'find link to follow', {
    sql: `select holds_position(k) as intact, exists (select from missing_photos m where m.slave_list_id = k.slave_list_id) as lacks_photos, p.set_id, ${linkColumns}
      where k.slave_list_id = :slaveListId`,
    parameters: { slaveListId },
  });
  if (!row) return null;
  const { intact, lacks_photos: lacksPhotos, set_id, ...link } = row;
  return { link, intact, lacksPhotos, set_id };
}

/** One page of the links, in the order of their lists' ids. */
export async function listLinks(
  connection: Connection,
  { lists, ...page }: PageRequest & { lists: readonly number[] | null },
): Promise<Page<JudgedLink>> {
  const backwards = page.cursor?.direction === 'before';
  const rows = await query<JudgedLink>(
    connection,
    `select ${judgedColumns}
     where ${page.cursor ? `k.slave_list_id ${backwards ? '<' : '>'} :id` : 'true'}
       and (:lists::bigint[] is null or k.slave_list_id = any(:lists::bigint[]))
     order by k.slave_list_id ${backwards ? 'desc' : 'asc'} limit :rows`,
    { id: page.cursor?.id ?? 0, lists: lists && [...lists], rows: page.limit + 1 },
  );
  return toPage(rows, page, (row) => ({ value: null, id: row.slave_list_id }));
}

/** Links with an id above `after`, in the order of their lists' ids: for those who go through all of them. */
export async function listLinksAfter(connection: Connection, after: number, limit: number): Promise<LinkRow[]> {
  return query<LinkRow>(connection, `select ${linkColumns} where k.slave_list_id > :after order by k.slave_list_id limit :limit`, {
    after,
    limit,
  });
}

/** Those of the given lists that have a link. */
export async function findLinks(connection: Connection, slaveListIds: readonly number[]): Promise<JudgedLink[]> {
  return query<JudgedLink>(connection, `select ${judgedColumns} where k.slave_list_id = any(:slaveListIds::bigint[])`, { slaveListIds });
}

/** Whether a link is already what is asked for, so that there is nothing to record. One that failed is tried again. */
export function isLinkedAlready(link: LinkRow, wanted: { remoteUrl: string; remoteListId: number }): boolean {
  const isSame = link.remote_url === wanted.remoteUrl && link.remote_list_id === wanted.remoteListId;
  return isSame && link.state !== 'failed' && link.state !== 'unlinking';
}

export type LinkCreation =
  | { outcome: 'created' | 'existing'; link: JudgedLink; runId: number | null }
  | { outcome: 'no-list' }
  | { outcome: 'conflict'; link: JudgedLink }
  | { outcome: 'not-empty'; dossiers: number };

/**
 * Records a link and its first run in one transaction. The same link again is `existing` (a failed one is made pending anew, with a
 * run); another source for the list is a `conflict`. `refuseNonEmpty` refuses a list that already holds dossiers.
 */
export async function createLink(
  database: Database,
  request: { slaveListId: number; remoteUrl: string; remoteListId: number; refuseNonEmpty: boolean; by: string | null },
): Promise<LinkCreation> {
  return transaction(database, async (tx) => {
    const list = await queryOne<{ dossier_count: number }>(
      tx,
      `select p.dossier_count from watch_lists l join list_positions p on p.list_id = l.id where l.id = :slaveListId for update`,
      { slaveListId: request.slaveListId },
    );
    if (!list) return { outcome: 'no-list' };
    const existing = await findLink(tx, request.slaveListId);
    if (existing) {
      if (existing.remote_url !== request.remoteUrl || existing.remote_list_id !== request.remoteListId || existing.state === 'unlinking') {
        return { outcome: 'conflict', link: existing };
      }
      if (existing.state !== 'failed') return { outcome: 'existing', link: existing, runId: null };
      const run = await createRun(tx, { slaveListId: request.slaveListId, reason: 'link', mode: 'auto', by: request.by });
      await query(tx, `update links set state = 'pending', error = null where slave_list_id = :slaveListId`, {
        slaveListId: request.slaveListId,
      });
      return { outcome: 'existing', link: { ...existing, state: 'pending', error: null }, runId: run.id };
    }
    if (request.refuseNonEmpty && list.dossier_count > 0) return { outcome: 'not-empty', dossiers: list.dossier_count };
    await query(
      tx,
      `insert into links (slave_list_id, remote_url, remote_list_id) values (:slaveListId, :remoteUrl, :remoteListId)`,
      request,
    );
    const run = await createRun(tx, { slaveListId: request.slaveListId, reason: 'link', mode: 'auto', by: request.by });
    const link = await findLink(tx, request.slaveListId);
    if (!link) throw new Error(`link ${request.slaveListId} vanished while it was made`);
    return { outcome: 'created', link, runId: run.id };
  });
}

/**
 * Makes a run for a link, or returns the unfinished one that it has; `created` tells which. A run that waits for its next attempt is taken as it is.
 * `by`: the user who asks for it; null where nobody does. The caller holds the link's row against its end, which would leave the run behind: whoever doesn't calls `requestRun`.
 */
export async function createRun(
  connection: Connection,
  request: { slaveListId: number; reason: RunReason; mode: RunMode; by: string | null },
): Promise<{ id: number; created: boolean }> {
  const made = await queryOne<{ id: number }>(
    connection,
    `insert into runs (slave_list_id, reason, mode, requested_by) values (:slaveListId, :reason, :mode, :by)
     on conflict (slave_list_id) where finished_date is null do nothing returning id`,
    request,
  );
  if (made) return { id: made.id, created: true };
  const open = await queryOne<{ id: number }>(
    connection,
    `select id from runs where slave_list_id = :slaveListId and finished_date is null`,
    request,
  );
  return open ? { id: open.id, created: false } : createRun(connection, request);
}

/** Keeps what the greeting taught: whose list it is, where it comes from, its name and the master's SYNC_TIME. Identities are pinned once and never overwritten. */
export async function saveGreeting(
  connection: Connection,
  greeting: {
    slaveListId: number;
    fence: number;
    remoteNode: string;
    remoteList: string;
    remoteName: string;
    origins: readonly string[];
    schedule: { hour: number; minute: number; time_zone: string };
  },
): Promise<void> {
  await query(
    connection,
    `update links set remote_node = coalesce(remote_node, :remoteNode), remote_list = coalesce(remote_list, :remoteList),
       remote_name = :remoteName, origins = :origins::uuid[], sync_hour = :hour, sync_minute = :minute, sync_zone = :zone
     where slave_list_id = :slaveListId and fence = :fence`,
    { ...greeting, hour: greeting.schedule.hour, minute: greeting.schedule.minute, zone: greeting.schedule.time_zone },
  );
}

/** Keeps when a link runs next and, if given, the local date for which its scheduled run was made. Not where an apply holds the link, which isn't waited for. */
export async function saveSchedule(
  connection: Connection,
  schedule: { slaveListId: number; nextRun: Date; scheduledDate: string | null },
): Promise<void> {
  await query(
    connection,
    `update links set next_run = :nextRun, last_scheduled_date = coalesce(:scheduledDate::date, last_scheduled_date)
     where slave_list_id = (select slave_list_id from links where slave_list_id = :slaveListId for no key update skip locked)`,
    schedule,
  );
}

/**
 * Marks a link for cancellation and fences out whatever runs for it: from the commit on, no worker that started earlier can change
 * the list. An apply that is under way isn't waited for but cancelled. False if there is no such link.
 */
export async function startUnlink(database: Database, slaveListId: number, purge: boolean): Promise<boolean> {
  await cancelApply(database, slaveListId);
  return transaction(database, async (tx) => {
    const rows = await query(
      tx,
      `update links set state = 'unlinking', fence = fence + 1, purge = purge or :purge, error = null
       where slave_list_id = :slaveListId returning slave_list_id`,
      { slaveListId, purge },
    );
    await query(tx, cancelRuns, { slaveListId });
    return rows.length > 0;
  });
}

/** The statement that ends whatever run of a link isn't over; the fence has to be raised with it. */
export const cancelRuns = `update runs set state = 'cancelled', finished_date = now() where slave_list_id = :slaveListId and finished_date is null`;

/**
 * Ends a link that is being cancelled: its bookkeeping goes, but for which photos the dossiers that stay still lack. The dossiers stay, or go with purge.
 * Can run twice. False if the link is gone or isn't being cancelled.
 */
export async function finishUnlink(database: Database, slaveListId: number): Promise<boolean> {
  return transaction(database, async (tx) => {
    const link = await queryOne<{ purge: boolean }>(
      tx,
      `select purge from links where slave_list_id = :slaveListId and state = 'unlinking' for update`,
      { slaveListId },
    );
    if (!link) return false;
    // Those that were asked for while it began to end.
    await query(tx, cancelRuns, { slaveListId });
    await query(
      tx,
      `update offline_deletions set settled_as = 'unlinked', settled_date = now() where slave_list_id = :slaveListId and settled_as is null`,
      { slaveListId },
    );
    await query(tx, `delete from distrusted where list_id = :slaveListId`, { slaveListId });
    await query(tx, `delete from dead_letters where slave_list_id = :slaveListId`, { slaveListId });
    await query(tx, `delete from set_aside where list_id = :slaveListId`, { slaveListId });
    await query(tx, `delete from holds where slave_list_id = :slaveListId`, { slaveListId });
    await query(tx, `update sets set purpose = 'garbage', since = age_moment() where list_id = :slaveListId and purpose <> 'bin'`, {
      slaveListId,
    });
    await forgetJournal(tx, slaveListId);
    await forgetRemovals(tx, slaveListId);
    await query(tx, `delete from links where slave_list_id = :slaveListId`, { slaveListId });
    // What was withdrawn can't come back by this link any more.
    await eraseWithdrawn(tx, slaveListId);
    await forgetFormer(tx, slaveListId);
    if (link.purge) {
      await lockLists(tx, [slaveListId]);
      await emptyList(tx, slaveListId);
    }
    await leaveMissingPhotos(tx, slaveListId);
    return true;
  });
}

/** Links whose cancellation was asked for and isn't carried out yet. */
export async function listUnlinking(connection: Connection): Promise<number[]> {
  const rows = await query<{ slave_list_id: number }>(connection, `select slave_list_id from links where state = 'unlinking'`);
  return rows.map((row) => row.slave_list_id);
}
