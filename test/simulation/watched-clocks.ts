import { ClockWatch } from '@dossier/worker/clock.ts';
import { Task } from './scheduler.ts';
import { logger } from './world.ts';
import type { World } from './world.ts';

const nodes = ['master', 'slave'] as const;

/** The clocks of both nodes, at which a process of each looks whenever they go on, as workers do every few seconds. */
export class WatchedClocks {
  readonly #world: World;
  readonly #watches: { watch: ClockWatch; task: Task | null }[];

  constructor(world: World) {
    this.#world = world;
    this.#watches = nodes.map((node) => ({
      watch: new ClockWatch({
        database: world.obtainProcess(`${node}-watch`, node, { connections: 1 }).database,
        logger,
        now: () => world.clock.at(node),
        monotonicMs: () => world.clock.passedMs,
      }),
      task: null,
    }));
  }

  async advance(milliseconds: number): Promise<void> {
    this.#world.clock.advance(milliseconds);
    await this.#look();
  }

  /** Sets clocks right, or wrong by so many milliseconds; those that aren't named stay. */
  async set(offsetsMs: Partial<Record<'master' | 'slave', number>>): Promise<void> {
    this.#world.clock.set(offsetsMs);
    await this.#look();
  }

  /** Lets the databases' clocks show what the nodes' do, and looks. Who waits for a lock looks again another time. */
  async #look(): Promise<void> {
    const { scheduler } = this.#world;
    await this.#world.syncClocks();
    for (const one of this.#watches) {
      if (one.task?.state === 'running') continue;
      one.task = new Task('watch', { key: '', yieldRate: 0, faultRate: null });
      scheduler.start(one.task, async () => void (await one.watch.look()));
      await scheduler.settle();
    }
  }
}
