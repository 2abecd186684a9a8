import type { Request, Response } from 'express';
import type { Distrust } from '@dossier/feed/distrust.ts';
import type { PageCache } from '@dossier/feed/page-cache.ts';
import type { PhotoStore } from '@dossier/photos/photo-store.ts';
import type { Configuration } from '@dossier/runtime/configuration.ts';
import type { Logger } from '@dossier/runtime/logger.ts';
import type { Database } from '@dossier/postgres/database.ts';
import type { SiteConnections } from '../site-connections.ts';
import type { AdmissionDependencies, Visitor } from './feed-admission.ts';
import type { Asker as Answering } from './feed-answer.ts';

export interface FeedDependencies extends AdmissionDependencies {
  configuration: Pick<Configuration, 'externalAddress' | 'feedNames' | 'nodeName' | 'siteApproval' | 'siteKeys' | 'syncTime' | 'timeZone'>;
  /** What the key before this node's said of it, while that is news; null otherwise. */
  succession: string | null;
  connections: Pick<SiteConnections, 'hold'>;
  distrust: Distrust;
  logger: Logger;
  database: Database;
  photos: PhotoStore;
  pages: PageCache;
  nodeUuid: string;
}

/** Who asks and may. */
export interface Asker extends Answering {
  readonly visitor: Visitor;
}

export type Handler = (request: Request, response: Response, asker: Asker) => Promise<void>;
