import type { Telemetry } from '@dossier/jobs/connection.ts';
import { openQueues } from '@dossier/jobs/queues.ts';
import type { Queues } from '@dossier/jobs/queues.ts';
import { openPhotoStore } from '@dossier/photos/open-photo-store.ts';
import type { PhotoStore } from '@dossier/photos/photo-store.ts';
import type { Configuration, LoadedConfiguration } from '@dossier/runtime/configuration.ts';
import { ExitError } from '@dossier/runtime/errors.ts';
import type { Logger } from '@dossier/runtime/logger.ts';
import type { Shutdown } from '@dossier/runtime/shutdown.ts';
import { ensureAdministrator } from '@dossier/accounts/administrator.ts';
import { passwordFault } from '@dossier/accounts/password-rules.ts';
import { boundTokens } from '@dossier/accounts/tokens.ts';
import type { Database } from '@dossier/postgres/database.ts';
import { readNodeUuid } from '@dossier/registry/node.ts';
import { accessDatabase } from './database-access.ts';
import { openNodeKey } from './node-key.ts';
import type { OpenedNodeKey } from './node-key.ts';

/** What API and workers of a node share. */
export interface OpenNode extends OpenedNodeKey {
  readonly configuration: Configuration;
  /** Where the configuration's values come from, and how they may be shown. */
  readonly loaded: Pick<LoadedConfiguration, 'settings' | 'sources'>;
  readonly logger: Logger;
  readonly database: Database;
  /** With the password in it: never log it. */
  readonly databaseUrl: string;
  readonly photos: PhotoStore;
  readonly queues: Queues;
  readonly nodeUuid: string;
  /** Separates this site's queues from others' on one Redis. */
  readonly queuePrefix: string;
  /** Where traces of jobs go; null for nowhere. */
  readonly telemetry: Telemetry | null;
  /** Made just now: it must be shown, it is kept nowhere. */
  readonly generatedPassword: string | null;
}

const connectionsBesideSyncs = 16;

/** Opens what the configuration names, in the order in which `shutdown` closes it backwards. Throws ExitError with a remedy. */
export async function openNode(
  loaded: LoadedConfiguration,
  options: { logger: Logger; shutdown: Shutdown; name: string; mayMigrate: boolean; telemetry: Telemetry | null },
): Promise<OpenNode> {
  const { configuration } = loaded;
  const { logger, shutdown, name, mayMigrate, telemetry } = options;
  const access = await accessDatabase(configuration, logger, {
    applicationName: `dossier ${name}`,
    migrations: mayMigrate ? 'embedded' : 'none',
    poolSize: connectionsBesideSyncs + 2 * configuration.syncConcurrency,
  });
  shutdown.add('the database', access.close);
  if (access.migrated.length > 0) logger.info({ migrations: access.migrated }, 'migrated the embedded database');
  const { database, url: databaseUrl } = access;

  const photos = openPhotoStore(configuration.mediaRoot);
  await photos.check().catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ExitError(1, `Photos can't be kept in MEDIA_ROOT (${configuration.mediaRoot}): ${reason}`, {
      remedy: 'Give this user the right to write there, free disk space, or set MEDIA_ROOT to another place.',
      cause,
    });
  });

  const nodeUuid = await readNodeUuid(database);
  const keys = await openNodeKey(database, configuration);
  if (keys.keyFault !== null) logger[keys.nodeKey === null ? 'error' : 'warn']({ remedy: keys.keyFault.remedy }, keys.keyFault.message);
  const queuePrefix = `dossier-${nodeUuid}`;
  const queues = await openQueues({ redisUrl: configuration.redisUrl, databaseUrl, prefix: queuePrefix, logger, telemetry });
  shutdown.add('the queues', () => queues.close());
  const { made, generatedPassword } = await ensureAdministrator(database, configuration);
  if (made && configuration.adminPassword !== null) {
    const fault = await passwordFault(configuration.adminPassword, configuration.adminUsername);
    if (fault !== null) logger.warn(`ADMIN_PASSWORD ${fault}. Sign in and choose another one, under your name at the top right.`);
  }
  if (configuration.tokenMaximumDays !== null) await boundTokens(database, configuration.tokenMaximumDays);
  return {
    configuration,
    loaded,
    logger,
    database,
    databaseUrl,
    photos,
    queues,
    nodeUuid,
    ...keys,
    queuePrefix,
    telemetry,
    generatedPassword,
  };
}
