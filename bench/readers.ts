import { setTimeout as delay } from 'node:timers/promises';
import { BenchProcess } from './bench-process.ts';
import { changeDossiers } from './change.ts';
import { execute } from './cluster.ts';
import { attempt } from './context.ts';
import type { BenchContext } from './context.ts';
import { fillList, fillPeerTables, peerTables, settle } from './fill.ts';
import { RunFollower } from './follow.ts';
import { copyInParallel } from './peers/copy.ts';
import { sharePhotos } from './photo-set.ts';
import { partMark } from './reading.ts';
import type { Readings } from './reading.ts';
import { mediaRootOf } from './workshop.ts';
import type { BenchNode } from './workshop.ts';

const idleMs = 4000;
const firstSyncWithinMs = 1_200_000;
const token = 'the-token-of-the-tests';
const peerDatabase = 'reader_peers';

/**
 * What readers of a slave feel of each kind of apply: a first sync into an empty list, changes of 1 % and of 100 %, a full sync. Two
 * controls: the same readers while nothing happens, and while COPY fills other tables of the same server, which costs as much work.
 */
export async function benchReaders(context: BenchContext): Promise<void> {
  const { workshop, size, runs, tell, budget } = context;
  const photos = await sharePhotos(100, [mediaRootOf(workshop.folder, 'master'), mediaRootOf(workshop.folder, 'slave')]);
  const master = await workshop.startNode('master');
  const lists = { all: await master.node.makeList('all'), other: await master.node.makeList('other') };
  tell(`filling the master with ${size} dossiers for the readers`);
  await fillList(master, { id: lists.all, name: 'all', count: size }, photos);
  await fillList(master, { id: lists.other, name: 'other', count: size / 10 }, photos);
  await settle(master.databaseUrl);
  for (const cluster of [workshop.masterCluster, workshop.slaveCluster]) {
    await execute(cluster.url('postgres'), `create database ${peerDatabase}`);
  }
  await execute(workshop.masterCluster.url(peerDatabase), ...peerTables(true));
  await fillPeerTables(workshop.masterCluster.url(peerDatabase), { name: 'all', count: size }, photos);

  for (let round = 1; round <= runs; round += 1) {
    for (const how of ['rest', 'sql'] as const) {
      if (!budget.allows(`round ${round} of ${runs} of "readers" by ${how}`)) continue;
      tell(`readers by ${how}, round ${round} of ${runs}`);
      await attempt(context, `readers by ${how}, round ${round}`, () => measureRound(context, { master, lists, round, how }));
    }
  }
  await master.remove();
}

interface Round {
  master: BenchNode;
  lists: { all: number; other: number };
  round: number;
  how: 'rest' | 'sql';
}

async function measureRound(context: BenchContext, { master, lists, round, how }: Round): Promise<void> {
  const { workshop, measures, size } = context;
  const slave = await workshop.startNode('slave');
  await using follower = await RunFollower.open(slave);
  const local = { all: await slave.node.makeList('all'), other: await slave.node.makeList('other') };
  await follower.follow(local.other, () => slave.node.link(master.node.url, lists.other, local.other), firstSyncWithinMs);
  const address = how === 'rest' ? slave.node.url : slave.databaseUrl;
  const readers = new BenchProcess('reader-process.ts', [how, address, token, `${local.all},${local.other}`], workshop.cleanup);
  const during = async (what: string, work: () => Promise<unknown>): Promise<void> => {
    await readers.ask('forget');
    await work();
    const readings = await readers.ask<Readings>('tell');
    const name = `readers by ${how === 'rest' ? 'the API' : 'SQL'}, ${what}`;
    measures.record(`${name}: p99`, { unit: 'ms', round, value: readings.p99 });
    measures.record(`${name}: maximum`, { unit: 'ms', round, value: readings.maximum });
    if (what.startsWith('control')) return;
    measures.record('readers: errors', { unit: 'count', round, value: readings.errors + lastOf(context, 'readers: errors') });
    measures.record('readers: mixed pages', { unit: 'count', round, value: readings.mixed + lastOf(context, 'readers: mixed pages') });
  };
  const sync = (mode: 'auto' | 'full') => () =>
    follower.follow(local.all, () => slave.node.call('POST', `/sync/dossier-lists/${local.all}/sync/`, { mode }), firstSyncWithinMs);

  // The first answers of a process are slower than all others.
  await delay(1000);
  await during('first sync', () =>
    follower.follow(local.all, () => slave.node.link(master.node.url, lists.all, local.all), firstSyncWithinMs),
  );
  // Otherwise a person would have to approve a change of everything.
  await slave.node.call('PATCH', `/sync/dossier-lists/${local.all}/`, { guards: { changes: null } });
  await during('control, idle', () => delay(idleMs));
  await changeDossiers(master, { list: lists.all, count: size, mark: `${round} ${how} all` });
  await during('100 % changed', sync('auto'));
  await during('1 % changed', async () => {
    for (let time = 0; time < 3; time += 1) {
      await changeDossiers(master, { list: lists.all, count: size / 100, mark: `${partMark} ${round} ${how} ${time}` });
      await sync('auto')();
    }
  });
  await during('full sync, equal', sync('full'));
  await during('control, COPY beside them', () =>
    copyInParallel({ master: workshop.masterCluster, slave: workshop.slaveCluster, database: peerDatabase, secondary: true }),
  );
  await readers.end();
  await slave.remove();
}

/** Counts go on over the whole command. */
function lastOf({ measures }: BenchContext, name: string): number {
  return measures.values(name).at(-1) ?? 0;
}
