import { randomUUID } from 'node:crypto';
import type { Queues } from '@dossier/jobs/queues.ts';
import { GuardedPhotos } from '@dossier/photos/guarded-photos.ts';
import type { PhotoStore } from '@dossier/photos/photo-store.ts';
import { deriveSigningKey } from '@dossier/protocol/signing-key.ts';
import type { SigningKey } from '@dossier/protocol/signing-key.ts';
import { createFeedAgents } from '@dossier/replication/feed-agents.ts';
import type { FeedAgents } from '@dossier/replication/feed-agents.ts';
import { createFeedClient } from '@dossier/replication/feed-client.ts';
import type { FeedTimeouts } from '@dossier/replication/feed-exchange.ts';
import { createMaster } from '@dossier/replication/master.ts';
import { SyncFailure } from '@dossier/replication/sync-failure.ts';
import { StatementNumbers } from '@dossier/replication/statement-numbers.ts';
import { NodeTrust } from '@dossier/replication/trust.ts';
import { normaliseExternalAddress } from '@dossier/runtime/configuration.ts';
import type { Configuration } from '@dossier/runtime/configuration.ts';
import type { Logger } from '@dossier/runtime/logger.ts';
import type { Database } from '@dossier/postgres/database.ts';
import { recordDamage } from '@dossier/accounts/audit.ts';
import { bookDamagedPhotos } from '@dossier/registry/damaged-photos.ts';
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
  /** This node's own key; null where this process has none and speaks by the token alone. */
  nodeKey: SigningKey | null;
  /** What the key before it said of it, for as long as that is news. */
  succession: string | null;
}

/** How the worker reaches masters: over connections that it shares, and how long it waits for them. */
export interface WorkerNetwork {
  agents?: FeedAgents;
  timeouts?: Partial<FeedTimeouts>;
}

/** Gives the handlers of the jobs this node's database, photos and network. */
export function wireWorker(node: WorkerNode, { agents = createFeedAgents(), timeouts = {} }: WorkerNetwork = {}): WorkerDependencies {
  const { configuration, database } = node;
  const now = (): Date => new Date();
  // Before any job waits for it: deriving takes a third of a second, in which nothing else goes on.
  const token = configuration.syncToken === null ? null : deriveSigningKey(configuration.syncToken);
  const numbers = new StatementNumbers(database);
  const keys = { nodeKey: node.nodeKey, succession: node.succession, token };
  return {
    ...node,
    guardedPhotos: new GuardedPhotos(node.photos, (findings) => bookDamagedPhotos(database, findings, recordDamage), node.logger),
    now,
    clock: new ClockWatch({ database, logger: node.logger, now, monotonicMs: () => performance.now() }),
    own: {
      node: node.nodeUuid,
      externalAddress: normaliseExternalAddress(configuration.externalAddress),
      normaliseExternalAddress,
    },
    connectMaster: (remoteUrl) => {
      // Links outlive the configuration that they were made under.
      const { syncAllowedMasters } = configuration;
      if (syncAllowedMasters !== null && !syncAllowedMasters.includes(new URL(remoteUrl).origin)) {
        throw new SyncFailure('MASTER_NOT_ALLOWED', `SYNC_ALLOWED_MASTERS of this node doesn't name ${remoteUrl}.`);
      }
      const client = createFeedClient({
        key: new NodeTrust(database, { remoteUrl, own: keys }),
        remoteUrl,
        version: '0.1.0',
        now,
        randomNonce: randomUUID,
        agents,
        timeouts,
      });
      return createMaster(client, { node: node.nodeUuid, name: configuration.nodeName, number: () => numbers.next() });
    },
  };
}
