import type { Knex } from 'knex';
import type { Failure, FailureKind } from '@dossier/domain/failure.ts';
import { setAsideBound } from '@dossier/domain/set-aside.ts';
import type { RefusalCode } from '@dossier/domain/set-aside.ts';
import type { Position } from '@dossier/domain/position.ts';
import type { RunMethod } from '@dossier/domain/run.ts';
import { findableApply } from './apply-cancellation.ts';
import { addMembers, changeRows, insertDossiers, replacePhotos } from './apply-rows.ts';
import { exchange, preparedOne, query, serializationFailure, transaction } from './database.ts';
import type { Database } from './database.ts';
import { standing } from './holds.ts';
import { judge } from './judgement.ts';
import type { Fork, Judgement } from './judgement.ts';
import { touches } from './difference.ts';
import type { StagedDifference } from './difference.ts';
import { closeJournal, forgetJournalOf, openJournal } from './journal.ts';
import { adoptLoad, awaitAdoption, completeLoad, holdsOtherLists, isLoading, sweepLoads, whenReadersAllow } from './loading.ts';
import { shownInItsList } from './missing-photos.ts';
import { countRestored, settleOfflineDeletions } from './offline-deletions.ts';
import { listMended, recordRepair } from './repair.ts';
import { markRefused, noteKept, refusedOf, setRefusedAside, takeExternalIds } from './set-aside.ts';
import type { Refusal } from './set-aside.ts';
import { deepVerified, verified } from './run-endings.ts';
import { refreshStatistics } from './statistics.ts';
import { analyseStaging, FencedError } from './staging.ts';
import type { TakenRun } from './staging.ts';

/**
 * Why a staged run could not be applied; everything was rolled back.
 *
 * - `COUNT_DIFFERS`: the replica would not have as many dossiers as the position it was to reach.
 * - `DIGEST_DIFFERS`: it would have as many, but not its digest.
 * - `EXTERNAL_ID_TAKEN`: an external id of the master's list belongs to another dossier of this node, in a list that the master doesn't answer for.
 * - `DOSSIER_OF_ANOTHER_MASTER`: a dossier is also in a list replicated from another master, with another content.
 */
export class ApplyRefused extends Error implements Failure {
  override readonly name = 'ApplyRefused';
  readonly code: 'COUNT_DIFFERS' | 'DIGEST_DIFFERS' | RefusalCode;
  readonly kind: FailureKind;
  readonly remedy: string;

  constructor(code: ApplyRefused['code'], what: string, remedy: string) {
    super(`${what} Nothing was changed: the watch list keeps what it had.`);
    this.code = code;
    this.kind = code.endsWith('_DIFFERS') ? 'retry' : 'operator';
    this.remedy = remedy;
  }
}

export interface ApplyRequest extends TakenRun {
  method: RunMethod;
  /** What the list has to equal afterwards. */
  target: Position;
  headTag: string | null;
  offlineDeletions: 'restore' | 'keep-deleted';
  /** Whose list was staged; pinned with the apply. */
  master: { node: string; list: string };
  fork: Fork | null;
  /** Staged dossiers whose hash isn't the one of their content. */
  forged: readonly string[];
}

export interface ApplyOutcome {
  added: number;
  changed: number;
  removed: number;
  unchanged: number;
  restoredOfflineDeletions: number;
  /** Other replicated lists with dossiers that were changed here, which don't equal their position any more. */
  disturbedLists: number[];
}

/**
 * Makes a list equal to what its run has staged, in one transaction: readers see the list before or the list after. The digest is
 * recomputed from the list's rows; if it isn't the target's, everything is rolled back. A difference that a guard stops is recorded
 * instead of applied, and the run is over: `held`.
 *
 * Throws FencedError or ApplyRefused; after either the list is as it was.
 */
export async function applyRun(database: Database, request: ApplyRequest): Promise<ApplyOutcome | 'held'> {
  if (request.method === 'full' && (await isLoading(database, request.runId))) return applyLoad(database, request);
  await analyseStaging(database);
  const outcome = await applyStaged(database, request);
  if (outcome !== 'held' && isWorthStatistics(outcome)) await hurryStatistics(database);
  return outcome;
}

