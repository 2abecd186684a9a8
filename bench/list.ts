import { listsBehind } from '@dossier/registry/search/search-index.ts';
import { attempt, noteImpossible } from './context.ts';
import type { BenchContext } from './context.ts';
import { changeDossiers } from './change.ts';
import { execute, withClient } from './cluster.ts';
import { startCountingProxy } from './counting-proxy.ts';
import { fillList, fillPeerTables, peerTables, settle } from './fill.ts';
import { RunFollower } from './follow.ts';
import { forgetPeak, peakMemory } from './memory.ts';
import { copyInParallel } from './peers/copy.ts';
import { publish, replicateLogically } from './peers/logical.ts';
import { runNaiveProgram } from './peers/naive.ts';
import { installPouchDb, replicatePouch, startPouchMaster } from './peers/pouchdb.ts';
import type { PouchMaster } from './peers/pouchdb.ts';
import { sharePhotos } from './photo-set.ts';
import { processorSeconds } from './processor-time.ts';
import { mediaRootOf, restartWithoutCaches } from './workshop.ts';
import type { BenchNode } from './workshop.ts';

const peerDatabase = 'peers';
const smallCount = 10_000;
const sharedPhotos = 500;
const unchangedRuns = 15;
const firstSyncWithinMs = 1_200_000;
const indexedWithinMs = 600_000;
/** The slow peers are compared at this size; above it they would take longer than everything else. */
const slowPeersUpTo = 100_000;

interface Lists {
  all: number;
  tenth: number;
  small: number;
}

/** First syncs beside the peers', and what follows on the same slaves: nothing changed, few changes, 1 %, digest, verification, memory. */
export async function benchList(context: BenchContext): Promise<void> {
  const { workshop, size, runs, tell, budget } = context;
  const photos = await sharePhotos(sharedPhotos, [mediaRootOf(workshop.folder, 'master'), mediaRootOf(workshop.folder, 'slave')]);
  const { masterCluster, slaveCluster } = workshop;
  tell(`filling the peers' tables with ${size} rows`);
  for (const cluster of [masterCluster, slaveCluster]) await execute(cluster.url('postgres'), `create database ${peerDatabase}`);
  await execute(masterCluster.url(peerDatabase), ...peerTables(true));
  await fillPeerTables(masterCluster.url(peerDatabase), { name: 'all', count: size }, photos);
  await publish(masterCluster.url(peerDatabase));

  const master = await workshop.startNode('master');
  const lists: Lists = { all: await master.node.makeList('all'), tenth: 0, small: 0 };
  lists.tenth = await master.node.makeList('tenth');
  lists.small = size / 10 === smallCount ? lists.tenth : await master.node.makeList('small');
  tell(`filling the master with lists of ${size}, ${size / 10} and ${smallCount} dossiers`);
  await fillList(master, { id: lists.all, name: 'all', count: size }, photos);
  await fillList(master, { id: lists.tenth, name: 'tenth', count: size / 10 }, photos);
  if (lists.small !== lists.tenth) await fillList(master, { id: lists.small, name: 'small', count: smallCount }, photos);
  await settle(master.databaseUrl);
  await settle(masterCluster.url(peerDatabase));

  let pouch: PouchMaster | null = null;
  if (size <= slowPeersUpTo) {
    tell('installing and filling PouchDB');
    try {
      await installPouchDb();
      pouch = await startPouchMaster({ folder: workshop.folder, size, photos }, workshop.cleanup);
    } catch (error) {
      noteImpossible(context, 'list, PouchDB', error);
    }
  }

  for (let round = 1; round <= runs; round += 1) {
    if (!budget.allows(`round ${round} of ${runs} of "list" at ${size}`)) break;
    tell(`round ${round} of ${runs}`);
    const steps: readonly (readonly [what: string, measure: () => Promise<void>])[] = [
      ['logical replication', () => measureLogical(context, { round, secondary: false })],
      ['COPY', () => measureCopy(context, { round, secondary: false })],
      ['the product', () => measureProduct(context, { master, lists, round })],
      ['logical replication, same indexes', () => measureLogical(context, { round, secondary: true })],
      ['COPY, same indexes', () => measureCopy(context, { round, secondary: true })],
      ...(size <= slowPeersUpTo ? [['the naive program', () => measureNaiveProgram(context, round)] as const] : []),
      ...(pouch ? [['PouchDB', () => measurePouch(context, pouch, round)] as const] : []),
    ];
    // Each round begins with another step, so that no one always follows the same.
    for (const [what, measure] of [...steps.slice(round % steps.length), ...steps.slice(0, round % steps.length)]) {
      await attempt(context, `list, round ${round}, ${what}`, measure);
    }
  }
  await master.remove();
}

async function measureLogical({ workshop, measures, size }: BenchContext, { round, secondary }: { round: number; secondary: boolean }) {
  const times = await replicateLogically({
    master: workshop.masterCluster,
    slave: workshop.slaveCluster,
    database: peerDatabase,
    secondary,
    changed: size / 100,
    round: secondary ? -round : round,
  });
  const name = secondary ? 'logical replication, same indexes' : 'logical replication';
  measures.record(name, { unit: 'ms', round, value: times.initialMs });
  measures.record(`${name}, 1 % after commit`, { unit: 'ms', round, value: times.changeMs });
}

