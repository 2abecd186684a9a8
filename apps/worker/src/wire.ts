import { randomUUID } from 'node:crypto';
import type { Queues } from '@dossier/jobs/queues.ts';
import type { PhotoStore } from '@dossier/photos/photo-store.ts';
import { deriveSigningKey } from '@dossier/protocol/signing-key.ts';
import { createFeedAgents } from '@dossier/replication/feed-agents.ts';
import type { FeedAgents } from '@dossier/replication/feed-agents.ts';
import { createFeedClient } from '@dossier/replication/feed-client.ts';
import type { FeedTimeouts } from '@dossier/replication/feed-exchange.ts';
import { createMaster } from '@dossier/replication/master.ts';
import type { ReplicaStore } from '@dossier/replication/ports.ts';
import { SyncFailure } from '@dossier/replication/sync-failure.ts';
import { normaliseExternalAddress } from '@dossier/runtime/configuration.ts';
import type { Configuration } from '@dossier/runtime/configuration.ts';
import type { Logger } from '@dossier/runtime/logger.ts';
import { applyRun } from '@dossier/store/apply.ts';
import type { Database } from '@dossier/store/database.ts';
import { saveGreeting } from '@dossier/store/links.ts';
import { beginLoad, loadPage } from '@dossier/store/loading.ts';
import { holdsPosition, listDiffering, readStandingBuckets, stageExtras, stageHashes } from '@dossier/store/reconciliation.ts';
import { listRefused } from '@dossier/store/set-aside.ts';
import { finishUnchanged, finishVerification } from '@dossier/store/run-endings.ts';
import { saveProgress } from '@dossier/store/runs.ts';
import {
  beginStaging,
  clearStaging,
  countWantedPhotos,
  findForgedDossiers,
  listWantedPhotos,
  readCursor,
  saveMissingPhotos,
  stagePage,
  stageRows,
} from '@dossier/store/staging.ts';
import { listDifferences, listHeldPhotos, nameDossiers, rehashList } from '@dossier/store/verification.ts';
import { ClockWatch } from './clock.ts';
import type { WorkerDependencies } from './dependencies.ts';

/** What a node gives its worker. */
export interface WorkerNode {
  configuration: Configuration;
  logger: Logger;
  database: Database;
  photos: PhotoStore;
  queues: Queues;
  nodeUuid: string;
}

/** How the worker reaches masters: over connections that it shares, and how long it waits for them. */
export interface WorkerNetwork {
  agents?: FeedAgents;
  timeouts?: Partial<FeedTimeouts>;
}

/** Binds the engine's ports to this node's database, photos and network. */
export function wireWorker(node: WorkerNode, { agents = createFeedAgents(), timeouts = {} }: WorkerNetwork = {}): WorkerDependencies {
  const { configuration, database } = node;
  const now = (): Date => new Date();
  return {
    ...node,
    store: createReplicaStore(database),
    now,
    clock: new ClockWatch({ database, logger: node.logger, now, monotonicMs: () => performance.now() }),
    own: {
      node: node.nodeUuid,
      externalAddress: normaliseExternalAddress(configuration.externalAddress),
      normaliseExternalAddress,
    },
    connectMaster: (remoteUrl) => {
      if (configuration.syncToken === null) throw new SyncFailure('NO_TOKEN', 'SYNC_TOKEN is not set on this node.');
      // Links outlive the configuration that they were made under.
      const { syncAllowedMasters } = configuration;
      if (syncAllowedMasters !== null && !syncAllowedMasters.includes(new URL(remoteUrl).origin)) {
        throw new SyncFailure('MASTER_NOT_ALLOWED', `SYNC_ALLOWED_MASTERS of this node doesn't name ${remoteUrl}.`);
      }
      const client = createFeedClient({
        key: deriveSigningKey(configuration.syncToken),
        remoteUrl,
        version: '0.1.0',
        now,
        randomNonce: randomUUID,
        agents,
        timeouts,
      });
      return createMaster(client, node.nodeUuid);
    },
  };
}

function createReplicaStore(database: Database): ReplicaStore {
  return {
    saveGreeting: (greeting) => saveGreeting(database, greeting),
    saveProgress: (taken, progress) => saveProgress(database, taken, progress),
    holdsPosition: (listId) => holdsPosition(database, listId),
    readCursor: (runId) => readCursor(database, runId),
    beginStaging: (taken, cursor) => beginStaging(database, taken, cursor),
    stagePage: (taken, page) => stagePage(database, taken, page),
    beginLoad: (taken, cursor) => beginLoad(database, taken, cursor),
    loadPage: (taken, page) => loadPage(database, taken, page),
    stageRows: (taken, page) => stageRows(database, taken, page),
    clearStaging: (runId) => clearStaging(database, runId),
    findForgedDossiers: (runId) => findForgedDossiers(database, runId),
    listRefused: (listId) => listRefused(database, listId),
    readStandingBuckets: (listId) => readStandingBuckets(database, listId),
    stageHashes: (taken, hashes) => stageHashes(database, taken, hashes),
    stageExtras: (taken, buckets) => stageExtras(database, taken, buckets),
    listDiffering: (taken, page) => listDiffering(database, taken, page),
    listWantedPhotos: (taken, page) => listWantedPhotos(database, taken, page),
    countWantedPhotos: (taken) => countWantedPhotos(database, taken),
    saveMissingPhotos: (taken, photos) => saveMissingPhotos(database, taken, photos),
    apply: (request) => applyRun(database, request),
    finishUnchanged: (taken, headTag) => finishUnchanged(database, taken, headTag),
    rehashList: (taken) => rehashList(database, taken),
    listDifferences: (taken, compared) => listDifferences(database, taken, compared),
    nameDossiers: (dossiers) => nameDossiers(database, dossiers),
    listHeldPhotos: (listId, page) => listHeldPhotos(database, listId, page),
    finishVerification: (taken, outcome) => finishVerification(database, taken, outcome),
  };
}
