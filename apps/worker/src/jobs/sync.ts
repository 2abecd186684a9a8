import type { PayloadOf } from '@dossier/jobs/declarations.ts';
import type { JobContext } from '@dossier/jobs/workers.ts';
import { withReserve } from '@dossier/postgres/disk-reserve.ts';
import { countUnconfirmed } from '@dossier/feed/withdrawals.ts';
import { keepDistrusted } from '@dossier/replication/distrusted.ts';
import { FeedError } from '@dossier/replication/feed-errors.ts';
import { knownPosition } from '@dossier/replication/fork.ts';
import { greetMaster } from '@dossier/replication/identity.ts';
import { standingOf, syncRun } from '@dossier/replication/sync-run.ts';
import { findLink } from '@dossier/replication/links.ts';
import type { LinkRow } from '@dossier/replication/links.ts';
import { saveProgress, startRun } from '@dossier/replication/runs.ts';
import type { StartedRun } from '@dossier/replication/runs.ts';
import type { Standing } from '@dossier/replication/master.ts';
import { SyncFailure } from '@dossier/replication/sync-failure.ts';
import { isItsMaster, withdrawReplica } from '@dossier/replication/withdrawal.ts';
import { undoRun } from '@dossier/replication/undo.ts';
import type { WorkerDependencies } from '../dependencies.ts';
import { bookFailure } from '../run-failure.ts';
import { tellOfDistrust } from '../distrust-alerts.ts';
import { planLink } from '../schedule.ts';

/** Brings one sync run to its end, or further. */
export function createSyncHandler(deps: WorkerDependencies) {
  return async ({ runId }: PayloadOf<'sync'>, context: JobContext): Promise<void> => {
    const started = await withReserve(deps.database, () => startRun(deps.database, runId, context.attempt));
    if (!started) return;
    try {
      await follow(deps, started, context);
    } catch (error) {
      const told = await explain(deps, started, error);
      const failure = await bookFailure(deps, started, { error: told, context, seed: runId });
      await tellFailure(deps, started);
      throw failure;
    }
    const link = await findLink(deps.database, started.link.slave_list_id);
    await tellOfDistrust(deps).catch((error: unknown) =>
      deps.logger.warn({ err: error }, 'It could not be told whom a master trusts no more; the next sync does.'),
    );
    if (!link) return;
    await planLink(deps, link, deps.now());
    if (isNews(started.link, link)) await tellStanding(deps, link);
  };
}

/** What is to be booked for what ended a run; a list that its master has withdrawn is given up first. */
async function explain(deps: WorkerDependencies, started: StartedRun, error: unknown): Promise<unknown> {
  if (!(error instanceof FeedError) || error.code !== 'LIST_WITHDRAWN') return error;
  try {
    await giveUp(deps, started, error);
    return error;
  } catch (failure) {
    return failure;
  }
}

const tellTimeoutMs = 5000;

/** Whether a replica is another than the master was told when the run began. */
function isNews(told: LinkRow, link: LinkRow): boolean {
  const fields = ['epoch', 'revision', 'digest', 'declaration_hash', 'state'] as const;
  return told.set_aside.length !== link.set_aside.length || fields.some((field) => told[field] !== link[field]);
}

/** A list that its master has withdrawn is told of where it is given up; of an attempt that is followed by another there is nothing to tell yet. */
async function tellFailure(deps: WorkerDependencies, { link: told }: StartedRun): Promise<void> {
  const link = await findLink(deps.database, told.slave_list_id);
  if (link?.state !== 'failed' || link.error?.code === 'LIST_WITHDRAWN' || (link.error?.next_attempt ?? null) !== null) return;
  if (isNews(told, link)) await tellStanding(deps, link);
}

