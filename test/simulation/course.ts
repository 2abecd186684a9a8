import { query, transaction } from '@dossier/postgres/database.ts';
import { deleteOffline } from '@dossier/registry/dossiers.ts';
import { decideHold } from '@dossier/replication/hold-decisions.ts';
import { renewEpoch } from '@dossier/feed/feed.ts';
import { startUnlink } from '@dossier/replication/links.ts';
import { pruneTombstones } from '@dossier/replication/upkeep.ts';
import type { Content } from './content.ts';
import type { PlannedEdit } from './editor.ts';
import { damagePhoto, lookAtPhoto, requireWholePhotos } from './photos.ts';
import type { Happening } from './plan.ts';
import { takeBackup, restoreBackup } from './snapshot.ts';
import type { Backup } from './snapshot.ts';
import type { Replica, Seed } from './seed.ts';
import { require } from './violation.ts';
import { masterUrl } from './world.ts';
import type { SimulatedWorker } from './worker.ts';

const second = 1000;
const day = 24 * 60 * 60 * second;
/** Rounds of syncs after which a seed has to have come to rest. */
const maximumRounds = 12;
/** Steps that a job may take when nothing disturbs it: far more than any has. */
const maximumSteps = 3000;

/** What happens in a seed: actions drawn at random, then rest, in which all lists have to become equal. */
export class Course {
  readonly #seed: Seed;
  #backup: { backup: Backup; model: ReturnType<Seed['master']['copy']> } | null = null;

  constructor(seed: Seed) {
    this.#seed = seed;
  }

