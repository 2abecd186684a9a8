import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { query } from '@dossier/postgres/database.ts';
import { expect, it } from 'vitest';
import { lies } from '../kit/lies/every-lie.ts';
import { startLyingMaster } from '../kit/lying-master.ts';
import type { Lie } from '../kit/lying-master.ts';
import { describeHolding, holdingOf, measurable, riseOf } from '../kit/memory.ts';
import type { Holding } from '../kit/memory.ts';
import { NodeProcess } from '../kit/node-process.ts';

/** `npm run soak` makes 10,000 syncs and 200 that fail. */
const syncs = Number(process.env['DOSSIER_SOAK'] ?? 120);
const failing = Math.max(12, Math.round(syncs / 50));
const lists = syncs > 1000 ? 40 : 10;
const measurings = syncs > 1000 ? 25 : 6;

/** Lies that end a run at once, the one with 10 GB among them. */
const endings: Lie[] = lies
  .filter(({ mends, sync, ends }) => mends === 'by a person' && sync === 'delta' && ends !== 'NO_SUCH_LIST')
  .map(({ tell }) => tell);

/** What may be held more at the end of the last two thirds than at their beginning, by the line through them; connections of pools come and go. */
const bounds = { heap: 4, buffers: 4, sockets: 10, descriptors: 10 };

/** Answers of 64 MB that are read before they are refused, by eight runs at once, and once more while their pieces are joined. */
const refusedAnswers = 8 * 2 * 64;

it.runIf(process.platform === 'linux')(
  `memory and open sockets stay flat over ${syncs} syncs and ${failing} that fail`,
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'dossier-soak-'));
    const master = await NodeProcess.create('master', {
      topology: { workers: 'in the same process' },
      environment: { LOG_LEVEL: 'error', ...measurable(join(folder, 'master')) },
    });
    const slave = await NodeProcess.create('slave', {
      topology: { workers: 'in the same process' },
      environment: { LOG_LEVEL: 'error', SYNC_CONCURRENCY: '8', ...measurable(join(folder, 'slave')) },
    });
    const liar = await startLyingMaster({ feedUrl: master.url }, 'ABC_123456789');
    try {
      const locals: number[] = [];
      for (let index = 0; index < lists; index += 1) {
        const remote = await master.makeList(`soak ${index}`);
        for (const name of ['Ada', 'Ben', 'Cleo']) await master.makeDossier([remote], { name: `${name} ${index}` });
        const local = await slave.makeList(`soak ${index}`);
        await slave.link(liar.feedUrl, remote, local);
        await slave.linkIn(local, 'synced');
        locals.push(local);
      }
      let asked = 0;
      /** Changes every list on the master, asks for all their syncs, and waits for their end. */
      const round = async (state: 'synced' | 'failed'): Promise<void> => {
        await query(master.test.database, `update dossiers set comment = :comment`, { comment: `round ${asked}` });
        // Connections that this test would keep open to ask again are none of the node's doing.
        const ask = (local: number) => slave.call('POST', `/sync/dossier-lists/${local}/sync/`, {}, { connection: 'close' });
        const runs = await Promise.all(locals.map(async (local) => (await ask(local)).json as { id: number }));
        asked += runs.length;
        const ids = runs.map(({ id }) => id);
        const stillRunning = `select state from runs where id = any(:ids) and finished_date is null`;
        await slave.until(
          `through with ${asked} syncs`,
          async () => (await query(slave.test.database, stillRunning, { ids })).length === 0,
          120_000,
        );
        const ended = await query<{ state: string }>(slave.test.database, `select state from runs where id = any(:ids)`, { ids });
        expect(ended.map((run) => run.state)).toEqual(ids.map(() => state));
      };
      const good = await soak({ master, slave }, { total: syncs, measurings, says: 'syncs', round: () => round('synced') });
      // Each list has its own, so that what the largest answers need once is there from the first reading on.
      liar.lie = (exchange) => {
        const list = Number(/dossier-lists\/(\d+)/.exec(exchange.asked.url.pathname)?.[1] ?? 0);
        return endings[list % endings.length]?.(exchange) ?? exchange.honest();
      };
      const bad = await soak(
        { master, slave },
        {
          total: failing,
          measurings: Math.min(10, failing / lists),
          says: 'failed syncs',
          round: () => round('failed'),
        },
      );
      liar.lie = null;
      await round('synced');
      for (const who of ['master', 'slave'] as const) {
        expectFlat(`${who}, ${syncs} syncs`, good[who]);
        expectNoMore(`${who}, ${failing} failed syncs`, good[who], bad[who]);
      }
    } finally {
      liar.close();
      await Promise.all([master.remove(), slave.remove(), rm(folder, { recursive: true, force: true })]);
    }
  },
  120_000 + syncs * 1000,
);

