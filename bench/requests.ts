import { BenchProcess } from './bench-process.ts';
import { attempt } from './context.ts';
import type { BenchContext } from './context.ts';
import { fillList, settle } from './fill.ts';
import { RunFollower } from './follow.ts';
import { sharePhotos } from './photo-set.ts';
import type { RequestTimes } from './request-process.ts';
import { mediaRootOf } from './workshop.ts';
import type { BenchNode } from './workshop.ts';

const token = 'the-token-of-the-tests';
const rate = 200;
const seconds = 5;
/** So many of the requests of a round make a new link; the others repeat the request for a link that is there. */
const newLinks = 50;
const tinyCount = 10;
const firstSyncWithinMs = 1_200_000;

/** `POST /sync/dossier-lists/` at 200 requests a second while the first sync of a big list runs. */
export async function benchRequests(context: BenchContext): Promise<void> {
  const { workshop, size, runs, tell, budget } = context;
  const photos = await sharePhotos(100, [mediaRootOf(workshop.folder, 'master'), mediaRootOf(workshop.folder, 'slave')]);
  const master = await workshop.startNode('master');
  const lists = { all: await master.node.makeList('all'), tiny: await master.node.makeList('tiny') };
  tell(`filling the master with ${size} dossiers for the requests`);
  await fillList(master, { id: lists.all, name: 'all', count: size }, photos);
  await fillList(master, { id: lists.tiny, name: 'tiny', count: tinyCount }, photos);
  await settle(master.databaseUrl);
  for (let round = 1; round <= runs; round += 1) {
    if (!budget.allows(`round ${round} of ${runs} of "requests"`)) break;
    tell(`requests, round ${round} of ${runs}`);
    await attempt(context, `requests, round ${round}`, () => measureRound(context, { master, lists, round }));
  }
  await master.remove();
}

async function measureRound(
  { workshop, measures }: BenchContext,
  { master, lists, round }: { master: BenchNode; lists: { all: number; tiny: number }; round: number },
): Promise<void> {
  const slave = await workshop.startNode('slave');
  await using follower = await RunFollower.open(slave);
  const all = await slave.node.makeList('all');
  const known = await slave.node.makeList('known');
  await follower.follow(known, () => slave.node.link(master.node.url, lists.tiny, known));
  const body = (list: number) => ({ remote_dossier_list: lists.tiny, remote_url: master.node.url, slave_dossier_list: list });
  const bodies = [];
  for (let number = 0; number < newLinks; number += 1) {
    bodies.push(body(await slave.node.makeList(`tiny ${number}`)));
    for (let repeat = 1; repeat < (rate * seconds) / newLinks; repeat += 1) bodies.push(body(known));
  }
  const parameters = [`${slave.node.url}/sync/dossier-lists/`, token, JSON.stringify(bodies), String(rate), String(seconds)];
  const requests = new BenchProcess('request-process.ts', parameters, workshop.cleanup);
  await requests.ask<RequestTimes>('warm');
  let ended = false;
  const syncing = follower
    .follow(all, () => slave.node.link(master.node.url, lists.all, all), firstSyncWithinMs)
    .then(() => (ended = true));
  const times = await requests.ask<RequestTimes>('send');
  if (ended) measures.notes.push(`requests, round ${round}: the sync had ended before the last request; measure with a larger --size`);
  await syncing;
  measures.record(`POST at ${rate} per s during a sync: p50`, { unit: 'ms', round, value: times.p50 });
  measures.record(`POST at ${rate} per s during a sync: p99`, { unit: 'ms', round, value: times.p99 });
  const accepted = times.statuses[202] ?? 0;
  measures.record('POST: not accepted', { unit: 'count', round, value: times.requests - accepted });
  if (accepted < times.requests) measures.notes.push(`requests, round ${round}: answers by status ${JSON.stringify(times.statuses)}`);
  await requests.end();
  await slave.remove();
}
