import { createHash } from 'node:crypto';
import { sqlState, transaction } from '@dossier/postgres/database.ts';
import { createLink } from '@dossier/replication/links.ts';
import { requestRun } from '@dossier/replication/runs.ts';
import type { JobName, JobPayload } from '@dossier/jobs/declarations.ts';
import { FeedConsumer } from './consumer.ts';
import { Composer } from './composer.ts';
import { Editor } from './editor.ts';
import type { PlannedEdit } from './editor.ts';
import { MasterModel } from './master-model.ts';
import type { Effect } from './master-model.ts';
import { findLostSets, observe } from './observation.ts';
import { requireKnownPhotos } from './photos.ts';
import { planSeed } from './plan.ts';
import type { Happening, Plan } from './plan.ts';
import type { SiteProcess } from './process.ts';
import { Random } from './random.ts';
import { ReplicaModel } from './replica-model.ts';
import type { Deed, EndedRun } from './replica-model.ts';
import { Task } from './scheduler.ts';
import { insertRow } from './row-statements.ts';
import type { Backup } from './snapshot.ts';
import { causes, require } from './violation.ts';
import { WatchedClocks } from './watched-clocks.ts';
import { SimulatedQueue, SimulatedWorker } from './worker.ts';
import { masterUrl } from './world.ts';
import type { World } from './world.ts';

/** SQLSTATEs of edits that come too late: what they are about is gone, taken, or was changed meanwhile. */
const refusals = new Set(['23503', '23505', '40001', '40P01']);

export interface Replica {
  remote: number;
  local: number;
}

/** One seed while it runs: both nodes, the model of both, and whoever works on them. What happens is decided elsewhere. */
export class Seed {
  readonly world: World;
  readonly plan: Plan;
  readonly random: Random;
  readonly composer: Composer;
  readonly editor: Editor;
  readonly master: MasterModel;
  readonly replica: ReplicaModel;
  readonly queue: SimulatedQueue;
  readonly clocks: WatchedClocks;
  readonly replicas: Replica[];
  readonly consumers: FeedConsumer[] = [];
  readonly trace: string[] = [];
  readonly ended = new Map<string, number>();
  /** What happened in this seed after which a delta need not do. */
  readonly upheavals = new Set<Happening>();
  workers: SimulatedWorker[] = [];
  /** A backup of the master, with what its lists held then. */
  backup: { backup: Backup; lists: MasterModel['lists'] } | null = null;
  writer: SiteProcess;
  api: SiteProcess;
  /** Whether nothing disturbs any more: networks are perfect, nobody waits. */
  calm = false;
  readonly number: number;
  #effects: Effect[][] = [];
  /** What an editor ran into that no edit should. */
  #fault: unknown = null;
  #deeds: Deed[] = [];
  #tasks = 0;
  /** Edits that have not ended. */
  #editing = 0;

  private constructor(world: World, number: number, processes: { writer: SiteProcess; api: SiteProcess; workers: SiteProcess[] }) {
    this.world = world;
    this.number = number;
    this.plan = planSeed(number);
    this.random = new Random(`seed ${number}`);
    this.master = new MasterModel(world.master.admin);
    const random = new Random(`edits ${number}`);
    this.composer = new Composer({
      photos: world.masterPhotos,
      random,
      prefix: this.plan.prefix,
      pictures: new Random(`pictures ${number}`),
    });
    this.editor = new Editor({ model: this.master, composer: this.composer, random });
    this.replicas = Array.from({ length: this.plan.lists }, (_, index) => ({ remote: index + 1, local: index + 2 }));
    const sources = new Map(this.replicas.map(({ local, remote }) => [local, remote]));
    this.replica = new ReplicaModel(this.master.history, { sources, keepsDeleted: this.plan.keepsDeleted });
    this.queue = new SimulatedQueue(() => world.clock.at('slave').getTime());
    this.clocks = new WatchedClocks(world);
    this.writer = processes.writer;
    this.api = processes.api;
    this.workers = processes.workers.map((process, index) => this.#employ(`worker-${'ab'[index]}`, process));
    world.network.enabled = this.plan.faults;
    world.network.down = false;
    world.network.onExchange = (line) => this.trace.push(line);
  }

  /** Makes both nodes with their lists, an unlinked list of the slave's own among them, and links. */
  static async open(world: World, number: number, follow: (seed: Seed) => void): Promise<Seed> {
    await world.begin(number, planSeed(number));
    const writer = world.obtainProcess('writer', 'master', { connections: 16 });
    const api = world.obtainProcess('slave-api', 'slave', { connections: 4 });
    const workers = [
      world.obtainProcess('worker-a', 'slave', { connections: 4 }),
      world.obtainProcess('worker-b', 'slave', { connections: 4 }),
    ];
    const seed = new Seed(world, number, { writer, api, workers });
    follow(seed);
    await seed.#makeLists();
    return seed;
  }

  async #makeLists(): Promise<void> {
    const { world, master } = this;
    for (const { remote, local } of this.replicas) {
      await world.master.admin.query(`insert into watch_lists (id, uuid, name) values ($1, $2, 'list')`, [remote, this.random.uuid()]);
      await world.slave.admin.query(`insert into watch_lists (id, uuid, name) values ($1, $2, 'copy')`, [local, this.random.uuid()]);
      master.lists.set(remote, new Map());
      this.consumers.push(new FeedConsumer(world, remote, master.history));
    }
    await this.#makeOwnList();
    await master.follow([]);
    for (const { remote } of this.replicas)
      if (this.plan.dossiers > 0) await this.edit([await this.editor.create([remote], this.plan.dossiers)]);
    await this.step('begin');
    for (const replica of this.replicas) await this.link(replica);
  }

