import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import sharp from 'sharp';
import { linkSchema } from '@dossier/protocol/sync.ts';
import { openDatabase, query } from '@dossier/postgres/database.ts';
import { describe, expect, it } from 'vitest';
import { fillPages } from '../kit/full-pages.ts';
import { NodeProcess } from '../kit/node-process.ts';
import { addPhoto } from '../kit/photo.ts';
import { startPostgresServer } from '../kit/postgres-server.ts';
import { expectConverged, expectOneRound, nextRound, startReader, startRounds } from '../kit/rounds.ts';
import { canMountDisks, mountSmallDisk } from '../kit/small-disk.ts';
import type { SmallDisk } from '../kit/small-disk.ts';

/* Faults of the machine under real processes: the list stays whole and readable, the link says what is wrong, and all goes on by itself. */

const startMaster = () => NodeProcess.create('master', { topology: { workers: 'in the same process' } });

/** A slave whose database is on a server, and maybe in a tablespace, of its own. */
async function startSlave(databaseUrl: string, environment: Record<string, string> = {}): Promise<NodeProcess> {
  // One connection for all that the test asks: a second one may not be had where the server has no more.
  const database = openDatabase(databaseUrl, { applicationName: 'test', poolSize: 1 });
  return NodeProcess.create('slave', {
    topology: { workers: 'in the same process' },
    test: { url: databaseUrl, database, drop: () => database.destroy() },
    environment,
  });
}

/** A photo that fills a small disk. */
function noisyPicture(): Promise<Buffer> {
  const noise = { type: 'gaussian', mean: 128, sigma: 50 } as const;
  return sharp({ create: { width: 600, height: 600, channels: 3, background: 'grey', noise } })
    .jpeg({ quality: 95 })
    .toBuffer();
}

async function onServer(url: string, statements: readonly string[]): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  for (const statement of statements) await client.query(statement);
  await client.end();
}

/** A database that has nothing but this disk; its log is elsewhere. */
async function makeDatabaseOn(server: Awaited<ReturnType<typeof startPostgresServer>>, disk: SmallDisk): Promise<string> {
  const space = join(disk.folder, 'space');
  await mkdir(space);
  await server.own(space);
  await onServer(server.databaseUrl, [`create tablespace small location '${space}'`, `create database small tablespace small`]);
  return server.databaseUrl.replace(/\/postgres$/, '/small');
}

/** Gives a master and a slave of which one has its database on a disk of its own, of 160 MB, and takes all away afterwards. */
async function onSmallDisk(
  whose: 'master' | 'slave',
  work: (site: { master: NodeProcess; slave: NodeProcess; disk: SmallDisk; databaseUrl: string }) => Promise<void>,
): Promise<void> {
  const [server, disk] = [await startPostgresServer(), await mountSmallDisk(160)];
  const databaseUrl = await makeDatabaseOn(server, disk);
  const [small, other] = [await startSlave(databaseUrl), await startMaster()];
  const [master, slave] = whose === 'master' ? [small, other] : [other, small];
  try {
    await work({ master, slave, disk, databaseUrl });
  } finally {
    await Promise.all([master.remove(), slave.remove()]);
    await server.stop();
    await disk.remove();
  }
}

/** Bytes that a node keeps for noting what goes wrong. */
async function reserved({ test: { database } }: NodeProcess): Promise<number> {
  const [row] = await query<{ bytes: number }>(database, `select coalesce(pg_relation_size(to_regclass('disk_reserve')), 0) as bytes`);
  return row?.bytes ?? 0;
}

