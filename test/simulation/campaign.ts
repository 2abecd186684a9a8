import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { startCluster, template } from './cluster.ts';
import { mutations } from './mutations.ts';
import { runSeed } from './run-seed.ts';
import type { Seed } from './seed.ts';
import { World } from './world.ts';

const usage = `npm run campaign -- [--seeds N] [--first N] [--seed N] [--mutation NAME] [--processes N]

  --seeds N        as many seeds, from --first (1) on
  --seed N         this seed alone, with all that happens in it
  --mutation NAME  with a planted bug, which has to be found: ${Object.keys(mutations).join(', ')}
  --processes N    so many at once, each with its own pair of nodes (two per core: each one waits half of the time)
`;

/** What a process of the campaign tells the one that started it, once per seed. */
const report = z.object({
  seed: z.int(),
  violation: z.string().nullable(),
  trace: z.array(z.string()),
  ended: z.array(z.tuple([z.string(), z.int()])),
  faults: z.array(z.tuple([z.string(), z.int()])),
  strikes: z.int(),
});
type Report = z.infer<typeof report>;

const task = z.object({ clusterUrl: z.string(), name: z.string(), mutation: z.string().nullable(), seeds: z.array(z.int()) });

/** A seed that takes so long stands still. */
const standstillMs = 50_000;

/** Carries out seeds one after the other and reports each. */
async function work(order: z.infer<typeof task>, tell: (report: Report) => void): Promise<void> {
  const mutation = order.mutation === null ? null : (mutations[order.mutation] ?? null);
  const world = await World.open(order.clusterUrl, { name: order.name, template, mutation });
  try {
    for (const number of order.seeds) {
      let seed: Seed | null = null;
      const watch = setTimeout(() => {
        // Nothing here can be ended in order any more.
        const violation = `invariant 15: nothing moves any more; ${seed?.world.scheduler.describe()}`;
        tell({ seed: number, violation, trace: [...(seed?.trace ?? [])], ended: [], faults: [], strikes: world.strikes });
        process.disconnect();
        process.exit(0);
      }, standstillMs);
      const outcome = await runSeed(world, number, (opened) => (seed = opened));
      clearTimeout(watch);
      const counts = Array.from(world.network.counts);
      world.network.counts.clear();
      tell({ ...outcome, trace: [...outcome.trace], ended: Array.from(outcome.ended), faults: counts, strikes: world.strikes });
    }
  } finally {
    await world.close();
  }
}

/** Adds up what the processes report. */
class Tally {
  readonly #ended = new Map<string, number>();
  readonly #faults = new Map<string, number>();
  readonly violations: Report[] = [];
  strikes = 0;
  seeds = 0;
  readonly #start = performance.now();

  add(outcome: Report): void {
    this.seeds += 1;
    for (const [key, count] of outcome.ended) this.#ended.set(key, (this.#ended.get(key) ?? 0) + count);
    for (const [key, count] of outcome.faults) this.#faults.set(key, (this.#faults.get(key) ?? 0) + count);
    this.strikes = Math.max(this.strikes, outcome.strikes);
    if (outcome.violation !== null) this.violations.push(outcome);
    if (outcome.violation !== null || this.seeds % 5 === 0) console.log(this.line(outcome));
  }

  line(outcome: Report): string {
    const rate = (this.seeds / ((performance.now() - this.#start) / 1000)).toFixed(1);
    return outcome.violation === null ? `${this.seeds} seeds, ${rate} a second` : `seed ${outcome.seed}: ${outcome.violation}`;
  }

  summary(): string {
    const seconds = (performance.now() - this.#start) / 1000;
    const table = (counts: ReadonlyMap<string, number>): string =>
      Array.from(counts)
        .toSorted(([, a], [, b]) => b - a)
        .map(([key, count]) => `  ${String(count).padStart(8)}  ${key}`)
        .join('\n');
    return [
      `${this.seeds} seeds in ${seconds.toFixed(0)} s, ${(this.seeds / seconds).toFixed(1)} seeds/s, ${this.violations.length} violations`,
      'runs ended:',
      table(this.#ended),
      'exchanges with the master:',
      table(this.#faults),
    ].join('\n');
  }
}

async function command(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '1000' },
      first: { type: 'string', default: '1' },
      seed: { type: 'string' },
      mutation: { type: 'string' },
      processes: { type: 'string', default: String(2 * availableParallelism()) },
      help: { type: 'boolean' },
    },
  });
  const mutation = values.mutation ?? null;
  if (values.help === true || (mutation !== null && !(mutation in mutations))) {
    console.log(usage);
    return values.help === true ? 0 : 2;
  }
  const first = Number(values.seed ?? values.first);
  const seeds = Array.from({ length: values.seed === undefined ? Number(values.seeds) : 1 }, (_, index) => first + index);
  const cluster = await startCluster();
  try {
    const tally = new Tally();
    const stop = (outcome: Report): boolean => {
      tally.add(outcome);
      if (values.seed !== undefined) console.log(outcome.trace.join('\n'));
      else if (outcome.violation !== null && mutation === null) console.log(outcome.trace.slice(-40).join('\n'));
      return mutation !== null && outcome.violation !== null;
    };
    await workInParallel(seeds, { clusterUrl: cluster.url, mutation, processes: Math.min(Number(values.processes), seeds.length), stop });
    console.log(tally.summary());
    return verdict(tally, mutation);
  } finally {
    await cluster.stop();
  }
}

/** 0 if no seed shows a violation or, with a planted bug, if one does. */
function verdict(tally: Tally, mutation: string | null): number {
  if (mutation === null) {
    for (const { seed } of tally.violations) console.log(`replay with: npm run campaign -- --seed ${seed}`);
    return tally.violations.length === 0 ? 0 : 1;
  }
  const [found] = tally.violations;
  console.log(
    found
      ? `found ${mutation} with seed ${found.seed}, the ${tally.seeds}th`
      : `did NOT find ${mutation}, which struck ${tally.strikes} times`,
  );
  return found ? 0 : 1;
}

interface Parallel {
  clusterUrl: string;
  mutation: string | null;
  processes: number;
  /** Takes a report; true ends the campaign. */
  stop(outcome: Report): boolean;
}

async function workInParallel(seeds: readonly number[], { clusterUrl, mutation, processes, stop }: Parallel): Promise<void> {
  const children = Array.from({ length: processes }, (_, index) => {
    const child = fork(new URL(import.meta.url), ['--child'], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    const share = seeds.filter((_seed, at) => at % processes === index);
    child.send({ clusterUrl, mutation, name: `pair_${index}`, seeds: share });
    return child;
  });
  await Promise.all(
    children.map(
      (child) =>
        new Promise<void>((resolve, reject) => {
          child.on('message', (message) => {
            if (stop(report.parse(message))) for (const other of children) other.kill();
          });
          child.on('exit', (code, signal) => {
            if (code === 0 || signal !== null) resolve();
            else reject(new Error(`a process of the campaign ended with ${code}`));
          });
        }),
    ),
  );
}

if (process.argv[2] === '--child') {
  process.once('message', (message) => {
    void work(task.parse(message), (outcome) => process.send?.(outcome)).then(() => process.disconnect());
  });
} else {
  process.exitCode = await command();
}
