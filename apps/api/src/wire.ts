import { deriveSigningKey } from '@dossier/protocol/signing-key.ts';
import type { SigningKey } from '@dossier/protocol/signing-key.ts';
import type { Queues } from '@dossier/jobs/queues.ts';
import type { PhotoStore } from '@dossier/photos/photo-store.ts';
import type { Configuration } from '@dossier/runtime/configuration.ts';
import type { Logger } from '@dossier/runtime/logger.ts';
import type { Database } from '@dossier/store/database.ts';
import type { ApiDependencies } from './dependencies.ts';
import { changesRoute } from './routes/changes.ts';
import { createFeedMount } from './routes/feed.ts';

/** What a node gives its API. */
export interface ApiNode {
  configuration: Configuration;
  logger: Logger;
  database: Database;
  photos: PhotoStore;
  queues: Queues;
  nodeUuid: string;
}

/** The keys that sign the feed: of SYNC_TOKEN and, while it is rotated, of SYNC_TOKEN_PREVIOUS. */
function signingKeys(configuration: Configuration): SigningKey[] {
  return [configuration.syncToken, configuration.syncTokenPrevious].filter((token) => token !== null).map(deriveSigningKey);
}

/** Puts the API of a node together: its own routes, the feed, and replication. */
export function wireApi(node: ApiNode): ApiDependencies {
  const keys = signingKeys(node.configuration);
  return {
    ...node,
    probeMaster: () => Promise.resolve('available'),
    routes: [changesRoute(node)],
    mounts: [createFeedMount({ ...node, keys })],
  };
}
