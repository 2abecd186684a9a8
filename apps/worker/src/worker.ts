import type { Telemetry } from '@dossier/jobs/connection.ts';
import { keepSchedulers } from '@dossier/jobs/schedulers.ts';
import type { Schedule } from '@dossier/jobs/schedulers.ts';
import { startWorkers } from '@dossier/jobs/workers.ts';
import type { JobHandlers } from '@dossier/jobs/workers.ts';
import { createFeedAgents } from '@dossier/replication/feed-agents.ts';
import { listLinksAfter } from '@dossier/replication/links.ts';
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
import { scheduleOf } from './schedule.ts';
import { wireWorker } from './wire.ts';
import type { WorkerNode } from './wire.ts';

export interface RunningWorker {
  /** Takes no more jobs, hands back what runs, closes the connections to masters. */
  close(): Promise<void>;
}

const closingTimeoutMs = 5000;

/** Starts the workers of a node; any number of processes may do so for one site. */
export async function startWorker(
  node: WorkerNode & { databaseUrl: string; queuePrefix: string; telemetry?: Telemetry | null },
): Promise<RunningWorker> {
  const agents = createFeedAgents();
  const deps = wireWorker(node, { agents });
  let schedule: Schedule = { syncTime: node.configuration.syncTime, timeZone: node.configuration.timeZone };
  const sweep = createSweepHandler(deps);
  const handlers = {
    link: createLinkHandler(deps),
    unlink: createUnlinkHandler(deps),
    sync: createSyncHandler(deps),
    tick: createTickHandler(deps),
    sweep: async () => {
      schedule = await readSchedule(deps, schedule);
      await sweep();
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
  });
  const schedulers = keepSchedulers({ queues: node.queues, schedule: () => schedule, logger: node.logger });
  return {
    async close() {
      schedulers.stop();
      await workers.close({ timeoutMs: closingTimeoutMs });
      agents.http.destroy();
      agents.https.destroy();
    },
  };
}

/** The tick follows the SYNC_TIME of a master, as last learnt; on a node without links its own stands. */
async function readSchedule({ database }: WorkerDependencies, known: Schedule): Promise<Schedule> {
  const [link] = await listLinksAfter(database, 0, 1);
  const learnt = link && scheduleOf(link);
  return learnt ? { syncTime: { hour: learnt.hour, minute: learnt.minute }, timeZone: learnt.timeZone } : known;
}
