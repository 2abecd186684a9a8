import { setTimeout as delay } from 'node:timers/promises';
import { query } from '@dossier/postgres/database.ts';
import { listsBehind } from '@dossier/registry/search/search-index.ts';
import { attempt } from './context.ts';
import type { BenchContext } from './context.ts';
import { changeDossiers } from './change.ts';
import { settle } from './fill.ts';
import { RunFollower } from './follow.ts';
import { fillSearchList, typedWords } from './search-names.ts';
import { quantile } from './statistics.ts';
import type { BenchNode } from './workshop.ts';

const token = 'the-token-of-the-tests';
const indexedWithinMs = 1_800_000;
const firstSyncWithinMs = 1_200_000;
const questions = 300;

/**
 * Words of three letters and more, typed as people do (whole, begun, mistyped, in another script), asked for one after the other: at rest, and while a sync
 * changes a hundredth of the list. How long the index takes that follows a list which is new.
 */
export async function benchSearch(context: BenchContext): Promise<void> {
  const { workshop, size, runs, tell, budget } = context;
  const master = await workshop.startNode('master');
  const list = await master.node.makeList('all');
  tell(`filling the master with ${size} dossiers to be searched for`);
  await fillSearchList(master, { id: list, count: size });
  await settle(master.databaseUrl);
  const slave = await workshop.startNode('slave');
  const local = await slave.node.makeList('all');
  {
    await using follower = await RunFollower.open(slave);
    await follower.follow(local, () => slave.node.link(master.node.url, list, local), firstSyncWithinMs);
  }
  const seconds = await untilIndexed(slave);
  context.measures.record('search: index of a new list', { unit: 's', round: 1, value: seconds });
  await slave.node.call('PATCH', `/sync/dossier-lists/${local}/`, { guards: { changes: null } });
  for (let round = 1; round <= runs; round += 1) {
    if (!budget.allows(`round ${round} of ${runs} of "search"`)) break;
    tell(`search, round ${round} of ${runs}`);
    await attempt(context, `search, round ${round}`, () => measureRound(context, { master, slave, list, local, round }));
  }
  const [sizes] = await query<{ rows: number; words: number }>(
    slave.database,
    `select pg_total_relation_size('search_rows') as rows, pg_total_relation_size('search_terms') as words`,
  );
  context.measures.record('search: index on disk', { unit: 'MiB', round: 1, value: ((sizes?.rows ?? 0) + (sizes?.words ?? 0)) / 2 ** 20 });
  await slave.remove();
  await master.remove();
}

interface Round {
  master: BenchNode;
  slave: BenchNode;
  list: number;
  local: number;
  round: number;
}

async function measureRound(context: BenchContext, { master, slave, list, local, round }: Round): Promise<void> {
  const { measures, size } = context;
  await ask(slave, 20);
  await record('at rest', () => ask(slave, questions));
  await changeDossiers(master, { list, count: size / 100, mark: `search ${round}` });
  await using follower = await RunFollower.open(slave);
  const syncing = follower.follow(local, () => slave.node.call('POST', `/sync/dossier-lists/${local}/sync/`, {}), firstSyncWithinMs);
  await record('while a sync and the index follow', () => ask(slave, questions));
  await syncing;
  await untilIndexed(slave);

  async function record(what: string, work: () => Promise<number[]>): Promise<void> {
    const times = await work();
    measures.record(`search, ${what}: p50`, { unit: 'ms', round, value: quantile(times, 0.5) });
    measures.record(`search, ${what}: p95`, { unit: 'ms', round, value: quantile(times, 0.95) });
    measures.record(`search, ${what}: maximum`, { unit: 'ms', round, value: Math.max(...times) });
  }
}

/** Milliseconds of each answer. */
async function ask({ node }: BenchNode, count: number): Promise<number[]> {
  const times: number[] = [];
  for (const word of typedWords(count)) {
    const begun = performance.now();
    const answer = await fetch(`${node.url}/dossiers/?q=${encodeURIComponent(word)}`, { headers: { authorization: `Token ${token}` } });
    await answer.text();
    if (!answer.ok) throw new Error(`the search for ${word} was answered with ${answer.status}`);
    times.push(performance.now() - begun);
  }
  return times;
}

/** Seconds until the index is through with all lists. */
async function untilIndexed({ database }: BenchNode): Promise<number> {
  const begun = performance.now();
  while ((await listsBehind(database)).length > 0) {
    if (performance.now() - begun > indexedWithinMs) throw new Error('the index was not through in half an hour');
    await delay(100);
  }
  return (performance.now() - begun) / 1000;
}
