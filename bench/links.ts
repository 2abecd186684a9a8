import { setTimeout as delay } from 'node:timers/promises';
import { withClient } from './cluster.ts';
import { attempt } from './context.ts';
import type { BenchContext } from './context.ts';
import { startCountingProxy } from './counting-proxy.ts';
import { fillList, settle } from './fill.ts';
import { sharePhotos } from './photo-set.ts';
import { mediaRootOf } from './workshop.ts';
import type { BenchNode } from './workshop.ts';

const links = 1000;
const dossiersEach = 10;
const linkedWithinMs = 600_000;
const tickWithinMs = 180_000;
const pollMs = 20;
const quietMs = 2000;

/** A slave with 1,000 links to one master, of which none has changed: what one tick of the clock costs. */
export async function benchLinks(context: BenchContext): Promise<void> {
  const { workshop, runs, tell, budget } = context;
  const photos = await sharePhotos(100, [mediaRootOf(workshop.folder, 'master'), mediaRootOf(workshop.folder, 'slave')]);
  const master = await workshop.startNode('master');
  const slave = await workshop.startNode('slave');
  const proxy = await startCountingProxy(master.node.port, workshop.cleanup);
  tell(`linking ${links} lists of ${dossiersEach} dossiers`);
  const numbers = Array.from({ length: links }, (_, number) => number);
  const lists: number[] = [];
  for (const number of numbers) lists.push(await master.node.makeList(`list ${number}`));
  for (const [number, list] of lists.entries()) {
    await fillList(master, { id: list, name: `list ${number}`, count: dossiersEach }, photos);
  }
  const copies: number[] = [];
  for (const number of numbers) copies.push(await slave.node.makeList(`copy ${number}`));
  for (const [number, list] of lists.entries()) await slave.node.link(proxy.url, list, copies[number] ?? 0);
  await waitFor(
    slave,
    `select count(*) = ${links} as holds from links where state = 'synced' and last_scheduled_date is not null`,
    linkedWithinMs,
  );
  await settle(slave.databaseUrl);
  // After a first sync the slave tells its master how far it is.
  for (let seen = -1; seen < proxy.requests(); await delay(quietMs)) seen = proxy.requests();
  for (let round = 1; round <= runs; round += 1) {
    if (!budget.allows(`round ${round} of ${runs} of "links"`)) break;
    tell(`a tick of ${links} links, round ${round} of ${runs}`);
    await attempt(context, `links, round ${round}`, async () => {
      const before = proxy.requests();
      context.measures.record(`tick of ${links} unchanged links`, { unit: 'ms', round, value: await timeTick(slave) });
      context.measures.record(`tick of ${links} unchanged links: requests`, { unit: 'requests', round, value: proxy.requests() - before });
    });
  }
  await slave.remove();
  await master.remove();
}

/** Makes all links due, waits for the clock's next look at them (the sweep, every 15 seconds), and measures from the first link taken to the last done. */
async function timeTick(slave: BenchNode): Promise<number> {
  const date = await withClient(slave.databaseUrl, async (client) => {
    const { rows } = await client.query<{ date: string }>('select max(last_scheduled_date)::text as date from links');
    await client.query('update links set last_scheduled_date = last_scheduled_date - 1');
    return rows[0]?.date ?? '';
  });
  const begun = await waitFor(slave, `select exists (select from links where last_scheduled_date >= '${date}') as holds`, tickWithinMs);
  await waitFor(
    slave,
    `select not exists (select from links where last_scheduled_date < '${date}') and not exists (select from runs where finished_date is null) as holds`,
    tickWithinMs,
  );
  return performance.now() - begun;
}

/** Asks again and again whether a condition holds. Returns when it was asked for the last time and didn't. */
async function waitFor(node: BenchNode, condition: string, withinMs: number): Promise<number> {
  const deadline = performance.now() + withinMs;
  return withClient(node.databaseUrl, async (client) => {
    for (let asked = performance.now(), failed = asked; ; failed = asked, asked = performance.now()) {
      const { rows } = await client.query<{ holds: boolean }>(condition);
      if (rows[0]?.holds) return failed;
      if (performance.now() > deadline) throw new Error(`not so within ${withinMs} ms: ${condition}`);
      await delay(pollMs);
    }
  });
}
