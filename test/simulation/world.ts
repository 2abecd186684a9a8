import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express from 'express';
import { answerProblem } from '@dossier/api/problem.ts';
import { createFeedMount } from '@dossier/api/routes/feed.ts';
import { SiteAlarms } from '@dossier/api/site-alarms.ts';
import { createPageCache } from '@dossier/feed/page-cache.ts';
import type { PageCache } from '@dossier/feed/page-cache.ts';
import { openPhotoStore } from '@dossier/photos/open-photo-store.ts';
import type { PhotoStore } from '@dossier/photos/photo-store.ts';
import { nodeKeyFromSeed } from '@dossier/protocol/node-key.ts';
import { deriveSigningKey } from '@dossier/protocol/signing-key.ts';
import { createFeedClient } from '@dossier/replication/feed-client.ts';
import type { FeedClient } from '@dossier/replication/feed-client.ts';
import { loadConfiguration } from '@dossier/runtime/configuration.ts';
import type { Configuration } from '@dossier/runtime/configuration.ts';
import { createLogger } from '@dossier/runtime/logger.ts';
import { Clock } from './clock.ts';
import { Network, operationHeader, taskHeader } from './network.ts';
import { pretendSince } from './omission.ts';
import type { Plan } from './plan.ts';
import { plantInDatabase } from './planting.ts';
import { SiteProcess } from './process.ts';
import { Scheduler } from './scheduler.ts';
import type { Task } from './scheduler.ts';
import { countBlocked, endBackends, makeSiteDatabase } from './site.ts';
import type { SiteDatabase } from './site.ts';

export const masterUrl = 'http://master.test';
export const nodes = { master: '11111111-1111-4111-8111-111111111111', slave: '22222222-2222-4222-8222-222222222222' } as const;

/** The same in every run. */
export const nodeKeys = {
  master: nodeKeyFromSeed(Buffer.alloc(32, 1)),
  slave: nodeKeyFromSeed(Buffer.alloc(32, 2)),
};

export const logger = createLogger({ level: 'silent', name: 'simulation', pretty: false });

/** A master and a slave in this process, used by one seed after the other: databases, photo stores, the master's feed, a network. */
export class World {
  readonly scheduler: Scheduler;
  readonly network: Network;
  readonly configuration: Configuration;
  readonly master: SiteDatabase;
  readonly slave: SiteDatabase;
  clock = new Clock();
  masterPhotos: PhotoStore;
  slavePhotos: PhotoStore;
  readonly #name: string;
  readonly #folder: string;
  readonly #tasks = new Map<string, Task>();
  readonly #processes = new Map<string, SiteProcess>();
  #feed: RequestListener = (_request, response) => response.destroy();
  #nonces = 0;
  #omissionRate = 0;