async function measureCopy({ workshop, measures }: BenchContext, { round, secondary }: { round: number; secondary: boolean }) {
  const value = await copyInParallel({
    master: workshop.masterCluster,
    slave: workshop.slaveCluster,
    database: peerDatabase,
    secondary,
  });
  measures.record(secondary ? 'two COPY pipes, same indexes' : 'two COPY pipes', { unit: 'ms', round, value });
}

async function measureNaiveProgram({ workshop, measures }: BenchContext, round: number): Promise<void> {
  const { masterCluster: master, slaveCluster: slave, cleanup } = workshop;
  const times = await runNaiveProgram({ master, slave, database: peerDatabase }, cleanup);
  measures.record('naive program', { unit: 'ms', round, value: times.firstMs });
  measures.record('naive program, nothing changed', { unit: 'ms', round, value: times.unchangedMs });
}

async function measurePouch({ measures }: BenchContext, pouch: PouchMaster | null, round: number): Promise<void> {
  if (pouch) measures.record('PouchDB', { unit: 'ms', round, value: await replicatePouch(pouch) });
}

/**
 * A slave that the master has to encode for, a second one, on which everything that comes later is measured, and one for a tenth of the list.
 * Each is a new node with an empty database: what a run costs depends on what else a node holds.
 */
async function measureProduct(context: BenchContext, { master, lists, round }: { master: BenchNode; lists: Lists; round: number }) {
  const { measures } = context;
  await restartWithoutCaches(master);
  await withSlave(context, async (slave) => {
    const { totalMs, peak, wal } = await profiled(context, { master, slave, round, name: 'first sync, not yet encoded' }, () =>
      firstSync({ master, slave, list: lists.all }),
    );
    measures.record('first sync, not yet encoded', { unit: 'ms', round, value: totalMs });
    measures.record('first sync: WAL', { unit: 'MB', round, value: wal / 1e6 });
    measures.record('memory: worker', { unit: 'MiB', round, value: peak });
    measures.record('memory: master api', { unit: 'MiB', round, value: await peakMemory(master.node.processes[0]) });
  });
  await withSlave(context, async (slave) => {
    const { totalMs, bytes } = await profiled(context, { master, slave, round, name: 'first sync, encoded before' }, () =>
      firstSync({ master, slave, list: lists.all }),
    );
    measures.record('first sync: bytes of the feed', { unit: 'MB', round, value: bytes / 1e6 });
    measures.record('first sync, encoded before', { unit: 'ms', round, value: totalMs });
    await measureLater(context, { master, slave, lists, round });
  });
  await withSlave(context, async (slave) => {
    const { totalMs, peak } = await firstSync({ master, slave, list: lists.tenth });
    measures.record('first sync of a tenth, not yet encoded', { unit: 'ms', round, value: totalMs });
    measures.record('memory: worker, a tenth', { unit: 'MiB', round, value: peak });
  });
}

async function withSlave({ workshop }: BenchContext, work: (slave: BenchNode) => Promise<void>): Promise<void> {
  const slave = await workshop.startNode('slave');
  try {
    await work(slave);
  } finally {
    await slave.remove();
  }
}

/** Links the slave's first list and waits until it is synced; with the worker's peak of memory in MiB and the bytes of write-ahead log. */
async function firstSync({ master, slave, list }: { master: BenchNode; slave: BenchNode; list: number }) {
  await using follower = await RunFollower.open(slave);
  const worker = slave.node.processes[1];
  const local = await slave.node.makeList('copy');
  await execute(slave.databaseUrl, 'checkpoint');
  await forgetPeak(worker);
  const walBefore = await walPosition(slave);
  const run = await follower.follow(local, () => slave.node.link(master.node.url, list, local), firstSyncWithinMs);
  return { ...run, peak: await peakMemory(worker), wal: (await walPosition(slave)) - walBefore };
}

/** Records how long a run was in each phase, and the processor time of everyone who takes part. */
async function profiled<Run extends { phases: Readonly<Record<string, number>> }>(
  { workshop, measures }: BenchContext,
  { master, slave, round, name }: { master: BenchNode; slave: BenchNode; round: number; name: string },
  work: () => Promise<Run>,
): Promise<Run> {
  const parts: readonly (readonly [who: string, pid: number | undefined])[] = [
    ['the master’s PostgreSQL', workshop.masterCluster.pid],
    ['the master’s api', master.node.processes[0]?.pid],
    ['the slave’s worker', slave.node.processes[1]?.pid],
    ['the slave’s PostgreSQL', workshop.slaveCluster.pid],
  ];
  const before = await Promise.all(parts.map(([, pid]) => processorSeconds(pid ?? 0)));
  const run = await work();
  for (const [index, [who, pid]] of parts.entries()) {
    const used = (await processorSeconds(pid ?? 0)) - (before[index] ?? 0);
    measures.record(`${name}: processor time of ${who}`, { unit: 's', round, value: used });
  }
  for (const [phase, value] of Object.entries(run.phases)) measures.record(`${name}: phase ${phase}`, { unit: 'ms', round, value });
  return run;
}

