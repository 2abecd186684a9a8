import type { Queues } from '@dossier/jobs/queues.ts';
import type { GuardedPhotos } from '@dossier/photos/guarded-photos.ts';
import type { PhotoStore } from '@dossier/photos/photo-store.ts';
import type { OwnIdentity } from '@dossier/replication/identity.ts';
import type { Master } from '@dossier/replication/master.ts';
import type { Configuration } from '@dossier/runtime/configuration.ts';
import type { Logger } from '@dossier/runtime/logger.ts';
import type { Database } from '@dossier/postgres/database.ts';
import type { ClockWatch } from './clock.ts';

/** What the handlers of the jobs work with; built in wire.ts. */
export interface WorkerDependencies {
  configuration: Configuration;
  logger: Logger;
  database: Database;
  photos: PhotoStore;
  /** The same photos, each whole or not there. */
  guardedPhotos: GuardedPhotos;
  queues: Queues;
  own: OwnIdentity;
  now: () => Date;
  clock: ClockWatch;
  /** Speaks to the master at this address. It fails with the kind `operator` if this node has neither SYNC_TOKEN nor was joined there. */
  connectMaster(remoteUrl: string): Master;
}
