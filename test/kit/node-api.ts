import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { wireApi } from '@dossier/api/wire.ts';
import { migrateQueues } from '@dossier/jobs/postgres-connection.ts';
import { openNodeKey } from '@dossier/cli/node-key.ts';
import { openQueues } from '@dossier/jobs/queues.ts';
import type { Queues } from '@dossier/jobs/queues.ts';
import { openPhotoStore } from '@dossier/photos/open-photo-store.ts';
import { loadConfiguration } from '@dossier/runtime/configuration.ts';
import { createLogger } from '@dossier/runtime/logger.ts';
import { startWorker } from '@dossier/worker/worker.ts';
import { query } from '@dossier/postgres/database.ts';
import { startTestApi } from './api.ts';
import type { TestApi } from './api.ts';

/** The API of a whole node, with the queues in its database; the worker is started on demand. */
export interface NodeApi extends TestApi {
  queues: Queues;
  /** Where its private key is. */
  keyFile: string;
  makeList(name?: string): Promise<number>;
  /** Takes the queue away for good. */
  loseQueue(): Promise<void>;
  /** Does what is waiting in the queues, until the node stops. */
  work(): Promise<void>;
}

const logger = createLogger({ level: 'silent', name: 'test', pretty: false });

export async function startNodeApi(environment: Record<string, string> = {}): Promise<NodeApi> {
  const folder = await mkdtemp(join(tmpdir(), 'dossier-node-'));
  const loaded = loadConfiguration({
    environment: { SYNC_TOKEN: 'a-token-for-tests-of-thirty-two-characters', DATA_DIR: folder, SYNC_SPREAD_SECONDS: '0', ...environment },
    workingDirectory: folder,
  });
  const { configuration } = loaded;
  let queueClosed: Promise<void> | null = null;
  const closers: (() => Promise<void>)[] = [];
  const opened = Promise.withResolvers<Parameters<typeof startWorker>[0]>();
  const api = await startTestApi(async ({ test, nodeUuid }) => {
    await migrateQueues(test.url);
    const queuePrefix = `dossier-${nodeUuid}`;
    const queues = await openQueues({ redisUrl: null, databaseUrl: test.url, prefix: queuePrefix, logger });
    const photos = openPhotoStore(configuration.mediaRoot);
    const keys = await openNodeKey(test.database, configuration);
    const { database, url: databaseUrl } = test;
    const node = { configuration, loaded, logger, database, databaseUrl, photos, queues, queuePrefix, nodeUuid, ...keys };
    opened.resolve(node);
    const { dependencies, closeEvents } = wireApi(node);
    closers.push(() => (queueClosed ??= queues.close()), closeEvents);
    return { ...dependencies, configuration: { ...configuration, host: '127.0.0.1', port: 0 } };
  });
  const node = await opened.promise;
  return {
    ...api,
    queues: node.queues,
    keyFile: configuration.nodeKeyFile,
    async makeList(name = 'List') {
      const [list] = await query<{ id: number }>(api.test.database, `insert into watch_lists (name) values (:name) returning id`, { name });
      return list?.id ?? 0;
    },
    loseQueue: () => (queueClosed ??= node.queues.close()),
    async work() {
      const worker = await startWorker(node);
      closers.push(() => worker.close());
    },
    async stop() {
      for (const close of closers.toReversed()) await close();
      await api.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