async function walPosition(node: BenchNode): Promise<number> {
  return withClient(node.databaseUrl, async (client) => {
    const { rows } = await client.query<{ bytes: string }>(`select pg_current_wal_lsn() - '0/0'::pg_lsn as bytes`);
    return Number(rows[0]?.bytes);
  });
}

async function measureLater(
  context: BenchContext,
  { master, slave, lists, round }: { master: BenchNode; slave: BenchNode; lists: Lists; round: number },
): Promise<void> {
  const { measures, size } = context;
  await using follower = await RunFollower.open(slave);
  const link = async (list: number): Promise<number> => {
    const id = await slave.node.makeList(`copy of ${list}`);
    await follower.follow(id, () => slave.node.link(master.node.url, list, id), firstSyncWithinMs);
    await tidiedUp(slave);
    return id;
  };
  await tidiedUp(slave);
  const tenth = await link(lists.tenth);
  const local = { all: 1, tenth, small: lists.small === lists.tenth ? tenth : await link(lists.small) };
  const sync = (list: number, mode: 'auto' | 'verify' = 'auto') =>
    follower.follow(list, () => slave.node.call('POST', `/sync/dossier-lists/${list}/sync/`, { mode }));
  const record = (name: string, value: number) => measures.record(name, { unit: 'ms', round, value });

  const unchanged: Record<'all' | 'small', number[]> = { all: [], small: [] };
  for (let time = 0; time < unchangedRuns; time += 1) {
    for (const which of ['all', 'small'] as const) unchanged[which].push((await sync(local[which])).jobMs);
  }
  measures.recordMedian('unchanged', { unit: 'ms', round, values: unchanged.all });
  measures.recordMedian('unchanged, 10,000', { unit: 'ms', round, values: unchanged.small });

  measures.record('unchanged: requests', {
    unit: 'requests',
    round,
    value: await countUnchangedRequests(context, { master, slave, follower, lists }),
  });

  const few = Math.max(1, size / 10_000);
  await changeDossiers(master, { list: lists.small, count: few, mark: `${round} few` });
  record('few changes, 10,000', (await sync(local.small)).jobMs);
  await changeDossiers(master, { list: lists.all, count: few, mark: `${round} few` });
  record('few changes', (await sync(local.all)).jobMs);

  await changeDossiers(master, { list: lists.all, count: size / 100, mark: `${round} percent` });
  const walBefore = await walPosition(slave);
  record('1 % changed', (await sync(local.all)).jobMs);
  measures.record('1 % changed: WAL', { unit: 'MB', round, value: ((await walPosition(slave)) - walBefore) / 1e6 });

  record('digest', await timeDigest(slave, local.all));
  record('deep verification', (await sync(local.all, 'verify')).jobMs);
}

/** A sync is over before the worker has removed what it staged, and before the search knows its rows: that would be measured with whatever comes next. */
async function tidiedUp(slave: BenchNode): Promise<void> {
  await withClient(slave.databaseUrl, async (client) => {
    await slave.node.until('done with tidying up', async () => (await client.query('select from cursors')).rowCount === 0);
  });
  await slave.node.until(
    'through with the index of the search',
    async () => (await listsBehind(slave.database)).length === 0,
    indexedWithinMs,
  );
}

/** Links a list once more, through a proxy that counts, and syncs it when nothing has changed. */
async function countUnchangedRequests(
  { workshop }: BenchContext,
  { master, slave, follower, lists }: { master: BenchNode; slave: BenchNode; follower: RunFollower; lists: Lists },
): Promise<number> {
  const proxy = await startCountingProxy(master.node.port, workshop.cleanup);
  const local = await slave.node.makeList('through a proxy');
  await follower.follow(local, () => slave.node.link(proxy.url, lists.tenth, local));
  await tidiedUp(slave);
  const sync = () => follower.follow(local, () => slave.node.call('POST', `/sync/dossier-lists/${local}/sync/`, {}));
  // The first one after a first sync may still learn something.
  await sync();
  const before = proxy.requests();
  await sync();
  const requests = proxy.requests() - before;
  await slave.node.call('DELETE', `/sync/dossier-lists/${local}/`);
  await slave.node.until('rid of the link', async () => (await slave.node.call('GET', `/sync/dossier-lists/${local}/`)).status === 404);
  await proxy.end();
  return requests;
}

/** The tree of a whole list, built anew from its rows in a transaction that is rolled back. The middle of five. */
async function timeDigest(slave: BenchNode, list: number): Promise<number> {
  return withClient(slave.databaseUrl, async (client) => {
    const times: number[] = [];
    for (let time = 0; time < 5; time += 1) {
      const begun = performance.now();
      await client.query('begin');
      await client.query('select build_tree(set_of($1))', [list]);
      times.push(performance.now() - begun);
      await client.query('rollback');
    }
    return times.toSorted((a, b) => a - b)[2] ?? Number.NaN;
  });
}