/** Tells the master how far this slave is now; without it the master would learn so a day later. What becomes of it changes nothing here. */
async function tellStanding(deps: WorkerDependencies, link: LinkRow): Promise<void> {
  const known = { position: knownPosition(link), tag: link.head_tag, standing: standingOf(link), list: link.remote_list };
  try {
    const answer = await deps.connectMaster(link.remote_url).head(link.remote_list_id, known, AbortSignal.timeout(tellTimeoutMs));
    // What was fetched may be later than the head that the sync began with.
    if (answer.outcome === 'head' && answer.head.node === link.remote_node && answer.head.dossier_list === link.remote_list)
      await keepDistrusted(deps.database, link.slave_list_id, answer.head);
  } catch (error) {
    deps.logger.debug({ err: error, list: link.slave_list_id }, 'The master could not be told how far its slave is.');
  }
}

/** The master has taken the list from this node: its copy is shown no more, and the master is told so, each time. Throws SyncFailure if it was somebody else. */
async function giveUp(deps: WorkerDependencies, { run, link, fence }: StartedRun, refusal: FeedError): Promise<void> {
  // Who was never followed has nothing to take back.
  if (link.remote_list === null) return;
  if (!(await isItsMaster(deps.database, link))) {
    throw new SyncFailure(
      'NODE_REPLACED',
      `What answers at ${link.remote_url} would withdraw the list, and is not the master that was linked.`,
    );
  }
  const { purge } = refusal;
  const withdrawn = await withdrawReplica(deps.database, { runId: run.id, listId: link.slave_list_id, fence }, { purge });
  if (link.withdrawn_date === null) deps.logger.warn({ list: link.slave_list_id, purge }, 'a watch list was withdrawn by its master');
  const standing = {
    state: 'withdrawn',
    set_aside: 0,
    copy: link.slave_list_id,
    unconfirmed: await countUnconfirmed(deps.database, link.slave_list_id),
    ...erasureOf(withdrawn),
  };
  // It answers with the same refusal.
  await deps
    .connectMaster(link.remote_url)
    .head(link.remote_list_id, { position: null, tag: null, standing, list: link.remote_list }, AbortSignal.timeout(tellTimeoutMs))
    .catch(() => undefined);
}

function erasureOf(withdrawn: Awaited<ReturnType<typeof withdrawReplica>>): Pick<Standing, 'erases' | 'erased'> {
  if (withdrawn?.erased_date) return { erased: withdrawn.erased_date.toISOString() };
  return withdrawn?.erases_date ? { erases: withdrawn.erases_date.toISOString() } : {};
}

const heartbeatMs = 10_000;

/** An apply or a verification of a large list takes longer than a worker may be silent. */
async function follow(deps: WorkerDependencies, started: StartedRun, context: JobContext): Promise<void> {
  const { run, fence } = started;
  const taken = { runId: run.id, listId: run.slave_list_id, fence };
  // Whether the run is still this worker's is found out where it matters.
  const alive = setInterval(() => void saveProgress(deps.database, taken, {}).catch(() => undefined), heartbeatMs);
  try {
    await (run.reason === 'undo' ? undoRun(deps.database, taken) : followMaster(deps, started, context));
  } finally {
    clearInterval(alive);
  }
}

async function followMaster(deps: WorkerDependencies, started: StartedRun, context: JobContext): Promise<void> {
  const master = deps.connectMaster(started.link.remote_url);
  if (started.link.remote_list === null) {
    // The reminder of the link command was lost, and a person or the sweep asked for a sync.
    const head = await greetMaster(master, started, { own: deps.own, signal: context.signal });
    started.link.remote_node = head.node;
    started.link.remote_list = head.dossier_list;
  }
  await syncRun(
    {
      database: deps.database,
      photos: {
        lacking: (photos, signal) => deps.guardedPhotos.lacking(photos, signal),
        bookAbsent: (findings) => deps.guardedPhotos.bookAbsent(findings),
        receive: (sha256, source, options) => deps.photos.receive(sha256, source, options),
      },
      master,
      own: deps.own,
      offlineDeletions: deps.configuration.offlineDeletions,
      onExisting: deps.configuration.syncOnExisting,
      signal: context.signal,
    },
    started,
  );
}
