import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express from 'express';
import { createDistrust } from '@dossier/feed/distrust.ts';
import { createPageCache } from '@dossier/feed/page-cache.ts';
import { answerProblem } from '@dossier/api/problem.ts';
import { createFeedMount } from '@dossier/api/routes/feed.ts';
import { SiteAlarms } from '@dossier/api/site-alarms.ts';
import { SiteConnections } from '@dossier/api/site-connections.ts';
import type { RunMode, RunReason } from '@dossier/domain/run.ts';
import type { JobContext } from '@dossier/jobs/workers.ts';
import { openPhotoStore } from '@dossier/photos/open-photo-store.ts';
import type { PhotoStore } from '@dossier/photos/photo-store.ts';
import { rowsMediaType } from '@dossier/protocol/rows.ts';
import { generateNodeKey } from '@dossier/protocol/node-key.ts';
import { deriveSigningKey } from '@dossier/protocol/signing-key.ts';
import { loadConfiguration } from '@dossier/runtime/configuration.ts';
import { createLogger } from '@dossier/runtime/logger.ts';
import { query } from '@dossier/postgres/database.ts';
import type { Database } from '@dossier/postgres/database.ts';
import { createLink, createRun } from '@dossier/replication/links.ts';
import { findRun } from '@dossier/replication/runs.ts';
import type { RunRow } from '@dossier/replication/runs.ts';
import type { FeedTimeouts } from '@dossier/replication/feed-exchange.ts';
import { createCheckPhotosHandler } from '@dossier/worker/jobs/check-photos.ts';
import { createCollectPhotosHandler } from '@dossier/worker/jobs/collect-photos.ts';
import { createPruneHandler } from '@dossier/worker/jobs/prune.ts';
import { createSweepHandler } from '@dossier/worker/jobs/sweep.ts';
import { createSyncHandler } from '@dossier/worker/jobs/sync.ts';
import { fanOut } from '@dossier/worker/schedule.ts';
import { wireWorker } from '@dossier/worker/wire.ts';
import { createTestDatabase } from './database.ts';
import type { TestDatabase } from './database.ts';

/** A node without processes and queue: its database, its feed on a port, and its engine called directly. */
export interface EngineNode {
  database: Database;
  photos: PhotoStore;
  uuid: string;
  /** Its public key. */
  key: string;
  feedUrl: string;
  /** Its feed, for a server of the test's own. */
  feed: RequestListener;
  /** Bytes that its feed has sent so far. */
  sentBytes(): number;
  /** Reminders that the engine wanted to leave in the queue. */
  reminders: string[];
  makeList(name: string): Promise<number>;
  makeDossiers(lists: readonly number[], names: readonly string[]): Promise<string[]>;
  /** Links a list and runs its first sync. */
  link(master: { feedUrl: string }, remote: number, local: number): Promise<RunRow>;
  /** Makes a run, unless one is unfinished, and carries it out. Throws what ended the attempt. */
  sync(local: number, options?: Attempt & { mode?: RunMode; reason?: RunReason }): Promise<RunRow>;
  /** Asks, as the schedulers do, which links are due at this time. */
  tick(now: Date): Promise<void>;
  /** Looks at a day's share of the photos. */
  checkPhotos(now: Date): Promise<void>;
  /** Forgets all that is past its time. */
  forget(): Promise<void>;
  /** How many requests its feed has had. */
  requests(): number;
  /** How many of them asked for a page as rows. */
  rowsRequests(): number;
  close(): Promise<void>;
}

/** `lastAttempt`: the queue would not try again. */
interface Attempt {
  signal?: AbortSignal;
  lastAttempt?: boolean;
}

const logger = createLogger({ level: 'error', name: 'test', pretty: false });