  private constructor(options: { name: string; folder: string; master: SiteDatabase; slave: SiteDatabase }) {
    this.#name = options.name;
    this.#folder = options.folder;
    this.master = options.master;
    this.slave = options.slave;
    this.scheduler = new Scheduler(() => countBlocked(options.slave.admin, this.#backends()));
    const server = createServer((request, response) => {
      const task = this.#tasks.get(String(request.headers[taskHeader]));
      response.setHeader('Date', this.clock.at('master').toUTCString());
      const operation = Number(request.headers[operationHeader] ?? 0);
      if (task) this.scheduler.tasks.run(task, () => this.scheduler.within(operation, () => this.#feed(request, response)));
      else this.#feed(request, response);
    });
    this.network = new Network(server, this.scheduler);
    this.configuration = loadConfiguration({
      environment: { SYNC_TOKEN: 'a-token-for-tests-of-thirty-two-characters', DATA_DIR: options.folder },
      workingDirectory: options.folder,
    }).configuration;
    this.masterPhotos = openPhotoStore(join(options.folder, 'none'));
    this.slavePhotos = this.masterPhotos;
  }

  static async open(clusterUrl: string, options: { name: string; template: string }): Promise<World> {
    const { name, template } = options;
    const memory = '/dev/shm';
    const folder = await mkdtemp(join(existsSync(memory) ? memory : tmpdir(), 'dossier-simulation-'));
    const master = await makeSiteDatabase(clusterUrl, `${name}_master`, { template, node: nodes.master });
    const slave = await makeSiteDatabase(clusterUrl, `${name}_slave`, { template, node: nodes.slave });
    for (const site of [master, slave]) await plantInDatabase(site.admin);
    return new World({ ...options, folder, master, slave });
  }

  /** Empties both nodes for a seed. */
  async begin(seed: number, { pageRows, omissionRate }: Pick<Plan, 'pageRows' | 'omissionRate'>): Promise<void> {
    this.#omissionRate = omissionRate;
    this.clock = new Clock();
    await this.syncClocks();
    await Promise.all([this.master.reset(), this.slave.reset()]);
    this.network.forget();
    this.#tasks.clear();
    this.#nonces = 0;
    this.masterPhotos = openPhotoStore(join(this.#folder, String(seed), 'master'));
    this.slavePhotos = openPhotoStore(join(this.#folder, String(seed), 'slave'));
    const server = this.obtainProcess('master-api', 'master', { connections: 8, within: true });
    const app = express();
    app.disable('etag');
    app.use(
      '/feed',
      createFeedMount({
        configuration: this.configuration,
        keys: [deriveSigningKey(this.configuration.syncToken ?? '')],
        logger,
        database: server.database,
        photos: this.masterPhotos,
        pages: this.#pages(
          createPageCache({ folder: join(this.#folder, String(seed), 'pages'), database: server.database, rows: pageRows }),
        ),
        nodeUuid: nodes.master,
        nodeKey: nodeKeys.master,
        succession: null,
        alarms: new SiteAlarms({
          database: server.database,
          logger,
          queues: { enqueue: async () => true },
          nodeUuid: nodes.master,
          nodeName: 'master',
        }),
        // Looks at the clock of this machine, which a course must not.
        connections: { hold: () => undefined },
        distrust: { read: async () => [] },
        now: () => this.clock.at('master'),
      }).handler,
    );
    app.use(answerProblem);
    this.#feed = app;
  }

  /** Pages are made once for all who ask, also in advance: whoever asks doesn't stop while one is made, but before. */
  #pages(pages: PageCache): PageCache {
    const { scheduler } = this;
    return {
      read: async (head, since) => {
        const task = scheduler.tasks.getStore();
        if (task) await scheduler.pass(task, 'page', { within: scheduler.operation() });
        const omits = task && task.faultRate !== null && task.random('omission').chance(this.#omissionRate);
        const from = omits ? since + task.random('omitted').below(head.position.revision - since + 1) : since;
        return scheduler.outside(async () => {
          const page = await pages.read(head, from);
          return page && from > since ? pretendSince(page, { since, folder: this.#folder }) : page;
        });
      },
    };
  }

  /** Leaves nothing of a seed on the disk. */
  async end(seed: number): Promise<void> {
    await rm(join(this.#folder, String(seed)), { recursive: true, force: true });
  }

  /** Lets the databases' clocks show what the nodes' do. */
  async syncClocks(): Promise<void> {
    await Promise.all([this.master.setClock(this.clock.at('master')), this.slave.setClock(this.clock.at('slave'))]);
  }

  /** Makes a task known, so that the master's server knows on whose behalf it works. */
  know(task: Task): void {
    this.#tasks.set(task.name, task);
  }

  /** A client of the master's feed; its agent leads through the network. */
  createClient({ node, requireAlive }: { node: 'master' | 'slave'; requireAlive: () => void }): FeedClient {
    const agent = this.network.agent();
    return createFeedClient({
      key: deriveSigningKey(this.configuration.syncToken ?? ''),
      remoteUrl: masterUrl,
      version: '0.1.0',
      now: () => {
        requireAlive();
        return this.clock.at(node);
      },
      randomNonce: () => {
        this.#nonces += 1;
        return `nonce-${this.#nonces}`;
      },
      agents: { http: agent, https: agent as never },
    });
  }

  /** The process of a role: the one that is there, also from an earlier seed, or a new one if that was killed. */
  obtainProcess(role: string, node: 'master' | 'slave', options: { connections: number; within?: boolean }): SiteProcess {
    const running = this.#processes.get(role);
    if (running?.alive) return running;
    const process = this.#startProcess(role, node, options);
    this.#processes.set(role, process);
    return process;
  }

  #startProcess(role: string, node: 'master' | 'slave', options: { connections: number; within?: boolean }): SiteProcess {
    return new SiteProcess({
      url: this[node].url,
      name: `${this.#name}_${role}`,
      connections: options.connections,
      scheduler: this.scheduler,
      within: options.within ?? false,
      end: (backends) => endBackends(this.slave.admin, backends),
    });
  }

  async close(): Promise<void> {
    for (const process of this.#processes.values()) await process.close();
    await this.master.close();
    await this.slave.close();
    await rm(this.#folder, { recursive: true, force: true });
  }

  #backends(): number[] {
    return Array.from(this.#processes.values()).flatMap((process) => process.backends);
  }
}
