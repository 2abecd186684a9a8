import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { linkSchema, runSchema } from '@dossier/protocol/sync.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import { query } from '@dossier/postgres/database.ts';
import { pruneRuns } from '@dossier/replication/upkeep.ts';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { parse } from 'yaml';
import { startNodeApi } from '../kit/node-api.ts';
import type { NodeApi } from '../kit/node-api.ts';

let master: NodeApi;
let slave: NodeApi;
let remote: number;
let local: number;

beforeAll(async () => {
  [master, slave] = await Promise.all([startNodeApi(), startNodeApi()]);
  await slave.work();
  remote = await master.makeList();
  for (const name of ['One', 'Two']) await master.call('POST', '/dossiers/', { body: { name, dossier_lists: [remote] } });
  local = await slave.makeList();
  const body = { remote_dossier_list: remote, remote_url: master.url, slave_dossier_list: local };
  const answer = await slave.call('POST', '/sync/dossier-lists/', { body, headers: { prefer: 'wait=60' } });
  expect(linkSchema.parse(answer.json).state).toBe('synced');
});
afterAll(async () => {
  await Promise.all([master.stop(), slave.stop()]);
});

/** Samples by their whole name with labels. */
async function scrape(node: NodeApi): Promise<Map<string, number>> {
  const { text } = await node.call('GET', '/metrics', { role: 'viewer' });
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]));
}

async function sync(): Promise<void> {
  const { id } = await slave.want(202, runSchema, ['POST', `/sync/dossier-lists/${local}/sync/`]);
  await expect
    .poll(
      async () =>
        (await slave.want(200, pageOf(runSchema), ['GET', `/sync/dossier-lists/${local}/runs/`])).results.find((run) => run.id === id)
          ?.finished_date,
      {
        timeout: 60_000,
      },
    )
    .toEqual(expect.any(String));
}

describe('metrics', () => {
  it('tell what the runs of each list came to, and never forget it', async () => {
    await master.call('POST', '/dossiers/', { body: { name: 'Three', dossier_lists: [remote] } });
    await sync();
    await sync();
    const list = `list="${local}"`;
    const told = await scrape(slave);
    expect(told.get(`dossier_sync_runs_total{${list},result="synced"}`)).toBe(2);
    expect(told.get(`dossier_sync_runs_total{${list},result="unchanged"}`)).toBe(1);
    expect(told.get(`dossier_sync_dossiers_total{${list},operation="added"}`)).toBe(3);
    expect(told.get(`dossier_sync_received_bytes_total{${list}}`)).toBeGreaterThan(100);
    expect(told.get('dossier_sync_duration_seconds_count')).toBe(3);
    expect(told.get('dossier_sync_duration_seconds_bucket{le="+Inf"}')).toBe(3);
    const sum = told.get('dossier_sync_duration_seconds_sum') ?? 0;
    const [rows] = await query<{ seconds: number }>(
      slave.test.database,
      `select sum(cast(extract(epoch from finished_date - started_date) as float8)) as seconds from runs`,
    );
    expect(sum).toBeCloseTo(rows?.seconds ?? 0, 3);
    await query(slave.test.database, `delete from runs where finished_date is not null`);
    await pruneRuns(slave.test.database, 1);
    expect((await scrape(slave)).get('dossier_sync_duration_seconds_count')).toBe(3);
  });

  it('count a run in the bucket of its duration', async () => {
    const other = await slave.makeList();
    const bounds = [1, 5, 30, 120, 600, 3600];
    for (const seconds of [1, 1.001, 5, 3600, 3601]) {
      await query(
        slave.test.database,
        `with run as (insert into runs (slave_list_id, reason, started_date) values (:other, 'person', now()) returning id) select from run`,
        { other },
      );
      await query(
        slave.test.database,
        `update runs set state = 'failed', finished_date = started_date + make_interval(secs => :seconds) where slave_list_id = :other and finished_date is null`,
        { other, seconds },
      );
    }
    const [row] = await query<{ buckets: string[]; runs: number; timed: number }>(
      slave.test.database,
      `select buckets, runs, timed from run_statistics where slave_list_id = :other`,
      { other },
    );
    expect(row).toEqual({ buckets: ['1', '2', '0', '0', '0', '1'], runs: 5, timed: 5 });
    expect(row?.buckets).toHaveLength(bounds.length);
    expect((await scrape(slave)).get(`dossier_sync_runs_total{list="${other}",result="failed"}`)).toBe(5);
  });

  it('tell of each replica how old, how far behind and whether it is held', async () => {
    await query(
      slave.test.database,
      `update links set verified_at = now() - interval '1 hour', head_revision = revision + 7, state = 'held' where slave_list_id = :local`,
      { local },
    );
    await query(
      slave.test.database,
      `insert into offline_deletions (slave_list_id, dossier, dossier_id, name, deleted_by) values (:local, gen_random_uuid(), 1, 'x', 'y')`,
      { local },
    );
    await query(
      slave.test.database,
      `insert into set_aside (list_id, uuid, reason, hash)
       select :local, gen_random_uuid(), reason, sha256('') from unnest(array['DOSSIER_MALFORMED', 'HASH_DIFFERS', 'kept-deleted']) reason`,
      { local },
    );
    const told = await scrape(slave);
    const of = (name: string) => told.get(`${name}{list="${local}"}`);
    expect(Math.round((of('dossier_replica_verified_age_seconds') ?? 0) / 60)).toBe(60);
    expect((of('dossier_sync_last_success_timestamp_seconds') ?? 0) - Date.now() / 1000 + 3600).toBeLessThan(60);
    expect([of('dossier_replica_lag_revisions'), of('dossier_replica_held'), of('dossier_offline_deletions_open')]).toEqual([7, 1, 1]);
    expect(of('dossier_replica_set_aside')).toBe(2);
    expect([told.get('dossier_links{state="held"}'), told.get('dossier_queue_up')]).toEqual([1, 1]);
    expect(told.get('dossier_queue_jobs{queue="sync",state="waiting"}')).toEqual(expect.any(Number));
    expect((await scrape(master)).get(`dossier_slaves{list="${remote}"}`)).toBe(1);
  });
});

