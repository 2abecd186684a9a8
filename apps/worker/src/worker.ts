import type { Telemetry } from '@dossier/jobs/connection.ts';
import { keepSchedulers } from '@dossier/jobs/schedulers.ts';
import type { Schedule } from '@dossier/jobs/schedulers.ts';
import { startWorkers } from '@dossier/jobs/workers.ts';
import type { JobHandlers } from '@dossier/jobs/workers.ts';
import { createFeedAgents } from '@dossier/replication/feed-agents.ts';
import { listLinksAfter } from '@dossier/replication/links.ts';
import { giveReserve, isDiskFull } from '@dossier/postgres/disk-reserve.ts';
import type { WorkerDependencies } from './dependencies.ts';
import { createCheckPhotosHandler } from './jobs/check-photos.ts';
import { createCollectPhotosHandler } from './jobs/collect-photos.ts';
import { createDeadLetterHandler } from './jobs/dead-letter.ts';
import { createLinkHandler } from './jobs/link.ts';
import { createNotifyHandler } from './jobs/notify.ts';
import { createPruneHandler } from './jobs/prune.ts';
import { createSweepHandler } from './jobs/sweep.ts';
import { createSyncHandler } from './jobs/sync.ts';
import { createTickHandler } from './jobs/tick.ts';
import { createUnlinkHandler } from './jobs/unlink.ts';
import { createIndexing } from './indexing.ts';
import { scheduleOf } from './schedule.ts';
import { startTimer } from './timer.ts';
import { wireWorker } from './wire.ts';
import type { WorkerNode } from './wire.ts';

export interface RunningWorker {
  /** Takes no more jobs, hands back what runs, closes the connections to masters. */
  close(): Promise<void>;
}

const closingTimeoutMs = 5000;
/** A worker sweeps by itself when the queue hasn't made it do so for this long: a queue's own times may be wrong. */
const sweepEveryMs = 20_000;
const lookEveryMs = 5000;
/** So often lists are looked through for what the search doesn't know yet. */
const indexEveryMs = 2000;

/** Starts the workers of a node; any number of processes may do so for one site. */
export async function startWorker(
  node: WorkerNode & { databaseUrl: string; queuePrefix: string; telemetry?: Telemetry | null },
): Promise<RunningWorker> {
  const agents = createFeedAgents();
  const deps = wireWorker(node, { agents });
  let schedule: Schedule = { syncTime: node.configuration.syncTime, timeZone: node.configuration.timeZone };
  const sweep = createSweepHandler(deps);
  let sweptAt = performance.now();
  const handlers = {
    link: createLinkHandler(deps),
    unlink: createUnlinkHandler(deps),
    sync: createSyncHandler(deps),
    tick: createTickHandler(deps),
    sweep: async () => {
      schedule = await readSchedule(deps, schedule);
      await sweep();
      sweptAt = performance.now();
    },
    prune: createPruneHandler(deps),
    'check-photos': createCheckPhotosHandler(deps),
    'collect-photos': createCollectPhotosHandler(deps),
    notify: createNotifyHandler(deps),
    'dead-letter': createDeadLetterHandler(deps),
  } satisfies JobHandlers;
  const workers = await startWorkers({
    redisUrl: node.configuration.redisUrl,
    databaseUrl: node.databaseUrl,
    prefix: node.queuePrefix,
    logger: node.logger,
    telemetry: node.telemetry ?? null,
    concurrency: { sync: node.configuration.syncConcurrency },
    handlers,
    onError: (error) => void makeRoomForQueue(node, error),
  });
  const schedulers = keepSchedulers({ queues: node.queues, schedule: () => schedule, logger: node.logger });
  const ownSweep = startTimer(sweepEveryMs, node.logger, async () => {
    if (performance.now() - sweptAt > sweepEveryMs) await handlers.sweep();
  });
  const clock = startTimer(lookEveryMs, node.logger, async () => void (await deps.clock.look()));
  const closing = new AbortController();
  const searchIndex = startTimer(indexEveryMs, node.logger, createIndexing(node.database, closing.signal));
  return {
    async close() {
      schedulers.stop();
      closing.abort();
      await Promise.all([ownSweep.stop(), clock.stop(), searchIndex.stop()]);
      await workers.close({ timeoutMs: closingTimeoutMs });
      agents.http.destroy();
      agents.https.destroy();
    },
  };
}

/** Without space the queue in PostgreSQL gives no jobs, and so nothing would ever say why. */
async function makeRoomForQueue({ database, logger }: WorkerNode, error: Error): Promise<void> {
  if (!isDiskFull(error)) return;
  try {
    await giveReserve(database);
  } catch (cause) {
    logger.warn({ err: cause }, 'The reserve on the disk could not be freed.');
  }
}

/** The tick follows the SYNC_TIME of a master, as last learnt; on a node without links its own stands. */
async function readSchedule({ database }: WorkerDependencies, known: Schedule): Promise<Schedule> {
  const [link] = await listLinksAfter(database, 0, 1);
  const learnt = link && scheduleOf(link);
  return learnt ? { syncTime: { hour: learnt.hour, minute: learnt.minute }, timeZone: learnt.timeZone } : known;
}
