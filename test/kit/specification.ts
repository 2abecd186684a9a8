import { problemSchema } from '@dossier/protocol/problem.ts';
import { query } from '@dossier/postgres/database.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startFaultProxy } from './fault-proxy.ts';
import type { FaultProxy } from './fault-proxy.ts';
import { contentOf, NodeProcess } from './node-process.ts';
import type { Topology } from './node-process.ts';

/** The nine points of the specification, each between two nodes of real processes. */
export function specify(title: string, topologyOf: () => Promise<Topology>): void {
  describe(title, () => {
    let topology: Topology;
    let master: NodeProcess;
    let slave: NodeProcess;
    let proxy: FaultProxy;

    beforeAll(async () => {
      topology = await topologyOf();
      master = await NodeProcess.create('master', { topology, environment: { SYNC_TIME: '04:25', TIME_ZONE: 'Europe/Athens' } });
      slave = await NodeProcess.create('slave', { topology });
      proxy = await startFaultProxy(master.port);
    });
    afterAll(async () => {
      proxy?.close();
      await Promise.all([master?.remove(), slave?.remove()]);
    });

    async function fill(name: string, count: number): Promise<number> {
      const list = await master.makeList(name);
      for (let number = 0; number < count; number += 1) {
        await master.makeDossier([list], { name: `${name} ${number}`, comment: `No ${number}`, meta: { number, deep: [1.5, null, 'я'] } });
      }
      return list;
    }

    async function linked(name: string, count: number): Promise<{ remote: number; local: number }> {
      const remote = await fill(name, count);
      const local = await slave.makeList(name);
      await slave.link(proxy.url, remote, local);
      await slave.linkIn(local, 'synced');
      return { remote, local };
    }

    async function expectEqual(remote: number, local: number): Promise<void> {
      expect(contentOf(await slave.dossiers(local))).toEqual(contentOf(await master.dossiers(remote)));
    }

    it('1. a slave is kept in sync, and is for reading only', async () => {
      const { remote, local } = await linked('point 1', 5);
      const [first, second] = await master.dossiers(remote);
      expect((await master.call('PATCH', `/dossiers/${first?.id}/`, { name: 'Renamed' })).status).toBe(200);
      expect((await master.call('DELETE', `/dossiers/${second?.id}/`)).status).toBe(204);
      expect(await slave.sync(local)).toMatchObject({ state: 'synced', added: 0, changed: 1, removed: 1 });
      await expectEqual(remote, local);
      const [held] = await slave.dossiers(local);
      for (const request of [
        ['POST', '/dossiers/', { name: 'x', dossier_lists: [local] }],
        ['PATCH', `/dossiers/${held?.id}/`, { name: 'x' }],
        ['POST', `/dossier-lists/${local}/purge/`, {}],
      ] as [string, string, unknown][]) {
        const problem = await slave.want(403, problemSchema, request);
        expect(problem).toMatchObject({ code: 'READ_ONLY' });
        expect(problem.desc).toContain(proxy.url);
      }
      await expectEqual(remote, local);
    });

    it('2. dossiers can be deleted on a slave while the master is unavailable, and come back', async () => {
      const { remote, local } = await linked('point 2', 4);
      const [victim] = await slave.dossiers(local);
      expect(await slave.want(409, problemSchema, ['DELETE', `/dossiers/${victim?.id}/`])).toMatchObject({ code: 'MASTER_AVAILABLE' });
      proxy.mode = 'refuse';
      expect((await slave.call('DELETE', `/dossiers/${victim?.id}/`)).status).toBe(204);
      expect(await slave.dossiers(local)).toHaveLength(3);
      proxy.mode = 'pass';
      expect(await slave.sync(local)).toMatchObject({ state: 'synced', restored_offline_deletions: 1 });
      await expectEqual(remote, local);
      expect((await slave.dossiers(local)).map((dossier) => dossier.id)).toContain(victim?.id);
    });

    it('3. the first synchronization replaces what the list held', async () => {
      const other = await NodeProcess.create('holder', { topology });
      try {
        const remote = await fill('point 3', 3);
        const local = await other.makeList('point 3');
        await other.makeDossier([local], { name: 'Will be lost' });
        await other.link(proxy.url, remote, local);
        await other.linkIn(local, 'synced');
        expect(contentOf(await other.dossiers(local))).toEqual(contentOf(await master.dossiers(remote)));
      } finally {
        await other.remove();
      }
    });

    it('4. nodes with different tokens do not replicate, and the token never travels', async () => {
      const stranger = await NodeProcess.create('stranger', { topology, environment: { SYNC_TOKEN: 'another-token' } });
      try {
        const remote = await fill('point 4', 1);
        const local = await stranger.makeList('point 4');
        await stranger.makeDossier([local], { name: 'Stays' });
        await stranger.link(proxy.url, remote, local);
        expect((await stranger.linkIn(local, 'failed')).error).toMatchObject({ code: 'TOKEN_REFUSED', next_attempt: null });
        expect((await stranger.dossiers(local)).map((dossier) => dossier.name)).toEqual(['Stays']);
        expect(proxy.passed).not.toContain('ABC_123456789');
        expect(proxy.passed).not.toContain('another-token');
      } finally {
        await stranger.remove();
      }
    });

    it('5. nodes with different EXTERNAL_ADDRESS do not replicate', async () => {
      const elsewhere = await NodeProcess.create('elsewhere', { topology, environment: { EXTERNAL_ADDRESS: 'http://elsewhere.example' } });
      try {
        const local = await elsewhere.makeList('point 5');
        await elsewhere.link(proxy.url, await fill('point 5', 1), local);
        const { error } = await elsewhere.linkIn(local, 'failed');
        expect(error?.desc).toContain('http://elsewhere.example');
        expect(error?.desc).toContain('http://dossiers.example');
      } finally {
        await elsewhere.remove();
      }
    });

    it('6. nothing replicates until a list is linked', async () => {
      const remote = await fill('point 6', 2);
      const local = await slave.makeList('point 6');
      expect((await slave.call('GET', `/sync/dossier-lists/${local}/`)).status).toBe(404);
      expect(await slave.dossiers(local)).toEqual([]);
      expect(await slave.want(400, problemSchema, ['POST', '/sync/dossier-lists/', { remote_dossier_list: remote }])).toMatchObject({
        code: 'BAD_PARAM',
      });
      await slave.link(proxy.url, remote, local);
      expect(await slave.linkIn(local, 'synced')).toMatchObject({ remote_dossier_list: remote, remote_count: 2, local_count: 2 });
      await slave.link(proxy.url, remote, local);
      const conflict = { remote_dossier_list: remote + 1, remote_url: proxy.url, slave_dossier_list: local };
      expect(await slave.want(409, problemSchema, ['POST', '/sync/dossier-lists/', conflict])).toMatchObject({ code: 'CONFLICT' });
    });

    it("7. lists are synced at the master's SYNC_TIME, once per date", async () => {
      const { remote, local } = await linked('point 7', 2);
      const { next_run: nextRun } = await slave.linkIn(local, 'synced');
      const clock = new Intl.DateTimeFormat('en-GB', { timeZone: 'Europe/Athens', hour: '2-digit', minute: '2-digit' });
      expect(clock.format(new Date(nextRun ?? ''))).toBe('04:25');
      await master.makeDossier([remote], { name: 'Since then' });
      // As if the slave had been down at the last SYNC_TIME.
      await query(slave.test.database, `update links set last_scheduled_date = last_scheduled_date - 1 where slave_list_id = :local`, {
        local,
      });
      await slave.until('synced by schedule', async () =>
        (await slave.runs(local)).some((run) => run.reason === 'schedule' && run.state === 'synced'),
      );
      await expectEqual(remote, local);
      expect((await slave.runs(local)).filter((run) => run.reason === 'schedule')).toHaveLength(1);
    });

    it('8. cancelling keeps the dossiers and makes the list an ordinary one', async () => {
      const other = await NodeProcess.create('canceller', { topology });
      try {
        const remote = await fill('point 8', 3);
        const [kept, purged] = [await other.makeList('kept'), await other.makeList('purged')];
        for (const local of [kept, purged]) {
          await other.link(proxy.url, remote, local);
          await other.linkIn(local, 'synced');
        }
        expect((await other.call('DELETE', `/sync/dossier-lists/${kept}/`)).status).toBe(202);
        expect((await other.call('DELETE', `/sync/dossier-lists/${purged}/?purge=true`)).status).toBe(202);
        for (const local of [kept, purged]) {
          await other.until('cancelled', async () => (await other.call('GET', `/sync/dossier-lists/${local}/`)).status === 404);
        }
        const dossiers = await other.dossiers(kept);
        expect(dossiers).toHaveLength(3);
        expect(await other.dossiers(purged)).toEqual([]);
        expect((await other.call('PATCH', `/dossiers/${dossiers[0]?.id}/`, { comment: 'editable again' })).status).toBe(200);
      } finally {
        await other.remove();
      }
    });

    it('9. linking works through the API with ffsecurity_sync installed and without; nodes end within 10 s', async () => {
      const installed = await NodeProcess.create('installed', { topology, environment: { INSTALLED_APPS: 'ffsecurity_sync' } });
      try {
        const local = await installed.makeList('point 9');
        await installed.link(proxy.url, await fill('point 9', 1), local);
        await installed.linkIn(local, 'synced');
        expect(await installed.sync(local, 'verify')).toMatchObject({ state: 'synced', differences: [] });
        const { codes, tookMs } = await installed.stop();
        expect(codes.every((code) => code === 0)).toBe(true);
        expect(tookMs).toBeLessThan(10_000);
      } finally {
        await installed.remove();
      }
    });
  });
}