/** `timeouts`: how long its engine waits for masters; `opened`: a database for it, instead of one of the suite's. */
export async function createEngineNode(
  environment: Record<string, string> = {},
  timeouts: Partial<FeedTimeouts> = {},
  opened: TestDatabase | null = null,
): Promise<EngineNode> {
  const test = opened ?? (await createTestDatabase());
  const folder = await mkdtemp(join(tmpdir(), 'dossier-engine-'));
  const { configuration } = loadConfiguration({
    environment: { SYNC_TOKEN: 'a-token-for-tests-of-thirty-two-characters', DATA_DIR: folder, ...environment },
    workingDirectory: folder,
  });
  const photos = openPhotoStore(configuration.mediaRoot);
  const { database } = test;
  const [node] = await query<{ uuid: string }>(database, 'select uuid from node');
  const nodeUuid = node?.uuid ?? '';
  const reminders: string[] = [];
  const queues = {
    enqueue: async (job: { name: string }, payload: object) => reminders.push(`${job.name} ${JSON.stringify(payload)}`) > 0,
  };
  const nodeKey = generateNodeKey();
  const self = { configuration, logger, database, photos, nodeUuid, nodeKey, succession: null, queues: queues as never };
  const deps = wireWorker(self, { timeouts });
  const handleSync = createSyncHandler(deps);
  const feed = feedOf(
    createFeedMount({
      ...self,
      keys: [deriveSigningKey(configuration.syncToken ?? '')],
      alarms: new SiteAlarms({ ...self, nodeName: configuration.nodeName }),
      connections: new SiteConnections(self),
      distrust: createDistrust(database),
      pages: createPageCache({ folder: join(folder, 'pages'), database }),
      now: () => new Date(),
    }).handler,
  );
  const server = await serve(feed);
  let requests = 0;
  let rowsRequests = 0;
  server.on('request', ({ headers }) => {
    requests += 1;
    if (headers.accept === rowsMediaType) rowsRequests += 1;
  });
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => sockets.add(socket));
  const runNow = async (runId: number, attempt: Attempt = {}): Promise<RunRow> => {
    await handleSync({ runId }, contextOf(attempt));
    const run = await findRun(database, runId);
    if (!run) throw new Error(`no run ${runId}`);
    return run;
  };
  return {
    database,
    photos,
    uuid: nodeUuid,
    key: nodeKey.id,
    feed,
    reminders,
    tick: (now) => fanOut(deps, now),
    checkPhotos: (now) => createCheckPhotosHandler({ ...deps, now: () => now })({}, contextOf({})),
    forget: async () => {
      await createSweepHandler(deps)();
      await createPruneHandler(deps)();
      await createCollectPhotosHandler(deps)();
    },
    requests: () => requests,
    rowsRequests: () => rowsRequests,
    sentBytes: () => [...sockets].reduce((sum, socket) => sum + socket.bytesWritten, 0),
    feedUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    makeList: async (name) => {
      const [list] = await query<{ id: number }>(database, `insert into watch_lists (name) values (:name) returning id`, { name });
      return list?.id ?? 0;
    },
    makeDossiers: async (lists, names) => {
      const rows = await query<{ uuid: string }>(
        database,
        `with made as (select gen_random_uuid() as uuid, nextval('dossier_ids') as id, name from unnest(:names::text[]) name),
         written as (
           insert into dossiers (set_id, uuid, id, name)
           select p.set_id, made.uuid, made.id, made.name from made cross join list_positions p where p.list_id = any(:lists::bigint[])
         )
         select uuid from made`,
        { names, lists },
      );
      return rows.map((row) => row.uuid);
    },
    link: async (master, remote, local) => {
      const made = await createLink(database, {
        slaveListId: local,
        remoteUrl: master.feedUrl,
        remoteListId: remote,
        refuseNonEmpty: false,
        by: null,
      });
      if (made.outcome !== 'created' || made.runId === null) throw new Error(`link: ${made.outcome}`);
      return runNow(made.runId);
    },
    sync: async (local, { mode = 'auto', reason = 'person', ...attempt } = {}) => {
      const run = await createRun(database, { slaveListId: local, reason, mode, by: null });
      return runNow(run.id, attempt);
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await test.drop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function contextOf({ signal = new AbortController().signal, lastAttempt = false }: Attempt): JobContext {
  return { jobId: 'test', attempt: 1, lastAttempt, retriedByHand: false, signal, log: () => undefined };
}

function feedOf(handler: express.RequestHandler): RequestListener {
  const app = express();
  app.disable('etag');
  app.use('/feed', handler);
  app.use(answerProblem);
  return app;
}

async function serve(listener: RequestListener): Promise<Server> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return server;
}

/** What must be equal on both sides: every content field of every dossier of the list, ordered by uuid. */
export async function contentOf(database: Database, listId: number): Promise<unknown[]> {
  return query(
    database,
    `select d.uuid, d.name, d.comment, d.active, d.meta::text as meta, d.external_id, d.valid_from::text, d.valid_until::text,
       encode(dossier_hash(d.active, d.external_id, d.name, d.comment, d.valid_from, d.valid_until, d.meta, d.photos, d.features), 'hex') as hash,
       d.photos, d.features
     from list_positions p join dossiers d on d.set_id = p.set_id where p.list_id = :listId order by d.uuid`,
    { listId },
  );
}
