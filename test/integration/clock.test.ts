import { ClockKeeper, findClockTrouble } from '@dossier/postgres/clock.ts';
import { correctAhead } from '@dossier/replication/clock-corrections.ts';
import { listClockRetries } from '@dossier/replication/clock-retries.ts';
import { countAttempt } from '@dossier/accounts/attempts.ts';
import { query } from '@dossier/postgres/database.ts';
import { noticeAlerts } from '@dossier/replication/link-alerts.ts';
import { findLink } from '@dossier/replication/links.ts';
import { requestRun } from '@dossier/replication/runs.ts';
import { findTokenHolder, issueToken } from '@dossier/accounts/tokens.ts';
import { listStrandedRuns, pruneTombstones } from '@dossier/replication/upkeep.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import { createEnginePair } from '../kit/engine-pair.ts';

const { master, slave } = await createEnginePair();
const day = 24 * 3600 * 1000;
let local: number;
let remote: number;

beforeEach(async () => {
  remote = await master.makeList('list');
  await master.makeDossiers([remote], ['Ada']);
  local = await slave.makeList('copy');
  await slave.link(master, remote, local);
  await slave.sync(local);
});

const set = (sql: string): Promise<unknown[]> => query(slave.database, sql, { local });

describe('a date that a clock ahead has noted', () => {
  it('doesn’t keep a night from coming', async () => {
    const tomorrow = new Date(Date.now() + day);
    await set(
      `update links set last_scheduled_date = now() + interval '200 days', next_run = now() + interval '200 days' where slave_list_id = :local`,
    );
    await slave.tick(tomorrow);
    const link = await findLink(slave.database, local);
    expect(link?.last_scheduled_date).toBe(tomorrow.toISOString().slice(0, 10));
    expect(link?.next_run?.getTime()).toBeLessThan(tomorrow.getTime() + 2 * day);
    expect(await query(slave.database, `select from runs where slave_list_id = :local and reason = 'schedule'`, { local })).toHaveLength(1);
  });

  it.each([
    ['queued', 'heartbeat'],
    ['failed', 'next_attempt'],
    ['fetching', 'heartbeat'],
  ])('doesn’t strand a run that is %s', async (state, column) => {
    const requested = await requestRun(slave.database, { slaveListId: local, reason: 'person', mode: 'auto', by: null });
    const id = requested.outcome === 'run' ? requested.run.id : 0;
    await query(slave.database, `update runs set state = :state, ${column} = now() + interval '200 days' where id = :id`, { id, state });
    const stranded = await listStrandedRuns(slave.database, { overdueSeconds: 5, silentSeconds: 45 });
    expect(stranded.map((run) => run.id)).toContain(id);
  });

  it('hides no list that is overdue', async () => {
    await set(
      `update links set verified_at = now() + interval '200 days', created_date = now() - interval '3 days' where slave_list_id = :local`,
    );
    const told: unknown[] = [];
    await noticeAlerts(slave.database, 26, async (_tx, change) => void told.push([change.slave_list_id, change.event]));
    expect(told).toContainEqual([local, 'overdue']);
  });

  it('locks nobody out, and lets nobody in for longer', async () => {
    const limit = { subject: `somebody ${local}`, maximum: 1, windowSeconds: 900 };
    await query(slave.database, `insert into attempts (subject, count, until) values (:subject, 50, now() + interval '200 days')`, limit);
    expect(await countAttempt(slave.database, [limit])).toBeNull();
    const [user] = await query<{ id: number }>(
      slave.database,
      `insert into users (name, password_hash, role) values (:name, 'x', 'viewer') returning id`,
      { name: `user ${local}` },
    );
    const request = { userId: user?.id ?? 0, kind: 'session', label: '', lifetimeMs: day } as const;
    const { token, id } = await issueToken(slave.database, request);
    await query(
      slave.database,
      `update tokens set created_date = created_date + interval '200 days', expires_date = expires_date + interval '200 days' where id = :id`,
      { id },
    );
    expect(await findTokenHolder(slave.database, token)).toBeNull();
    await correctAhead(slave.database);
    const [row] = await query<{ days: number }>(
      slave.database,
      `select extract(epoch from expires_date - now())::float8 / 86400 as days from tokens where id = :id`,
      { id },
    );
    expect(row?.days).toBeCloseTo(1, 1);
  });
});

describe('the clock of a node', () => {
  it('lets a jump delete nothing, is named while it is wrong and after, and goes on', async () => {
    const tombstone = `insert into tombstones (set_id, uuid, revision, removed_date) values (set_of(:remote), gen_random_uuid(), 0, now() - interval '89 days')`;
    await query(master.database, tombstone, { remote });
    let passed = 0;
    const keeper = new ClockKeeper(master.database, () => passed);
    expect(await keeper.look(new Date())).toBe(0);
    expect(await findClockTrouble(master.database, new Date())).toBeNull();

    // Seen from 200 days ahead, all that was known is 200 days old.
    const shift = `update clock set trusted_moment = trusted_moment - interval '200 days', age_moment = age_moment - interval '200 days'`;
    await query(master.database, shift);
    await query(master.database, `update tombstones set removed_date = removed_date - interval '200 days'`);
    passed += 30_000;
    await query(master.database, `update followers set last_seen = now() - interval '200 days'`);
    expect(await keeper.look(new Date())).toBeGreaterThan(199 * day);
    await pruneTombstones(master.database, 90);
    expect(await query(master.database, `select from tombstones where set_id = set_of(:remote)`, { remote })).toHaveLength(1);
    expect(await findClockTrouble(master.database, new Date())).toMatchObject({
      present: true,
      sentence: expect.stringContaining('200 days ahead'),
    });

    await query(master.database, shift.replaceAll('- interval', '+ interval'));
    passed += 30_000;
    expect(await keeper.look(new Date())).toBe(0);
    const trouble = await findClockTrouble(master.database, new Date(Date.now()));
    expect(trouble === null || !trouble.present).toBe(true);
    expect(await findClockTrouble(master.database, new Date(Date.now() + day))).toMatchObject({ present: true });
  });

  it('that differed from the master’s is tried again by itself', async () => {
    await set(
      `update links set state = 'failed', error = '{"code": "CLOCK_DIFFERS"}', last_attempt = now() - interval '11 minutes' where slave_list_id = :local`,
    );
    expect(await listClockRetries(slave.database, 10)).toContain(local);
    await set(`update links set last_attempt = now() + interval '200 days' where slave_list_id = :local`);
    expect(await listClockRetries(slave.database, 10)).toContain(local);
    await set(`update links set last_attempt = now() where slave_list_id = :local`);
    expect(await listClockRetries(slave.database, 10)).not.toContain(local);
  });
});