describe('deploy', () => {
  const read = (path: string) => readFileSync(join(import.meta.dirname, '../../deploy', path), 'utf8');
  const rules = (parse(read('prometheus/alerts.yml')) as { groups: { rules: { alert: string; expr: string }[] }[] }).groups.flatMap(
    (group) => group.rules,
  );
  const dashboard = JSON.parse(read('grafana/dashboard.json')) as { panels: { title: string; targets: { expr: string }[] }[] };
  const expressions = [
    ...rules.map(({ alert, expr }): [string, string] => [alert, expr]),
    ...dashboard.panels.flatMap(({ title, targets }) => targets.map(({ expr }): [string, string] => [title, expr])),
  ];

  test('names only metrics and labels that a real scrape has', async () => {
    const samples = [...(await scrape(slave)).keys(), ...(await scrape(master)).keys()];
    const names = new Set(samples.map((sample) => sample.replace(/\{.*/s, '')));
    const labels = new Set(samples.flatMap((sample) => [...sample.matchAll(/(\w+)="/g)].map((match) => match[1] ?? '')));
    expect(expressions.length).toBeGreaterThan(30);
    for (const [what, expression] of expressions) {
      for (const [name] of expression.matchAll(/\b(?:dossier|process|nodejs)_[a-z_]+/g))
        expect([what, name, names.has(name)]).toEqual([what, name, true]);
      for (const [, label = ''] of expression.matchAll(/[{,](\w+)(?:=|!=)~?"/g)) {
        expect([what, label, labels.has(label) || ['instance', 'job'].includes(label)]).toEqual([what, label, true]);
      }
    }
  });

  test('has a panel or an alert for every figure of replication', async () => {
    const used = expressions.map(([, expression]) => expression).join('\n');
    const names = new Set(
      [...(await scrape(slave)).keys()].map((sample) => sample.replace(/\{.*/s, '').replace(/_(bucket|sum|count)$/, '')),
    );
    const unused = [...names].filter((name) => name.startsWith('dossier_') && !used.includes(name));
    expect(unused).toEqual(['dossier_sync_last_success_timestamp_seconds']);
  });
});