interface Nodes {
  readonly master: NodeProcess;
  readonly slave: NodeProcess;
}

/** Makes rounds until `total` syncs, and says at regular intervals what both nodes hold. */
async function soak(
  nodes: Nodes,
  { total, measurings: times, says, round }: { total: number; measurings: number; says: string; round(number: number): Promise<void> },
): Promise<Record<keyof Nodes, Holding[]>> {
  const holdings: Record<keyof Nodes, Holding[]> = { master: [], slave: [] };
  const rounds = Math.ceil(total / lists);
  const begun = performance.now();
  for (let number = 1; number <= rounds; number += 1) {
    await round(number);
    if (number % Math.max(1, Math.floor(rounds / times)) !== 0) continue;
    for (const who of ['master', 'slave'] as const) {
      const holding = await holdingOf(nodes[who], number * lists);
      holdings[who].push(holding);
      console.log(describeHolding(who, `${number * lists} ${says}`, holding));
    }
  }
  console.log(`${rounds * lists} ${says} in ${((performance.now() - begun) / 1000).toFixed(0)} s`);
  return holdings;
}

/** Says how much more is held at the end of the last two thirds than at their beginning, and expects that it is nothing to speak of. */
function expectFlat(what: string, holdings: readonly Holding[]): void {
  const rise = (name: keyof Holding): number => Math.round(riseOf(holdings, name) * 100) / 100;
  console.log(
    `${what}: over the last two thirds heap ${rise('heap')} MB, buffers ${rise('buffers')} MB, resident ${rise('rss')} MB, ` +
      `sockets ${rise('sockets')}, descriptors ${rise('descriptors')} more`,
  );
  const begun = holdings.slice(0, Math.ceil(holdings.length / 2));
  const later = holdings.slice(begun.length);
  for (const name of boundNames) {
    // A pool that was as large before has not grown, whatever the line through few readings says.
    if (most(later, name) > most(begun, name)) expect(rise(name), `${what}: ${name}`).toBeLessThanOrEqual(bounds[name]);
  }
  // What V8 freed stays resident until it is needed elsewhere, so only what goes on growing tells of a leak.
  const mean = holdings.reduce((sum, { rss }) => sum + rss, 0) / holdings.length;
  expect(rise('rss'), `${what}: resident`).toBeLessThan(Math.max(60, mean / 4));
}

/** Syncs that fail leave no more behind than there was with those that didn't: a leak of one descriptor each would show. */
function expectNoMore(what: string, good: readonly Holding[], bad: readonly Holding[]): void {
  const more = (name: keyof Holding): number => Math.round((most(bad, name) - most(good, name)) * 100) / 100;
  console.log(
    `${what}: against good ones heap ${more('heap')} MB, buffers ${more('buffers')} MB, resident ${more('rss')} MB, ` +
      `sockets ${more('sockets')}, descriptors ${more('descriptors')} more at most`,
  );
  for (const name of boundNames) expect(more(name), `${what}: ${name}`).toBeLessThanOrEqual(bounds[name]);
  expect(more('rss'), `${what}: resident`).toBeLessThan(refusedAnswers);
}

const boundNames = Object.keys(bounds) as (keyof typeof bounds)[];

const most = (holdings: readonly Holding[], name: keyof Holding): number => Math.max(...holdings.map((holding) => holding[name]));
