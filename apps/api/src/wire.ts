import { join } from 'node:path';
import { deriveSigningKey } from '@dossier/protocol/signing-key.ts';
import type { SigningKey } from '@dossier/protocol/signing-key.ts';
import type { Queues } from '@dossier/jobs/queues.ts';
import type { PhotoStore } from '@dossier/photos/photo-store.ts';
import type { Configuration, LoadedConfiguration } from '@dossier/runtime/configuration.ts';
import type { Logger } from '@dossier/runtime/logger.ts';
import type { Database } from '@dossier/postgres/database.ts';
import type { ApiDependencies } from './dependencies.ts';
import { createSyncEvents } from './events.ts';
import { createDistrust } from '@dossier/feed/distrust.ts';
import { createPageCache } from '@dossier/feed/page-cache.ts';
import { createMasterProbe } from './master-probe.ts';
import { changesRoute } from './routes/changes.ts';
import { eventsRoute } from './routes/events.ts';
import { createFeedMount } from './routes/feed.ts';
import { nodeRoutes } from './routes/node.ts';
import { createQueuesMount } from './routes/queues.ts';
import { syncRoutes } from './routes/sync.ts';
import { webhookRoutes } from './routes/webhooks.ts';
import { siteRoutes } from './routes/sites.ts';
import { SiteAlarms } from './site-alarms.ts';
import { SiteConnections } from './site-connections.ts';
import { followWrites } from './writes.ts';

/** What a node gives its API. */
export interface ApiNode {
  configuration: Configuration;
  loaded: Pick<LoadedConfiguration, 'settings' | 'sources'>;
  logger: Logger;
  database: Database;
  /** The same database, for the connection that listens for changes. */
  databaseUrl: string;
  photos: PhotoStore;
  queues: Queues;
  nodeUuid: string;
  /** This node's own key; null where this process has none and speaks by the token alone. */
  nodeKey: SigningKey | null;
  /** What the key before it said of it, for as long as that is news. */
  succession: string | null;
}

/** The keys that sign the feed: of SYNC_TOKEN and, while it is rotated, of SYNC_TOKEN_PREVIOUS. */
function signingKeys(configuration: Configuration): SigningKey[] {
  return [configuration.syncToken, configuration.syncTokenPrevious].filter((token) => token !== null).map(deriveSigningKey);
}

/** The API's dependencies, and what must be closed before the API so that nobody who follows the events keeps it from ending. */
export interface WiredApi {
  readonly dependencies: ApiDependencies;
  closeEvents(): Promise<void>;
}

/** Puts the API of a node together: its own routes, the feed, replication and the queues' board. Opens the connection that listens for changes. */
export function wireApi(node: ApiNode): WiredApi {
  const { configuration } = node;
  const keys = signingKeys(configuration);
  const token = configuration.syncToken === null ? null : deriveSigningKey(configuration.syncToken);
  const events = createSyncEvents(node);
  const writes = followWrites(node);
  const alarms = new SiteAlarms({ ...node, nodeName: configuration.nodeName });
  const connections = new SiteConnections(node);
  return {
    dependencies: {
      ...node,
      probeMaster: createMasterProbe({ signingKey: token }),
      routes: [
        changesRoute(node),
        eventsRoute({ ...node, events, writes }),
        ...nodeRoutes(node),
        ...webhookRoutes({ ...node, nodeName: configuration.nodeName }),
        ...siteRoutes({ ...node, alarms, connections }),
        ...syncRoutes({ ...node, own: { nodeKey: node.nodeKey, succession: node.succession, token }, events }),
      ],
      mounts: [
        createFeedMount({
          ...node,
          keys,
          alarms,
          connections,
          distrust: createDistrust(node.database),
          pages: createPageCache({ folder: join(configuration.dataDir, 'pages'), database: node.database }),
          now: () => new Date(),
        }),
        createQueuesMount({ queues: node.queues, nodeName: configuration.nodeName }),
      ],
    },
    closeEvents() {
      writes.close();
      return events.close();
    },
  };
}
