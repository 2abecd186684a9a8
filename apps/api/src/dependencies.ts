import type { RequestHandler } from 'express';
import type { Queues } from '@dossier/jobs/queues.ts';
import type { PhotoStore } from '@dossier/photos/photo-store.ts';
import type { Configuration } from '@dossier/runtime/configuration.ts';
import type { Logger } from '@dossier/runtime/logger.ts';
import type { Database } from '@dossier/postgres/database.ts';
import type { Access, Route } from './route.ts';

/** Whether a master answers now. Must give its verdict within seconds and never throw. */
export type ProbeMaster = (remoteUrl: string) => Promise<'available' | 'unavailable'>;

/** A handler of its own for everything under a path: it reads bodies and answers errors itself or by throwing. */
export interface Mount {
  readonly path: string;
  readonly access: Access;
  readonly handler: RequestHandler;
}

export interface ApiDependencies {
  readonly configuration: Pick<
    Configuration,
    'host' | 'port' | 'nodeName' | 'installedApps' | 'tokenMaximumDays' | 'binDays' | 'secondFactor' | 'oidc' | 'externalAddress'
  >;
  readonly logger: Logger;
  readonly database: Database;
  readonly photos: PhotoStore;
  readonly queues: Pick<Queues, 'prove' | 'lastWork' | 'counts'>;
  readonly nodeUuid: string;
  readonly probeMaster: ProbeMaster;
  /** Routes besides the ones of this app's own: replication, for one. They appear in the OpenAPI document like all others. */
  readonly routes: readonly Route[];
  /** What isn't made of routes: the feed, Bull Board. */
  readonly mounts: readonly Mount[];
}