const manyRows = 1000;
const largeShare = 0.1;

/**
 * Whether so much changed that the planner has to hear of it at once: until autovacuum comes it takes a new list for one without members, and reads
 * all of it for each member that changes. Not in the transaction, which would keep the lock of ANALYZE until its end.
 */
function isWorthStatistics({ added, changed, removed, unchanged }: ApplyOutcome): boolean {
  const touched = added + changed + removed;
  return touched >= manyRows && touched >= largeShare * (added + changed + unchanged);
}

async function applyStaged(database: Database, request: ApplyRequest): Promise<ApplyOutcome | 'held'> {
  return transaction(database, async (tx) => {
    await lockLink(tx, request);
    const { refused, takes } = await markRefused(tx, request);
    requireFew(refused, request);
    const { judgement, difference, damage } = await judge(tx, request);
    if (judgement === 'held') return 'held';
    const mended = damage ? await listMended(tx, request, damage) : [];
    const isChange = !difference || touches(difference) > 0;
    const journal = isChange && damage !== 'everything';
    const begun = journal ? openJournal(request, difference?.removing ?? null) : isChange ? forgetJournalOf : [];
    const prelude = [...begun, `set constraints all deferred`, ...setAside(request), ...setRefusedAside];
    const { removed, changed, named } = await changeRows(tx, { ...request, removing: difference?.removing ?? null, journal }, prelude);
    if (difference?.adding !== 0) await insertDossiers(tx, request);
    await replacePhotos(tx, request, { named, staged: request.target.count });
    const added = difference?.adding === 0 ? 0 : await addMembers(tx, request);
    if (takes) await takeExternalIds(tx, request);
    const restored = await completeRows(tx, request);
    requireJudged(judgement, difference, { adding: added, changing: changed, removing: removed });
    const counts = { added, changed, removed, unchanged: request.target.count - added - changed, restoredOfflineDeletions: restored };
    if (mended.length > 0) await recordRepair(tx, request, mended);
    const disturbedLists = await savePosition(tx, request, { counts, holdEndsAs: judgement === 'approved' ? 'applied' : 'superseded' });
    return { ...counts, disturbedLists };
  });
}

/**
 * The same for a run that filled tables of its own: what takes long is done where no reader looks, then the tables take their place. It is a link's
 * first sync into an empty list, which no guard judges. Throws LoadRefused as well.
 */
async function applyLoad(database: Database, request: ApplyRequest): Promise<ApplyOutcome> {
  const loaded = await completeLoad(database, request);
  requireTarget(loaded, request.target);
  const outcome = await whenReadersAllow(() =>
    transaction(database, async (tx) => {
      await awaitAdoption(tx);
      await lockLink(tx, request);
      await exchange(tx, openJournal(request, 0), numbersOf(request));
      await adoptLoad(tx, request, loaded);
      const [settled = []] = await exchange(tx, [settleOfflineDeletions, closeJournal], numbersOf(request));
      const restored = countRestored(settled);
      const counts = { added: loaded.count, changed: 0, removed: 0, unchanged: 0, restoredOfflineDeletions: restored };
      return { ...counts, disturbedLists: await savePosition(tx, request, { counts, holdEndsAs: 'superseded' }) };
    }),
  );
  // Frees the disk; what can't be dropped now is dropped by the sweep.
  await sweepLoads(database);
  // Lists that were taken along came after the statistics were made.
  if (await holdsOtherLists(database, request.listId)) await hurryStatistics(database, ['memberships']);
  return outcome;
}

/** The list is applied already: statistics that can't be made now are made by autovacuum later. */
async function hurryStatistics(...of: Parameters<typeof refreshStatistics>): Promise<void> {
  await refreshStatistics(...of).catch(() => undefined);
}

/** Bytes that a step of an apply may take in memory. */
const applyMemory = 64 * 1024 * 1024;