  async run(): Promise<void> {
    for (let action = 0; action < this.#seed.plan.actions; action += 1) await this.#act();
    await this.#rest();
  }

  async #act(): Promise<void> {
    const { random, world, queue, workers, plan } = this.#seed;
    const { points } = world.scheduler;
    const idle = workers.filter((worker) => !worker.task);
    const isDue = queue.waiting.some((reminder) => reminder.due <= world.clock.at('slave').getTime());
    const rare = [...plan.has].map((happening) => [0.6, () => this.#happen(happening)] as const);
    const act = random.weighted([
      [points.length > 0 ? 12 : 0, () => this.#resume()],
      [idle.length > 0 && isDue ? 8 : 0, () => this.#work(random.pick(idle))],
      [5, () => this.#edit()],
      [3, () => this.#request('auto')],
      [1.5, () => this.#remind()],
      [2, () => this.#passTime()],
      [2, () => this.#consume()],
      ...rare,
    ] as const);
    await act();
  }

  async #resume(): Promise<void> {
    const { random, world } = this.#seed;
    const { points } = world.scheduler;
    // The one that waits longest may be forgotten for a while: workers stall, editors go to lunch.
    const point = random.chance(0.6) ? points.at(-1) : random.pick(points);
    point?.resume();
    await this.#seed.step(`${point?.task.name} goes on after ${point?.label}`);
  }

  async #work(worker: SimulatedWorker): Promise<void> {
    const { queue, random, plan } = this.#seed;
    const reminder = queue.takeDue();
    if (!reminder) return;
    const task = this.#seed.makeTask(worker.name);
    if (plan.has.has('kill') && !this.#seed.calm && random.chance(0.3)) {
      task.deadline = { statement: random.between(1, 60), sent: random.chance(0.5) };
    }
    worker.begin(task, reminder);
    await this.#seed.step(`${task.name} takes ${reminder.id}, attempt ${reminder.attempt}`);
  }

  async #edit(): Promise<void> {
    const { random, editor, replicas, plan, world } = this.#seed;
    const { remote } = random.pick(replicas);
    const isOpen = random.chance(0.4) && world.scheduler.points.filter((point) => point.task.name.startsWith('edit-')).length < 2;
    const count = random.weighted([
      [3, 1],
      [1, 2],
      [1, 3],
    ]);
    const alone = count > 1 || !plan.has.has('share');
    const edits: PlannedEdit[] = [];
    for (let number = 0; number < count; number += 1) {
      const edit = await editor.plan(remote, { alone });
      if (!edit || edit.dossiers.some((uuid) => edits.some((other) => other.dossiers.includes(uuid)))) continue;
      edits.push(edit);
    }
    if (edits.length === 0) return;
    if (edits.some((edit) => edit.shares)) this.#seed.upheavals.add('share');
    await this.#seed.edit(edits, { open: isOpen });
    await this.#seed.step(`edit ${remote}${isOpen ? ' and wait' : ''}: ${edits.map((edit) => edit.label).join(', ')}`);
  }

  async #request(mode: 'auto' | 'full' | 'verify'): Promise<void> {
    const linked = this.#linked();
    if (linked.length > 0) await this.#seed.request(this.#seed.random.pick(linked).local, mode);
  }

  async #remind(): Promise<void> {
    this.#seed.leave('sweep', {});
    await this.#seed.step('sweep');
  }

  async #passTime(): Promise<void> {
    const { random } = this.#seed;
    const milliseconds = random.pick([second, 5 * second, 20 * second, 60 * second, 60 * 60 * second, day]);
    await this.#seed.advance(milliseconds);
    await this.#seed.step(`${milliseconds / second} s pass`);
  }

  async #consume(): Promise<void> {
    const { random, consumers, world } = this.#seed;
    const consumer = random.pick(consumers);
    const task = this.#seed.makeTask('consumer', { perfect: true });
    world.scheduler.start(task, () => world.scheduler.execute(() => consumer.read()));
    await this.#seed.step(`a consumer reads list ${consumer.list}`);
    if (task.state === 'failed') throw task.error;
  }

  async #happen(happening: Happening): Promise<void> {
    const { random, workers, queue, world, replicas } = this.#seed;
    const busy = workers.filter((worker) => worker.task);
    switch (happening) {
      case 'kill':
        if (busy.length === 0) return;
        await random.pick(busy).process.kill();
        return this.#seed.step('kill');
      case 'interrupt':
        if (busy.length === 0) return;
        random.pick(busy).interrupt();
        return this.#seed.step('interrupt');
      case 'redeliver': {
        const reminder = busy.length > 0 ? random.pick(busy).reminder : null;
        if (!reminder) return;
        queue.leave(reminder.name, reminder.payload);
        return this.#seed.step(`${reminder.id} is delivered again`);
      }
      case 'flush':
        queue.waiting = [];
        return this.#seed.step('the queue is flushed');
      case 'clock':
        world.clock.set(
          random.pick(['master', 'slave']),
          random.pick([0, 0, -2 * 60 * second, 4 * 60 * second, 3 * 60 * 60 * second, -day]),
        );
        await world.syncClocks();
        return this.#seed.step('a clock jumps');
      case 'outage':
        world.network.down = !world.network.down;
        return this.#seed.step(world.network.down ? 'the network is down' : 'the network is back');
      case 'restore':
        return this.#restore();
      case 'epoch':
        return this.#renewEpoch();
      case 'prune':
        return this.#prune();
      case 'hand':
        return this.#editByHand();
      case 'offline':
        return this.#deleteOffline();
      case 'unlink':
        return this.#unlinkOrLink();
      case 'photo-loss':
        return this.#losePhoto();
      case 'photo-damage':
        return random.chance(0.5) ? damagePhoto(this.#seed) : lookAtPhoto(this.#seed);
      case 'verify':
      case 'full':
        return this.#request(happening);
      case 'clear': {
        const { remote } = random.pick(replicas);
        if (this.#seed.editor.reserved.size > 0 || this.#seed.plan.has.has('share')) return;
        await this.#seed.edit([this.#seed.editor.clear(remote)]);
        return this.#seed.step(`clear ${remote}`);
      }
      case 'decide':
        return this.#decide(random.chance(0.6) ? 'approved' : 'rejected', this.#linked());
      case 'collect':
        this.#seed.leave('collect-photos', {});
        this.#seed.leave('prune', {});
        return this.#seed.step('clean up');
      default:
    }
  }

  /** The master goes back to a backup, or makes one. */
  async #restore(): Promise<void> {
    const { master, world, consumers, upheavals } = this.#seed;
    if (!this.#backup) {
      this.#backup = { backup: await takeBackup(world.master.admin), model: master.copy() };
      return this.#seed.step('backup of the master');
    }
    upheavals.add('restore');
    await this.#seed.stopEditors();
    await restoreBackup(world.master.admin, this.#backup.backup);
    const { model } = this.#backup;
    this.#backup = null;
    for (const consumer of consumers) consumer.startOver();
    const effect = (): void => {
      master.dossiers = model.dossiers;
      master.lists = model.lists;
    };
    await master.follow([effect], { shorter: true });
    await this.#seed.step('the master is restored');
  }

  async #renewEpoch(): Promise<void> {
    const { random, replicas, master, writer, world } = this.#seed;
    const { remote } = random.pick(replicas);
    this.#seed.upheavals.add('epoch');
    const task = this.#seed.makeTask('renew', { perfect: true });
    world.scheduler.start(task, () => renewEpoch(writer.database, remote, master.history.current(remote).epoch));
    await this.#seed.step(`list ${remote} gets a new epoch`);
  }

  async #prune(): Promise<void> {
    const { writer, world } = this.#seed;
    this.#seed.upheavals.add('prune');
    const task = this.#seed.makeTask('prune', { perfect: true });
    world.scheduler.start(task, () => pruneTombstones(writer.database, this.#seed.random.pick([0, 1])));
    await this.#seed.step('tombstones are pruned');
  }

  /** Somebody changes a replica by SQL. */
  async #editByHand(): Promise<void> {
    const { random, api, replica } = this.#seed;
    const { local } = random.pick(this.#seed.replicas);
    const members = [...(replica.lists.get(local) ?? [])];
    if (members.length === 0) return;
    this.#seed.upheavals.add('hand');
    const uuid = random.pick(members);
    const comment = `by hand ${random.below(1e6)}`;
    const isDeletion = random.chance(0.4);
    this.#seed.act('hand', async () => {
      const touched = await transaction(api.database, async (tx) =>
        isDeletion
          ? query(tx, `delete from memberships where list_id = :local and dossier = :uuid returning dossier`, { local, uuid })
          : query(tx, `update dossiers set comment = :comment where uuid = :uuid returning uuid`, { comment, uuid }),
      );
      if (touched.length === 0) return null;
      return (model) => {
        for (const [list, held] of model.lists) if (held.has(uuid)) model.touched.add(list);
        if (isDeletion) model.lists.get(local)?.delete(uuid);
        const content: Content | undefined = model.contents.get(uuid);
        if (content && !isDeletion) model.contents.set(uuid, { ...content, comment });
      };
    });
    await this.#seed.step(`list ${local} is edited by hand`);
  }

  async #deleteOffline(): Promise<void> {
    const { random, api, replica } = this.#seed;
    const linked = this.#linked();
    if (linked.length === 0) return;
    const { local } = random.pick(linked);
    const members = [...(replica.lists.get(local) ?? [])];
    if (members.length === 0) return;
    const uuid = random.pick(members);
    const id = await this.#seed.localId(uuid);
    if (id === null) return;
    this.#seed.upheavals.add('offline');
    this.#seed.act('offline', async () => {
      const deletion = await deleteOffline(api.database, { id, deletedBy: 'somebody', unavailableMasters: [masterUrl] });
      if (deletion.outcome !== 'deleted') return null;
      return (model) => {
        for (const [list, held] of model.lists) {
          if (!held.delete(uuid) || list === 1) continue;
          model.touched.add(list);
          if (model.last.links.has(list)) model.deleted.set(list, (model.deleted.get(list) ?? new Set()).add(uuid));
        }
      };
    });
    await this.#seed.step(`${uuid.slice(0, 8)} is deleted offline`);
  }

  async #unlinkOrLink(): Promise<void> {
    const { random, replicas, replica, api } = this.#seed;
    this.#seed.upheavals.add('unlink');
    const one = random.pick(replicas);
    if (!replica.last.links.has(one.local)) return this.#seed.link(one);
    const purge = random.chance(0.5);
    this.#seed.act('unlink', async () => {
      if (await startUnlink(api.database, one.local, purge)) this.#seed.leave('unlink', { slaveDossierList: one.local, purge });
      return null;
    });
    return this.#seed.step(`unlink ${one.local}${purge ? ' and purge' : ''}`);
  }

  async #losePhoto(): Promise<void> {
    const { random, editor, world } = this.#seed;
    const photos = [...editor.photoBytes.keys()];
    if (photos.length === 0) return;
    await world.masterPhotos.remove(random.pick(photos));
    await this.#seed.step('the master loses a photo');
  }

  /** A person approves or rejects what the guards hold. */
  async #decide(decision: 'approved' | 'rejected', among: readonly Replica[]): Promise<void> {
    const { api, replica } = this.#seed;
    for (const { local } of among) {
      const difference = replica.last.holds.get(local);
      if (difference === undefined) continue;
      this.#seed.act('decide', async () => {
        const made = await decideHold(api.database, { slaveListId: local, difference, decision, by: 'somebody' });
        if (made.outcome === 'approved') this.#seed.leave('sync', { runId: made.runId });
        return null;
      });
      await this.#seed.step(`what is held of list ${local} is ${decision}`);
    }
  }

  #linked(): Replica[] {
    const { replicas, replica } = this.#seed;
    return replicas.filter(({ local }) => replica.last.links.has(local) && replica.last.links.get(local)?.state !== 'unlinking');
  }

  /** Nothing disturbs any more: within a few rounds every linked list is equal to the master, and then a sync has nothing to do. */
  async #rest(): Promise<void> {
    const { world } = this.#seed;
    this.#seed.calm = true;
    world.network.down = false;
    world.clock.set('master', 0);
    world.clock.set('slave', 0);
    await world.syncClocks();
    await this.#seed.stopEditors();
    this.#seed.leave('sweep', {});
    await this.#drain();
    let rounds = 0;
    for (let left = await this.#seed.unequal(); left.length > 0; left = await this.#seed.unequal()) {
      rounds += 1;
      require(15, rounds <= maximumRounds, () =>
        `after ${maximumRounds} rounds without a fault ${left.length} lists are not equal: ${this.#describe()}`);
      for (const { local } of left) await this.#seed.request(local, 'auto');
      await this.#drain();
      await this.#decide('approved', left);
      await this.#drain();
    }
    for (const { local } of this.#linked()) await this.#seed.request(local, 'auto');
    await this.#drain();
    const changed = Array.from(this.#seed.replica.last.runs.values()).filter((run) => !run.finished);
    require(15, changed.length === 0, () => `runs never end: ${JSON.stringify(changed)}`);
    require(15, (await this.#seed.unequal()).length === 0, () => `lists that were equal are so no more: ${this.#describe()}`);
    await this.#verify();
  }

  /** A verification finds what is wrong with photos, and the next run mends it, as far as the master has them. */
  async #verify(): Promise<void> {
    const { random, plan } = this.#seed;
    if (plan.has.has('photo-damage')) for (let photo = 0; photo < 3; photo += 1) await damagePhoto(this.#seed);
    const linked = this.#linked();
    if (linked.length === 0) return;
    const { local } = random.pick(linked);
    const first = await this.#verifyList(local);
    if (first !== 'synced' && plan.has.has('photo-damage')) {
      await this.#seed.request(local, 'auto');
      await this.#drain();
    }
    const state = first === 'synced' ? first : await this.#verifyList(local);
    const isPhotoless = (this.#seed.replica.last.missingPhotos.get(local)?.size ?? 0) > 0;
    require(15, state === 'synced' || isPhotoless, () => `a verification of list ${local} is ${state}: ${this.#describe()}`);
  }

  async #verifyList(local: number): Promise<string> {
    const { replica } = this.#seed;
    await this.#seed.request(local, 'verify');
    await this.#drain();
    const run = Array.from(replica.last.runs.values()).findLast((one) => one.list === local && one.mode === 'verify');
    if (run?.state !== 'synced') return JSON.stringify(run);
    await requireWholePhotos(this.#seed, local);
    return run.state;
  }

  #describe(): string {
    return JSON.stringify([...this.#seed.replica.last.links.values(), ...this.#seed.replica.last.runs.values()].slice(-8));
  }

  /** Lets all jobs run that there are, and those that they leave, passing the time until the next ones are due. */
  async #drain(): Promise<void> {
    const { world, queue, workers } = this.#seed;
    for (let steps = 0; ; steps += 1) {
      require(15, steps < maximumSteps, () => `jobs never end: ${JSON.stringify(queue.waiting)}`);
      const idle = workers.find((worker) => !worker.task);
      const [point] = world.scheduler.points;
      const due = Math.min(...queue.waiting.map((reminder) => reminder.due));
      if (point) await this.#resume();
      else if (idle && due <= world.clock.at('slave').getTime()) await this.#work(idle);
      else if (Number.isFinite(due)) await this.#seed.advance(due - world.clock.at('slave').getTime());
      else if (!workers.some((worker) => worker.task)) return;
      else await this.#seed.step('wait');
    }
  }
}
