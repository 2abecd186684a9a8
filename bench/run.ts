import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Cleanup } from './cleanup.ts';
import { attempt, Budget } from './context.ts';
import type { BenchContext } from './context.ts';
import { benchBrowser } from './browser.ts';
import { benchImport } from './import.ts';
import { benchLinks } from './links.ts';
import { benchList } from './list.ts';
import { Measures } from './measures.ts';
import { benchPhotos } from './photos.ts';
import { benchReaders } from './readers.ts';
import { report } from './report.ts';
import { benchRequests } from './requests.ts';
import { benchSearch } from './search.ts';
import { benchSites } from './sites.ts';
import { benchSlaves } from './slaves.ts';
import { benchWorkers } from './workers.ts';
import { openWorkshop } from './workshop.ts';

const benchmarks: Readonly<Record<string, (context: BenchContext) => Promise<void>>> = {
  list: benchList,
  readers: benchReaders,
  slaves: benchSlaves,
  sites: benchSites,
  photos: benchPhotos,
  import: benchImport,
  requests: benchRequests,
  links: benchLinks,
  search: benchSearch,
  workers: benchWorkers,
  browser: benchBrowser,
};
const defaults = { size: '100000', runs: '5', budget: '60' };
const results = fileURLToPath(new URL('results/', import.meta.url));

const usage = `npm run bench [-- NAME… --size N --runs K --budget MINUTES]

Measures the product beside its peers, in turns, on two PostgreSQL clusters of its own.
  NAME      ${Object.keys(benchmarks).join(', ')}; all of them if left out
  --size    dossiers of the list (${defaults.size}), a multiple of 10,000
  --runs    rounds (${defaults.runs})
  --budget  minutes after which nothing new is begun (${defaults.budget})`;

interface Wanted {
  names: string[];
  size: number;
  runs: number;
  budgetMinutes: number;
}

function readArguments(parameters: string[]): Wanted | null {
  try {
    const { values, positionals } = parseArgs({
      args: parameters,
      allowPositionals: true,
      options: { size: { type: 'string' }, runs: { type: 'string' }, budget: { type: 'string' } },
    });
    const { size, runs, budget } = { ...defaults, ...values };
    const wanted = {
      names: positionals.length > 0 ? positionals : Object.keys(benchmarks),
      size: Number(size),
      runs: Number(runs),
      budgetMinutes: Number(budget),
    };
    const isSound =
      wanted.names.every((name) => Object.hasOwn(benchmarks, name)) &&
      wanted.size > 0 &&
      wanted.size % 10_000 === 0 &&
      Number.isInteger(wanted.runs) &&
      wanted.runs > 0 &&
      wanted.budgetMinutes > 0;
    return isSound ? wanted : null;
  } catch {
    return null; // parseArgs refuses unknown options; the usage says which there are
  }
}

function tell(line: string): void {
  process.stderr.write(`${new Date().toISOString().slice(11, 19)}  ${line}\n`);
}

async function measure(wanted: Wanted, cleanup: Cleanup): Promise<boolean> {
  const begun = new Date();
  const measures = new Measures();
  const budget = new Budget(wanted.budgetMinutes);
  const workshop = await openWorkshop(cleanup);
  for (const name of wanted.names) {
    if (!budget.allows(name)) continue;
    const context = { workshop, measures, size: wanted.size, runs: wanted.runs, budget, tell };
    await attempt(context, name, async () => benchmarks[name]?.(context));
  }
  const machine = { cores: cpus().length, memoryGiB: Math.round(totalmem() / 2 ** 30), node: process.version };
  const facts = { begun: begun.toISOString(), ...wanted, machine };
  process.stdout.write(`${report(measures, { ...facts, cut: budget.cut })}\n`);
  await mkdir(results, { recursive: true });
  const file = `${results}${begun.toISOString().replaceAll(':', '-').slice(0, 19)}-${wanted.size}.json`;
  const written = { ...facts, measures: measures.toJson(), notes: measures.notes, cut: budget.cut, impossible: measures.impossible };
  await writeFile(file, `${JSON.stringify(written, null, 2)}\n`);
  tell(`written to ${file}`);
  return measures.impossible.length === 0;
}

async function main(): Promise<void> {
  const wanted = readArguments(process.argv.slice(2));
  if (!wanted) {
    process.stderr.write(`${usage}\n`);
    process.exitCode = 2;
    return;
  }
  const cleanup = new Cleanup();
  let interrupted = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      // npm hands a Ctrl-C on, so that it arrives twice.
      if (interrupted) return;
      interrupted = true;
      tell('ending what was started');
      void cleanup.close(tell).then(() => process.exit(130));
    });
  }
  try {
    const complete = await measure(wanted, cleanup);
    process.exitCode = complete ? 0 : 1;
  } finally {
    if (!interrupted) await cleanup.close(tell);
  }
}

await main();