/** Holds the link's row against other workers until the commit; runs may be asked for meanwhile (`requestRun`). */
async function lockLink(tx: Knex.Transaction, request: ApplyRequest): Promise<void> {
  const link = await preparedOne<{ fence: number }>(tx, 'lock link', {
    // Few of many rows are looked up by their keys, which are in memory more often than the planner believes. What a trigger sees of a hundredth of a
    // large list would go through the disk with the usual memory.
    sql: `select fence, set_config('random_page_cost', '1.1', true), ${findableApply},
       set_config('work_mem', greatest(pg_size_bytes(current_setting('work_mem')), ${applyMemory}) / 1024 || 'kB', true)
     from links where slave_list_id = :listId and state <> 'unlinking' for no key update`,
    parameters: { listId: request.listId },
  });
  if (link?.fence !== request.fence) throw new FencedError();
}

function numbersOf({ runId, listId }: TakenRun): { runId: number; listId: number } {
  return { runId, listId };
}

/**
 * With the policy `keep-deleted`, what was deleted here while the master was away is set aside instead of restored, for as long as the master has it.
 * The statements that do so.
 */
function setAside({ method, offlineDeletions }: ApplyRequest): string[] {
  const left = `delete from set_aside a using staged_dossiers s where a.list_id = :listId and s.run_id = :runId and s.dossier = a.dossier and s.removed`;
  const unknown = `delete from set_aside a where a.list_id = :listId
    and not exists (select from staged_dossiers s where s.run_id = :runId and s.dossier = a.dossier)`;
  const gone = method === 'full' ? [left, unknown] : [left];
  if (offlineDeletions === 'restore') return [...gone, `delete from set_aside where list_id = :listId and reason = 'kept-deleted'`];
  return [
    ...gone,
    `insert into set_aside (list_id, dossier, reason, hash_high, hash_low)
     select :listId, s.dossier, 'kept-deleted', hash_high(s.hash), hash_low(s.hash) from staged_dossiers s
     where s.run_id = :runId and not s.removed and (
       exists (select from offline_deletions o where o.slave_list_id = :listId and o.dossier = s.dossier and o.settled_as is null)
       or exists (select from set_aside a where a.list_id = :listId and a.dossier = s.dossier and a.reason = 'kept-deleted'))
     on conflict (list_id, dossier) do update set hash_high = excluded.hash_high, hash_low = excluded.hash_low`,
    `delete from staged_dossiers s using set_aside a
     where s.run_id = :runId and a.list_id = :listId and a.dossier = s.dossier and a.reason = 'kept-deleted'`,
  ];
}

/** Refuses a list of which more dossiers can't be held than may be set aside. */
function requireFew(refused: readonly Refusal[], request: ApplyRequest): void {
  const [first] = refused;
  if (!first || refused.length <= setAsideBound(request.target.count)) return;
  throw new ApplyRefused(
    first.code,
    `${refused.length === 1 ? 'A dossier' : `At least ${refused.length} dossiers`} of the master's list can't be held here, more than are set aside one by one. The first is ${first.dossier}: ${first.sentence}`,
    remedies[first.code],
  );
}

const remedies: Record<RefusalCode, string> = {
  HASH_DIFFERS:
    'Verify the list on the master (SQL by hand or a failing disk may have changed it), and compare the versions of both nodes.',
  EXTERNAL_ID_TAKEN:
    "Give one of the two dossiers another external_id on the master of its list, then sync again. If the one here is in a list of this node's own: cancel the links of this node without purging, change it, and link again. If its list is held, decide that first.",
  DOSSIER_OF_ANOTHER_MASTER: 'Link both lists to the same master, or cancel one of the two links.',
};

/**
 * Recomputes the digest from the hashes of the list's rows; with what is knowingly set aside it has to be the target's. Closes what the rows settle, which
 * the roll-back of a refusal takes back, too. Returns how many dossiers that were deleted here came back.
 */
async function completeRows(tx: Knex.Transaction, request: ApplyRequest): Promise<number> {
  const [, , digests = [], settled = []] = await exchange(
    tx,
    [
      `set constraints all immediate`,
      noteKept,
      // Each by itself: in one set of rows those of the list, of which there may be a million, would go through one step more.
      `select m.count + a.count as count, hash_text(m.high # a.high, m.low # a.low) as digest
       from (
         select count(*) as count, coalesce(bit_xor(hash_high), 0) as high, coalesce(bit_xor(hash_low), 0) as low
         from memberships where list_id = :listId
       ) m, (
         select count(*) filter (where not kept) as count, coalesce(bit_xor(hash_high # kept_high), 0) as high,
           coalesce(bit_xor(hash_low # kept_low), 0) as low
         from set_aside where list_id = :listId
       ) a`,
      settleOfflineDeletions,
      closeJournal,
    ],
    numbersOf(request),
  );
  const [found] = digests as { count: number; digest: string }[];
  requireTarget(found ?? null, request.target);
  return countRestored(settled);
}