describe.runIf(canMountDisks())('a full disk', () => {
  it('of the database: DISK_FULL, the old list stays, and with space again it becomes equal', async () => {
    await onSmallDisk('slave', async ({ master, slave, disk }) => {
      const rounds = await startRounds(master, slave);
      const reader = startReader(rounds);
      // Too much to be staged in what is left.
      await query(
        master.test.database,
        `update dossiers d set meta = jsonb_build_object('filler', (select string_agg(md5(d.uuid::text || n), '') from generate_series(1, 200) n))`,
      );
      await disk.fill(2_000_000);
      await nextRound(rounds);
      await slave.until('out of space', async () => (await slave.linkIn(rounds.local, 'failed')).error?.code === 'DISK_FULL');
      await expectOneRound(rounds);
      await disk.clear();
      await expectConverged(rounds);
      await reader.stop();
    });
  }, 300_000);

  it('of the database, with nothing left in its pages: people get in and are heard, DISK_FULL is told, and with space again it becomes equal', async () => {
    await onSmallDisk('slave', async ({ master, slave, disk, databaseUrl }) => {
      const rounds = await startRounds(master, slave);
      const reader = startReader(rounds);
      await slave.until('able to note something on a full disk', async () => (await reserved(slave)) > 0);
      // Or it would make room while its pages are filled.
      slave.signal('start', 'SIGSTOP');
      await disk.fill();
      const release = await fillPages(databaseUrl);
      slave.signal('start', 'SIGCONT');
      const signedIn = await fetch(`${slave.url}/auth/login/`, {
        method: 'POST',
        headers: { authorization: `Basic ${Buffer.from('admin:correct-horse-battery').toString('base64')}` },
      });
      expect(signedIn.status).toBe(200);
      expect(await slave.dossiers(rounds.local)).toHaveLength(1000);
      await nextRound(rounds);
      await slave.until('out of space', async () => (await slave.linkIn(rounds.local, 'failed')).error?.code === 'DISK_FULL');
      // The attempts after it have no reserve any more, and say the same.
      await slave.until('out of space again', async () => {
        const [run] = await slave.runs(rounds.local);
        return run?.error?.code === 'DISK_FULL' && run.error.attempts > 1;
      });
      await expectOneRound(rounds);
      await release();
      await disk.clear();
      await expectConverged(rounds);
      await slave.until('able to note something again', async () => (await reserved(slave)) > 0);
      await reader.stop();
    });
  }, 300_000);

  it('of the database during a first sync: DISK_FULL, the list stays empty, and with space again it becomes equal', async () => {
    await onSmallDisk('slave', async ({ master, slave, disk }) => {
      const remote = await master.makeList('large');
      await query(
        master.test.database,
        `insert into dossiers (set_id, name, comment, meta) select set_of(:remote), 'Person ' || i, 'round 0', jsonb_build_object('filler', (
           select string_agg(md5(i::text || n), '') from generate_series(1, 200) n)) from generate_series(1, 1500) i`,
        { remote },
      );
      const local = await slave.makeList('large');
      await disk.fill(6_000_000);
      await slave.link(master.url, remote, local);
      await slave.until('out of space', async () => (await slave.linkIn(local, 'failed')).error?.code === 'DISK_FULL');
      expect(await slave.dossiers(local)).toEqual([]);
      await disk.clear();
      await expectConverged({ master, slave, remote, local, round: 0, settled: 0 });
    });
  }, 300_000);

  it("of a master's database: it serves slaves, refuses an import by name, keeps whole batches, and goes on with space again", async () => {
    await onSmallDisk('master', async ({ master, slave, disk }) => {
      const remote = await master.makeList('large');
      await master.makeDossier([remote], { name: 'Before' });
      const local = await slave.makeList('large');
      await slave.link(master.url, remote, local);
      await slave.linkIn(local, 'synced');
      await slave.want(200, linkSchema, ['PATCH', `/sync/dossier-lists/${local}/`, { guards: { growth: null } }]);
      const filler = 'x'.repeat(5000);
      const lines = Array.from({ length: 6000 }, (_, index) =>
        JSON.stringify({ external_id: `${index}`, name: `Person ${index}`, comment: `${index} ${filler}`.slice(0, 5000) }),
      );
      await master.until('able to note something on a full disk', async () => (await reserved(master)) > 0);
      await disk.fill(12_000_000);
      await expect(master.import(remote, lines)).rejects.toThrow(/answered 503: .*disk of the node's database is full/);
      const kept = (await master.dossiers(remote)).length;
      expect(await slave.sync(local)).toMatchObject({ state: 'synced' });
      await disk.clear();
      await master.import(remote, lines);
      expect(await slave.sync(local)).toMatchObject({ state: 'synced' });
      const [list] = await query<{ count: number }>(
        master.test.database,
        `select dossier_count as count from list_positions where list_id = :remote`,
        { remote },
      );
      expect([kept > 0, list?.count]).toEqual([true, 6001]);
    });
  }, 300_000);

  it('of the photos: DISK_FULL, no half photo, and with space again all are there', async () => {
    const disk = await mountSmallDisk(4);
    const master = await startMaster();
    const slave = await NodeProcess.create('slave', {
      topology: { workers: 'in the same process' },
      environment: { MEDIA_ROOT: join(disk.folder, 'uploads') },
    });
    try {
      const remote = await master.makeList('photos');
      const dossier = await master.makeDossier([remote], { name: 'With a photo' });
      const local = await slave.makeList('photos');
      await slave.link(master.url, remote, local);
      await slave.linkIn(local, 'synced');
      await disk.fill();
      await addPhoto(master, dossier, await noisyPicture());
      await slave.call('POST', `/sync/dossier-lists/${local}/sync/`, {});
      await slave.until('out of space', async () => (await slave.linkIn(local, 'failed')).error?.code === 'DISK_FULL');
      expect((await slave.dossiers(local)).map(({ face_count: faces }) => faces)).toEqual([0]);
      await disk.clear();
      expect(await slave.sync(local)).toMatchObject({ state: 'synced', photos_fetched: 1, photos_missing: [] });
      expect((await slave.dossiers(local)).map(({ face_count: faces }) => faces)).toEqual([1]);
    } finally {
      await Promise.all([master.remove(), slave.remove()]);
      await disk.remove();
    }
  }, 300_000);
});

describe('a database', () => {
  it('without a free connection: said by /readyz, the old list stays, and all goes on once there are some', async () => {
    const server = await startPostgresServer({ maximumConnections: 40 });
    const [master, slave] = [await startMaster(), await startSlave(server.databaseUrl)];
    const held: Client[] = [];
    try {
      const rounds = await startRounds(master, slave);
      const reader = startReader(rounds);
      await onServer(server.databaseUrl, [`select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'dossier%'`]);
      for (;;) {
        const client = new Client({ connectionString: server.databaseUrl });
        client.on('error', () => undefined);
        const connected = await client.connect().then(
          () => true,
          () => false,
        );
        if (!connected) break;
        held.push(client);
      }
      expect(held.length).toBeGreaterThan(10);
      await nextRound(rounds);
      await delay(3000);
      await expectOneRound(rounds);
      for (const client of held.splice(0)) await client.end();
      await slave.until('ready', async () => (await fetch(`${slave.url}/readyz`)).ok);
      await expectConverged(rounds);
      await reader.stop();
    } finally {
      for (const client of held) await client.end();
      await Promise.all([master.remove(), slave.remove()]);
      await server.stop();
    }
  }, 300_000);

  it.runIf(process.platform === 'linux')(
    'that stands still: /readyz says so within seconds, and all goes on when it does',
    async () => {
      const server = await startPostgresServer();
      const [master, slave] = [await startMaster(), await startSlave(server.databaseUrl)];
      try {
        const rounds = await startRounds(master, slave);
        await nextRound(rounds);
        server.signal('SIGSTOP');
        const asked = performance.now();
        const ready = await fetch(`${slave.url}/readyz`, { signal: AbortSignal.timeout(20_000) });
        expect([ready.status, performance.now() - asked < 15_000]).toEqual([503, true]);
        await delay(2000);
        server.signal('SIGCONT');
        await expectConverged(rounds);
      } finally {
        server.signal('SIGCONT');
        await Promise.all([master.remove(), slave.remove()]);
        await server.stop();
      }
    },
    300_000,
  );
});

it('a worker that stands still is overtaken by another, and harmless when it wakes up', async () => {
  const master = await startMaster();
  const slave = await NodeProcess.create('slave', { topology: { workers: 1 } });
  try {
    const rounds = await startRounds(master, slave);
    const reader = startReader(rounds);
    await nextRound(rounds);
    await delay(300);
    slave.signal('worker', 'SIGSTOP');
    await slave.launch('worker');
    await expectConverged(rounds);
    slave.signal('worker', 'SIGCONT');
    await nextRound(rounds);
    await expectConverged(rounds);
    await reader.stop();
  } finally {
    slave.signal('worker', 'SIGCONT');
    await Promise.all([master.remove(), slave.remove()]);
  }
}, 300_000);
