import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { workInParallel } from './campaign-crew.ts';
import type { Report } from './campaign-crew.ts';
import { startCluster } from './cluster.ts';
import { mutations } from './mutations.ts';

const usage = `npm run campaign -- [--seeds N] [--first N] [--seed N] [--mutation NAME] [--processes N]

  --seeds N        as many seeds, from --first (1) on
  --seed N         this seed alone, with all that happens in it
  --mutation NAME  with a planted bug, which has to be found: ${Object.keys(mutations).join(', ')}
  --processes N    so many at once, each with its own pair of nodes (two per core: each one waits half of the time)
`;

/** Adds up what the processes report. */
class Tally {
  readonly #ended = new Map<string, number>();
  readonly #faults = new Map<string, number>();
  readonly violations: Report[] = [];
  seeds = 0;
  readonly #start = performance.now();

  add(outcome: Report): void {
    this.seeds += 1;
    for (const [key, count] of outcome.ended) this.#ended.set(key, (this.#ended.get(key) ?? 0) + count);
    for (const [key, count] of outcome.faults) this.#faults.set(key, (this.#faults.get(key) ?? 0) + count);
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
    const processes = Math.min(Number(values.processes), seeds.length);
    await workInParallel(seeds, { clusterUrl: cluster.url, mutation, processes, name: 'pair', stop });
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
  console.log(found ? `found ${mutation} with seed ${found.seed}, the ${tally.seeds}th` : `did NOT find ${mutation}`);
  return found ? 0 : 1;
}

process.exitCode = await command();