  /** A list of the slave that copies nothing. */
  async #makeOwnList(): Promise<void> {
    const { admin } = this.world.slave;
    await admin.query(`insert into watch_lists (id, uuid, name) values (1, $1, 'own')`, [this.random.uuid()]);
    const own = await this.composer.compose(null);
    const content = { ...own, photos: '[]', features: null };
    await transaction(this.api.database, (tx) => insertRow(tx, 1, content));
    this.replica.list(1).rows.set(content.uuid, content);
  }

  #employ(name: string, process: SiteProcess): SimulatedWorker {
    const policy = this.plan.keepsDeleted ? 'keep-deleted' : 'restore';
    const configuration = { ...this.world.configuration, offlineDeletions: policy } as const;
    return new SimulatedWorker(name, { world: this.world, process, queue: this.queue, configuration });
  }

  /** A task of this seed. Its name is its own. */
  makeTask(kind: string, options: { perfect?: boolean } = {}): Task {
    this.#tasks += 1;
    const task = new Task(`${kind}-${this.#tasks}`, {
      key: `seed ${this.number}`,
      yieldRate: this.calm || options.perfect ? 0 : this.plan.yieldRate,
      faultRate: this.calm || options.perfect ? null : this.plan.faultRate,
    });
    this.world.know(task);
    return task;
  }

  /** Lets all settle, and compares both nodes with their models. */
  async step(label: string): Promise<void> {
    this.trace.push(`— ${label}`);
    const { commit } = this.master.history;
    await this.world.scheduler.settle();
    await this.#buryDead();
    if (this.#fault) throw this.#fault;
    const [seen] = await Promise.all([observe(this.world.slave.admin), this.master.follow(this.#effects.splice(0).flat())]);
    const deeds = this.#deeds.splice(0);
    const ended = this.replica.check(seen, { commit, deeds });
    for (const run of ended) this.#noteEnd(run);
    await requireKnownPhotos(this);
    for (const worker of this.workers) this.#dismiss(worker);
  }

  #noteEnd(run: EndedRun): void {
    const outcome = [
      run.mode === 'auto' ? '' : `${run.mode} `,
      run.state,
      run.code ? ` ${run.code}` : '',
      run.method ? ` by ${run.method}` : '',
    ].join('');
    this.trace.push(`run ${run.id} of list ${run.list}: ${outcome}, attempt ${run.attempt}`);
    this.ended.set(outcome, (this.ended.get(outcome) ?? 0) + 1);
    require(11, run.code !== 'INTERNAL', () => `run ${run.id} failed with something that nobody foresaw: ${this.#reasons()}`);
    // What was approved is applied as it waits; of a list that is empty there is nothing to read.
    const isEmpty = this.replica.last.links.get(run.list)?.count === 0;
    const isUndisturbed = this.upheavals.size === 0 && this.plan.omissionRate === 0;
    const isPlain = isUndisturbed && run.mode === 'auto' && run.state === 'synced' && run.reason !== 'approval' && !isEmpty;
    require(12, !isPlain || run.isFirst || run.method === 'delta', () =>
      `run ${run.id} of list ${run.list} went by ${run.method}, and nothing had happened after which a delta need not do`);
  }

  #reasons(): string {
    return this.workers
      .map((worker) => causes(worker.task?.error))
      .filter(Boolean)
      .join('; ');
  }

  /** Whoever belongs to a process that was killed is gone; a new process takes its place. */
  async #buryDead(): Promise<void> {
    for (const [index, worker] of this.workers.entries()) {
      if (worker.process.alive) continue;
      if (worker.task) this.world.scheduler.abandon(worker.task, 'its process is gone');
      const { reminder } = worker;
      await this.world.scheduler.settle();
      const process = this.world.obtainProcess(worker.name, 'slave', { connections: 4 });
      this.workers[index] = this.#employ(worker.name, process);
      this.trace.push(`${worker.name} was killed in ${worker.task?.name}`);
      // The queue notices the loss and starts the job again, unless it was lost with its worker: then the sweep does.
      if (reminder && this.random.chance(0.5)) this.queue.leave(reminder.name, reminder.payload);
    }
  }

  #dismiss(worker: SimulatedWorker): void {
    const { task, reminder } = worker;
    if (!task || !reminder || task.state === 'running') return;
    this.trace.push(
      `${task.name} ${task.state}${task.error instanceof Error ? ` ${'code' in task.error ? String(task.error.code) : task.error.message}` : ''}`,
    );
    if (task.state === 'failed') this.queue.again(reminder, task.error);
    worker.task = null;
    worker.reminder = null;
  }

  /** Starts an edit of the master. It waits before its commit, and between its statements. */
  edit(edits: readonly PlannedEdit[], { open = false } = {}): Promise<void> {
    const task = this.makeTask('edit', { perfect: true });
    const { scheduler } = this.world;
    const rows = edits.flatMap((edit) => edit.rows);
    for (const row of rows) this.editor.reserved.add(row);
    const { writer } = this;
    this.#editing += 1;
    scheduler.start(task, async () => {
      try {
        const effects = await transaction(writer.database, async (tx) => {
          const all: Effect[] = [];
          for (const edit of edits) {
            all.push(...(await edit.carryOut(tx)));
            await scheduler.wait(task, edit.label);
          }
          return all;
        });
        this.#effects.push(effects);
      } catch (error) {
        if (writer.alive && !refusals.has(sqlState(error) ?? '')) this.#fault = error;
        throw error;
      } finally {
        this.#editing -= 1;
        for (const row of rows) this.editor.reserved.delete(row);
      }
    });
    return open ? Promise.resolve() : this.#finish(task);
  }

  async #finish(task: Task): Promise<void> {
    for (;;) {
      await this.world.scheduler.settle();
      const point = this.world.scheduler.points.find((one) => one.task === task);
      if (!point) return;
      point.resume();
    }
  }

  /** Starts something that a person does on the slave. */
  act(kind: string, deed: () => Promise<readonly Deed[]>): void {
    const task = this.makeTask(kind, { perfect: true });
    this.world.scheduler.start(task, async () => {
      try {
        this.#deeds.push(...(await deed()));
      } catch (error) {
        if (!refusals.has(sqlState(error) ?? '')) this.#fault = error;
        throw error;
      }
    });
  }

  /** Links a replica, with the command that greets the master. */
  async link({ local, remote }: Replica): Promise<void> {
    this.act('link', async () => {
      const request = { slaveListId: local, remoteUrl: masterUrl, remoteListId: remote, refuseNonEmpty: false, by: null };
      const made = await createLink(this.api.database, request);
      if (made.outcome === 'created') this.leave('link', { slaveDossierList: local });
      return [];
    });
    await this.step(`link ${local}`);
  }

  /** Asks for a run of a list. */
  async request(local: number, mode: 'auto' | 'full' | 'verify'): Promise<void> {
    this.act('request', async () => {
      const made = await requestRun(this.api.database, { slaveListId: local, reason: 'person', mode, by: null });
      if (made.outcome === 'run') this.leave('sync', { runId: made.run.id });
      return [];
    });
    await this.step(`request ${mode} ${local}`);
  }

  leave(name: JobName, payload: JobPayload): void {
    this.queue.leave(name, payload);
  }

  /** Rolls back what editors have not committed: the master's database goes down. */
  async stopEditors(): Promise<void> {
    if (this.#editing === 0) return;
    await this.writer.kill();
    for (const { task } of Array.from(this.world.scheduler.points))
      if (task.name.startsWith('edit-')) this.world.scheduler.abandon(task, 'the master is down');
    await this.world.scheduler.settle();
    this.writer = this.world.obtainProcess('writer', 'master', { connections: 16 });
  }

  /** Unsettled lists of the slave: those that are linked and not equal to the master. */
  async unequal(): Promise<Replica[]> {
    const seen = this.replica.last;
    return this.replicas.filter(({ local, remote }) => {
      const link = seen.links.get(local);
      if (!link) return false;
      const state = this.master.history.current(remote);
      const { reached, touched, setAside, deleted } = this.replica.list(local);
      // What was deleted here stays away; all else that is set aside was mended.
      const lacksNothing = [...setAside.keys()].every((uuid) => deleted.has(uuid));
      const isDeclared = seen.positions.get(local)?.declaration === this.master.history.declared(remote);
      return (
        !isDeclared ||
        link.state !== 'synced' ||
        link.digest !== state.digest ||
        reached?.digest !== state.digest ||
        touched ||
        !lacksNothing
      );
    });
  }

  /** Equal for equal courses of a seed. */
  fingerprint(): string {
    return createHash('sha256').update(this.trace.join('\n')).digest('hex').slice(0, 16);
  }

  async close(): Promise<void> {
    const { scheduler } = this.world;
    // What waits in the middle of a transaction must not leave it to the next seed: its process ends with this one.
    if (scheduler.points.length > 0) {
      for (const process of [this.writer, this.api, ...this.workers.map((worker) => worker.process)]) await process.kill();
    }
    while (scheduler.points.length > 0) {
      for (const { task } of Array.from(scheduler.points)) scheduler.abandon(task, 'the seed is over');
      await scheduler.settle();
    }
    await scheduler.settle();
    await this.world.end(this.number);
  }

  /** Sets of rows of which nobody knows any more, on either node. */
  async findLostSets(): Promise<number[]> {
    const { master, slave } = this.world;
    return [...(await findLostSets(master.admin)), ...(await findLostSets(slave.admin))];
  }
}