function requireTarget(found: { count: number; digest: string } | null, target: Position): void {
  if (found?.count === target.count && found.digest === target.digest) return;
  throw new ApplyRefused(
    found?.count === target.count ? 'DIGEST_DIFFERS' : 'COUNT_DIFFERS',
    `The replica would have ${found?.count} dossiers and the digest ${found?.digest}, the master has ${target.count} and ${target.digest}.`,
    'Verify the list on the master (SQL by hand or a failing disk may have changed it), and compare the versions of both nodes.',
  );
}

/**
 * What was applied has to be what was judged. Somebody else who changed the list meanwhile makes the transaction start again; a difference
 * that was found incoherent can't have led to the master's digest.
 */
function requireJudged(
  judgement: Judgement,
  judged: StagedDifference | null,
  done: Pick<StagedDifference, 'adding' | 'changing' | 'removing'>,
): void {
  if (judgement === 'incoherent') throw new Error('a difference that does not add up led to the digest of the master');
  if (!judged || (judged.adding === done.adding && judged.changing === done.changing && judged.removing === done.removing)) return;
  throw Object.assign(new Error('the list changed while a sync was applied'), { code: serializationFailure });
}

/** Ends the run and its link's wait; returns the lists that it disturbed (`markDisturbedLists`). */
async function savePosition(
  tx: Knex.Transaction,
  request: ApplyRequest,
  { counts, holdEndsAs }: { counts: Omit<ApplyOutcome, 'disturbedLists'>; holdEndsAs: 'applied' | 'superseded' },
): Promise<number[]> {
  const { target } = request;
  const saved = await preparedOne<{ disturbed: number[] }>(tx, 'save position', {
    sql: `with link as (
       update links k set state = 'synced', error = null, epoch = :epoch, revision = :revision, digest = :digest, dossier_count = :count,
         head_tag = :headTag, remote_node = :node, remote_list = :list, deep_verified_at = ${deepVerified}, head_revision = :revision,
         remote_count = :count, last_success = now(), verified_at = ${verified}
       where slave_list_id = :listId
     ),
     letters as (delete from dead_letters where slave_list_id = :listId),
     photos_no_more_shown as (delete from missing_photos m where m.slave_list_id = :listId and not ${shownInItsList}),
     hold as (update holds set state = :holdEndsAs where slave_list_id = :listId and ${standing}),
     run as (
       update runs set state = 'synced', finished_date = now(), heartbeat = now(), error = null, next_attempt = null, added = :added, changed = :changed,
       removed = :removed, unchanged = :unchanged, restored_offline_deletions = :restored, set_aside = ${refusedOf('runs.slave_list_id')}
       where id = :runId
     ),
     disturbed as (${markDisturbed})
     select coalesce(jsonb_agg(slave_list_id), '[]') as disturbed from disturbed`,
    parameters: {
      ...target,
      headTag: request.headTag,
      listId: request.listId,
      ...request.master,
      ...counts,
      restored: counts.restoredOfflineDeletions,
      runId: request.runId,
      holdEndsAs,
    },
  });
  return saved?.disturbed ?? [];
}

const markDisturbed = `
  update links k set state = 'pending' where k.slave_list_id <> :listId and k.state = 'synced' and not holds_position(k) returning k.slave_list_id`;

/**
 * Lists whose rows aren't what their last verified position says: they share dossiers with the list that was just applied, or gave external ids up
 * to it.
 */
export async function markDisturbedLists(tx: Knex.Transaction, listId: number): Promise<number[]> {
  const rows = await query<{ slave_list_id: number }>(tx, markDisturbed, { listId });
  return rows.map((row) => row.slave_list_id);
}
