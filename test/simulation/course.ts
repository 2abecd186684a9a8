import { declareFields } from './declarations.ts';
import type { PlannedEdit } from './editor.ts';
import { losePhoto, pruneMaster, renewEpoch, restoreMaster, spoilOrMend } from './mishaps.ts';
import { decideHeld, deleteOffline, editByHand, linkedReplicas, undoSync, unlinkOrLink } from './persons.ts';
import { damagePhoto, lookAtPhoto, requireWholePhotos } from './photos.ts';
import { Night } from './night.ts';
import type { Happening } from './plan.ts';
import { Random } from './random.ts';
import type { Seed } from './seed.ts';
import { requireRoundTrip } from './transfer.ts';
import { require } from './violation.ts';
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
  /** A stream of its own, so that it shifts nothing else. */
  readonly #declaring: Random;

  constructor(seed: Seed) {
    this.#seed = seed;
    this.#declaring = new Random(`declarations ${seed.number}`);
  }

  async run(): Promise<void> {
    for (let action = 0; action < this.#seed.plan.actions; action += 1) {
      await this.#act();
      if (this.#declaring.chance(0.05)) await declareFields(this.#seed, this.#declaring);
    }
    await this.#rest();
  }

  async #act(): Promise<void> {
    const { random, world, queue, workers, plan } = this.#seed;
    const { points } = world.scheduler;
    const idle = workers.filter((worker) => !worker.task);
    const isDue = queue.nextDue <= world.clock.at('slave').getTime();
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
      const edit = await editor.plan(remote, { alone, bulkWeight: plan.bulkWeight });
      if (!edit || edit.rows.some((row) => edits.some((other) => other.rows.includes(row)))) continue;
      edits.push(edit);
    }
    if (edits.length === 0) return;
    await this.#seed.edit(edits, { open: isOpen });
    await this.#seed.step(`edit ${remote}${isOpen ? ' and wait' : ''}: ${edits.map((edit) => edit.label).join(', ')}`);
  }

  async #request(mode: 'auto' | 'full' | 'verify'): Promise<void> {
    const linked = linkedReplicas(this.#seed);
    if (linked.length > 0) await this.#seed.request(this.#seed.random.pick(linked).local, mode);
  }

  async #remind(): Promise<void> {
    this.#seed.leave('sweep', {});
    await this.#seed.step('sweep');
  }

  async #passTime(): Promise<void> {
    const { random } = this.#seed;
    const milliseconds = random.pick([second, 5 * second, 20 * second, 60 * second, 60 * 60 * second, day]);
    await this.#seed.clocks.advance(milliseconds);
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
        await this.#seed.clocks.set({
          [random.pick(['master', 'slave'])]: random.pick([
            0,
            0,
            0,
            -2 * 60 * second,
            4 * 60 * second,
            3 * 60 * 60 * second,
            -day,
            200 * day,
          ]),
        });
        return this.#seed.step('a clock jumps');
      case 'outage':
        world.network.down = !world.network.down;
        return this.#seed.step(world.network.down ? 'the network is down' : 'the network is back');
      case 'restore':
        return restoreMaster(this.#seed);
      case 'epoch':
        return renewEpoch(this.#seed);
      case 'prune':
        return pruneMaster(this.#seed);
      case 'hand':
        return editByHand(this.#seed);
      case 'offline':
        return deleteOffline(this.#seed);
      case 'unlink':
        return unlinkOrLink(this.#seed);
      case 'photo-loss':
        return losePhoto(this.#seed);
      case 'photo-damage':
        return random.chance(0.5) ? damagePhoto(this.#seed) : lookAtPhoto(this.#seed);
      case 'verify':
      case 'full':
        return this.#request(happening);
      case 'clear': {
        const { remote } = random.pick(replicas);
        if (this.#seed.editor.reserved.size > 0) return;
        await this.#seed.edit([this.#seed.editor.clear(remote)]);
        return this.#seed.step(`clear ${remote}`);
      }
      case 'undo':
        return undoSync(this.#seed);
      case 'spoil':
        return spoilOrMend(this.#seed);
      case 'decide':
        return decideHeld(this.#seed, random.chance(0.6) ? 'approved' : 'rejected', linkedReplicas(this.#seed));
      case 'collect':
        this.#seed.leave('collect-photos', {});
        this.#seed.leave('prune', {});
        return this.#seed.step('clean up');
      default:
    }
  }

  /** Nothing disturbs any more: within a few rounds every linked list is equal to the master, and then a sync has nothing to do. */
  async #rest(): Promise<void> {
    const { world } = this.#seed;
    this.#seed.calm = true;
    world.network.down = false;
    await this.#seed.clocks.set({ master: 0, slave: 0 });
    await this.#seed.stopEditors();
    await this.#mendAll();
    this.#seed.leave('sweep', {});
    await this.#drain();
    let rounds = 0;
    for (let left = await this.#seed.unequal(); left.length > 0; left = await this.#seed.unequal()) {
      rounds += 1;
      require(15, rounds <= maximumRounds, () =>
        `after ${maximumRounds} rounds without a fault ${left.length} lists are not equal: ${this.#describe()}`);
      for (const { local } of left) await this.#seed.request(local, 'auto');
      await this.#drain();
      await decideHeld(this.#seed, 'approved', left);
      await this.#drain();
    }
    for (const { local } of linkedReplicas(this.#seed)) await this.#seed.request(local, 'auto');
    await this.#drain();
    const changed = Array.from(this.#seed.replica.last.runs.values()).filter((run) => !run.finished);
    require(15, changed.length === 0, () => `runs never end: ${JSON.stringify(changed)}`);
    require(15, (await this.#seed.unequal()).length === 0, () => `lists that were equal are so no more: ${this.#describe()}`);
    await this.#verify();
    const lost = await this.#seed.findLostSets();
    require(18, lost.length === 0, () => `nobody knows of the sets ${lost.join(', ')}`);
    await requireRoundTrip(this.#seed);
    if (this.#seed.plan.has.has('clock')) await new Night(this.#seed, () => this.#drain()).pass();
  }

  async #mendAll(): Promise<void> {
    const { replicas, editor } = this.#seed;
    for (const { remote } of replicas) {
      const mend = editor.mend(remote);
      if (mend) await this.#seed.edit([mend]);
    }
    await this.#seed.step('all is mended');
  }

  /** A verification finds what is wrong with photos, and the next run mends it, as far as the master has them. */
  async #verify(): Promise<void> {
    const { random, plan } = this.#seed;
    if (plan.has.has('photo-damage')) for (let photo = 0; photo < 3; photo += 1) await damagePhoto(this.#seed);
    const linked = linkedReplicas(this.#seed);
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
      const due = queue.nextDue;
      if (point) await this.#resume();
      else if (idle && due <= world.clock.at('slave').getTime()) await this.#work(idle);
      else if (Number.isFinite(due)) await this.#seed.clocks.advance(due - world.clock.at('slave').getTime());
      else if (!workers.some((worker) => worker.task)) return;
      else await this.#seed.step('wait');
    }
  }
}
