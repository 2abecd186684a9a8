import { readdir, readFile, readlink } from 'node:fs/promises';
import { query } from '@dossier/store/database.ts';
import { expect, it } from 'vitest';
import { lies } from '../kit/lies.ts';
import { startLyingMaster } from '../kit/lying-master.ts';
import type { Lie } from '../kit/lying-master.ts';
import { NodeProcess } from '../kit/node-process.ts';

/** `npm run soak` makes 10,000 syncs and 200 that fail. */
const syncs = Number(process.env['DOSSIER_SOAK'] ?? 120);
const failing = Math.max(12, Math.round(syncs / 50));
const lists = syncs > 1000 ? 40 : 10;

interface Sample {
  after: string;
  megabytes: number;
  sockets: number;
  files: number;
}

/** What a process holds, as the kernel counts it. */
async function sampleOf(pid: number, after: string): Promise<Sample> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const descriptors = await readdir(`/proc/${pid}/fd`);
  const targets = await Promise.all(descriptors.map((descriptor) => readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => '')));
  return {
    after,
    megabytes: Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024),
    sockets: targets.filter((target) => target.startsWith('socket:')).length,
    files: targets.length,
  };
}

/** Lies that end a run at once, the one with 10 GB among them. */
const endings: Lie[] = lies
  .filter(({ mends, sync, ends }) => mends === 'by a person' && sync === 'delta' && ends !== 'NO_SUCH_LIST')
  .map(({ tell }) => tell);

it.runIf(process.platform === 'linux')(
  `memory and open sockets stay flat over ${syncs} syncs and ${failing} that fail`,
  async () => {
    const master = await NodeProcess.create('master', { topology: { workers: 'in the same process' } });
    const slave = await NodeProcess.create('slave', {
      topology: { workers: 'in the same process' },
      environment: { LOG_LEVEL: 'error', SYNC_CONCURRENCY: '8' },
    });
    const liar = await startLyingMaster({ feedUrl: master.url }, 'ABC_123456789');
    const samples: Sample[] = [];
    const measure = async (after: string): Promise<void> => {
      const sample = await sampleOf(slave.processes[0]?.pid ?? 0, after);
      samples.push(sample);
      console.log(`${after.padEnd(28)} ${sample.megabytes} MB  ${sample.sockets} sockets  ${sample.files} descriptors`);
    };
    try {
      const links: { remote: number; local: number }[] = [];
      for (let index = 0; index < lists; index += 1) {
        const remote = await master.makeList(`soak ${index}`);
        for (const name of ['Ada', 'Ben', 'Cleo']) await master.makeDossier([remote], { name: `${name} ${index}` });
        const local = await slave.makeList(`soak ${index}`);
        await slave.link(liar.feedUrl, remote, local);
        await slave.linkIn(local, 'synced');
        links.push({ remote, local });
      }
      const ended = async (state: string): Promise<number> => {
        const [row] = await query<{ count: number }>(
          slave.test.database,
          `select count(*) as count from runs where state = :state and reason = 'person'`,
          { state },
        );
        return row?.count ?? 0;
      };
      let asked = 0;
      /** Changes every list on the master, asks for all their syncs, and waits for their end. */
      const round = async (state: string): Promise<void> => {
        if (state === 'synced') await query(master.test.database, `update dossiers set comment = :comment`, { comment: `round ${asked}` });
        await Promise.all(links.map(({ local }) => slave.call('POST', `/sync/dossier-lists/${local}/sync/`, {})));
        asked += lists;
        await slave.until(`through with ${asked} syncs`, async () => (await ended(state)) >= asked, 120_000);
      };
      const rounds = Math.ceil(syncs / lists);
      for (let number = 1; number <= rounds; number += 1) {
        await round('synced');
        if (number % Math.max(1, Math.round(rounds / 10)) === 0) await measure(`${number * lists} syncs`);
      }
      asked = 0;
      for (let number = 0; number < Math.ceil(failing / lists); number += 1) {
        liar.lie = endings[number % endings.length] ?? null;
        await round('failed');
        if (number % 4 === 3 || number === 0) await measure(`${(number + 1) * lists} failed syncs`);
      }
      liar.lie = null;
      asked = await ended('synced');
      await round('synced');
      await measure('the next good syncs');
      expectFlat(samples);
    } finally {
      liar.close();
      await Promise.all([master.remove(), slave.remove()]);
    }
  },
  120_000 + syncs * 1000,
);

/** The second half holds no more than the first: a leak of one descriptor or some kilobytes a sync would show. */
function expectFlat(samples: readonly Sample[]): void {
  const half = Math.ceil(samples.length / 2);
  const most = (part: readonly Sample[], what: 'megabytes' | 'sockets' | 'files'): number =>
    Math.max(...part.map((sample) => sample[what]));
  const [first, second] = [samples.slice(0, half), samples.slice(half)];
  console.log(
    `at most ${most(first, 'megabytes')} MB, ${most(first, 'sockets')} sockets in the first half; ${most(second, 'megabytes')} MB, ${most(second, 'sockets')} sockets in the second`,
  );
  expect(most(second, 'sockets')).toBeLessThanOrEqual(most(first, 'sockets') + 4);
  expect(most(second, 'files')).toBeLessThanOrEqual(most(first, 'files') + 4);
  // Answers of 64 MB are read before they are refused, four at once.
  expect(samples.at(-1)?.megabytes ?? 0).toBeLessThan(most(first, 'megabytes') * 1.25 + 200);
}
