import type { Queues } from '@dossier/jobs/queues.ts';
import type { OwnKeys } from '@dossier/replication/trust.ts';
import type { Configuration } from '@dossier/runtime/configuration.ts';
import type { Logger } from '@dossier/runtime/logger.ts';
import type { Database } from '@dossier/postgres/database.ts';
import type { SyncEvents } from '../events.ts';
import type { Route } from '../route.ts';
import { syncDeadLetterRoutes } from './sync-dead-letters.ts';
import { syncDeletionRoutes } from './sync-deletions.ts';
import { syncEventRoutes } from './sync-events.ts';
import { syncHeldRoutes } from './sync-held.ts';
import { syncLinkChangeRoutes } from './sync-link-change.ts';
import { syncLinkRoutes } from './sync-links.ts';
import { syncMasterRoutes } from './sync-masters.ts';
import { syncPreviewRoutes } from './sync-preview.ts';
import { syncRunRoutes } from './sync-runs.ts';
import { syncSlaveRoutes } from './sync-slaves.ts';
import { syncTrustRoutes } from './sync-trust.ts';

export interface SyncDependencies {
  readonly configuration: Pick<Configuration, 'guardPersons' | 'nodeName' | 'syncAllowedMasters' | 'syncOnExisting' | 'externalAddress'>;
  /** By what this node is known to masters. */
  readonly own: OwnKeys;
  readonly logger: Logger;
  readonly database: Database;
  readonly queues: Pick<Queues, 'enqueue' | 'promote' | 'remove'>;
  readonly events: SyncEvents;
  readonly nodeUuid: string;
}

/** Everything under /sync/: what a slave replicates, and how it goes. */
export function syncRoutes(deps: SyncDependencies): Route[] {
  return [
    ...syncLinkRoutes(deps),
    ...syncRunRoutes(deps),
    ...syncLinkChangeRoutes(deps),
    ...syncHeldRoutes(deps),
    ...syncDeadLetterRoutes(deps),
    ...syncMasterRoutes(deps),
    ...syncTrustRoutes(deps),
    ...syncPreviewRoutes(deps),
    ...syncEventRoutes(deps),
    ...syncDeletionRoutes(deps),
    ...syncSlaveRoutes(deps),
  ];
}
