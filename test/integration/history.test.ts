import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { verifyAudit } from '@dossier/accounts/audit-chain.ts';
import { eraseHistory } from '@dossier/accounts/history.ts';
import { query } from '@dossier/postgres/database.ts';
import { auditEntrySchema } from '@dossier/protocol/audit.ts';
import { dossierSchema } from '@dossier/protocol/dossier.ts';
import type { Dossier } from '@dossier/protocol/dossier.ts';
import { historyEntrySchema } from '@dossier/protocol/history.ts';
import type { HistoryEntry } from '@dossier/protocol/history.ts';
import { linkSchema, runSchema } from '@dossier/protocol/sync.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startNodeApi } from '../kit/node-api.ts';
import type { NodeApi } from '../kit/node-api.ts';
import { addPhoto, plainPicture } from '../kit/photo.ts';

/* Who changed a dossier, from what to what, when and from where; on a slave, which sync brought it. */

let node: NodeApi;
beforeAll(async () => {
  node = await startNodeApi();
});
afterAll(() => node.stop());

const historyOf = async (of: NodeApi, dossier: number, ask = ''): Promise<HistoryEntry[]> =>
  (await of.want(200, pageOf(historyEntrySchema), ['GET', `/dossiers/${dossier}/history/?limit=100${ask}`])).results;
const make = (list: number, more: object): Promise<Dossier> =>
  node.want(201, dossierSchema, ['POST', '/dossiers/', { dossier_lists: [list], ...more }]);
const withoutPhotos = (values: HistoryEntry['after']) => {
  const { photos: _photos, ...rest } = values ?? {};
  return rest;
};

describe("a dossier's history", () => {
  it('tells who changed what, from what to what, when and from where, with photos by their thumbnails', async () => {
    const list = await node.makeList('Watched');
    const { id } = await make(list, { name: 'Anna', meta: { plate: 'AB 123' } });
    await node.call('PATCH', `/dossiers/${id}/`, { role: 'operator', body: { comment: 'seen', meta: { plate: 'CD 456' } } });
    const { id: photo } = await addPhoto({ url: node.url, token: node.tokens.admin }, id, await plainPicture('#c92a2a'));
    await node.call('DELETE', `/dossier-faces/${photo}/`);
    await node.call('PATCH', `/dossiers/${id}/`, { body: { comment: 'seen' } });
    const found = await historyOf(node, id);
    expect(found).toMatchObject([
      { kind: 'changed', actor: 'admin', action: 'photo-deleted', after: { photos: [] } },
      { kind: 'changed', actor: 'admin', action: 'photo-added', before: { photos: [] } },
      {
        kind: 'changed',
        actor: 'operator',
        via: 'api',
        address: '127.0.0.1',
        action: 'dossier-changed',
        run: null,
        before: { comment: '', meta: { plate: 'AB 123' } },
        after: { comment: 'seen', meta: { plate: 'CD 456' } },
      },
      { kind: 'made', actor: 'admin', action: 'dossier-made', dossier: id, before: null, after: { name: 'Anna', dossier_lists: [list] } },
    ]);
    expect(Object.keys(found[2]?.after ?? {})).toEqual(['comment', 'meta']);
    const [shown] = (found[1]?.after?.['photos'] ?? []) as { thumbnail: string }[];
    const thumbnail = await fetch(shown?.thumbnail ?? '', { headers: { authorization: `Token ${node.tokens.viewer}` } });
    expect([thumbnail.status, thumbnail.headers.get('content-type')]).toEqual([200, 'image/webp']);
    const other = shown?.thumbnail.replace(/thumbnails\/./, (start) => (start.endsWith('0') ? 'thumbnails/1' : 'thumbnails/0'));
    expect((await fetch(other ?? '', { headers: { authorization: `Token ${node.tokens.viewer}` } })).status).toBe(404);
    const seen = await node.want(200, pageOf(historyEntrySchema), ['GET', `/dossiers/${id}/history/?limit=1`]);
    expect(seen.next_page).not.toBeNull();
    const asViewer = pageOf(historyEntrySchema).parse((await node.call('GET', `/dossiers/${id}/history/`, { role: 'viewer' })).json);
    expect(asViewer.results.map(({ actor, address }) => [actor, address])).toContainEqual(['operator', null]);
  });

  it('is in the audit, too, also of dossiers and lists that are gone, and never a secret', async () => {
    const list = await node.makeList('Renamed later');
    const { id } = await make(list, { name: 'Boris', comment: 'before' });
    await node.call('PATCH', `/dossier-lists/${list}/`, { body: { name: 'Renamed' } });
    await node.call('DELETE', `/dossiers/${id}/`);
    await node.call('POST', '/users/', { body: { name: 'new', role: 'viewer', password: 'a-password-that-nobody-reads' } });
    const entries = (await node.want(200, pageOf(auditEntrySchema), ['GET', '/audit/?limit=10'])).results;
    expect(entries.find(({ action }) => action === 'list-changed')).toMatchObject({
      before: { name: 'Renamed later' },
      after: { name: 'Renamed' },
    });
    expect(entries.find(({ action }) => action === 'dossier-deleted')).toMatchObject({
      before: { name: 'Boris', comment: 'before' },
      after: null,
    });
    expect(JSON.stringify(entries)).not.toContain('a-password-that-nobody-reads');
    const kept = await query<{ text: string }>(node.test.database, `select h::text as text from history h`);
    expect(JSON.stringify(kept)).not.toContain('a-password-that-nobody-reads');
  });

  it('tells of the import that made or changed it', async () => {
    const list = await node.makeList('Imported');
    const lines = (comment: string) => `{"external_id":"i-1","name":"Carla","comment":"${comment}"}\n{"external_id":"i-2","name":"Dora"}\n`;
    await node.call('POST', `/dossier-lists/${list}/import/`, { body: lines('one'), role: 'operator' });
    await node.call('POST', `/dossier-lists/${list}/import/`, { body: lines('two') });
    const [carla, dora] = (await node.want(200, pageOf(dossierSchema), ['GET', `/dossiers/?dossier_lists=${list}`])).results;
    expect(await historyOf(node, carla?.id ?? 0)).toMatchObject([
      {
        kind: 'changed',
        actor: 'admin',
        action: 'dossiers-imported',
        dossier_list: list,
        before: { comment: 'one' },
        after: { comment: 'two' },
      },
      { kind: 'made', actor: 'operator', action: 'dossiers-imported' },
    ]);
    expect(await historyOf(node, dora?.id ?? 0)).toMatchObject([{ kind: 'made', actor: 'operator' }]);
  });

  it('says of an import of more than 10,000 that it may have been this one, and of how many', async () => {
    const list = await node.makeList('Large');
    const people = (count: number, comment: string) =>
      Array.from({ length: count }, (_, at) => JSON.stringify({ external_id: `x-${at}`, name: `Person ${at}`, comment })).join('\n');
    await node.call('POST', `/dossier-lists/${list}/import/`, { body: people(12_500, 'one') });
    const last = (await node.want(200, pageOf(dossierSchema), ['GET', `/dossiers/?dossier_lists=${list}&ordering=-id&limit=1`])).results[0];
    expect(await historyOf(node, last?.id ?? 0)).toMatchObject([
      { kind: 'many', actor: 'admin', action: 'dossiers-imported', dossiers: 2500, dossier: null },
    ]);
    const { id: first } = (await node.want(200, pageOf(dossierSchema), ['GET', `/dossiers/?dossier_lists=${list}&limit=1`]))
      .results[0] as Dossier;
    expect(await historyOf(node, first)).toMatchObject([{ kind: 'made' }]);
    const [{ count }] = (await query<{ count: number }>(node.test.database, `select count(*) as count from history where list_id = :list`, {
      list,
    })) as [{ count: number }];
    expect(count).toBe(10_001);
  });
});

describe('on a slave', () => {
  it('the history of a dossier tells which sync brought what, of each change, and the run tells of each dossier', async () => {
    const slave = await startNodeApi();
    try {
      await slave.work();
      const remote = await node.makeList('Followed');
      const [anna, boris] = [await make(remote, { name: 'Anna', comment: 'old' }), await make(remote, { name: 'Boris' })];
      const local = await slave.makeList('Followed');
      const body = { remote_dossier_list: remote, remote_url: node.url, slave_dossier_list: local };
      await slave.call('POST', '/sync/dossier-lists/', { body, headers: { prefer: 'wait=60' } });
      const idOf = async (name: string): Promise<number> =>
        (await slave.want(200, pageOf(dossierSchema), ['GET', `/dossiers/?name_contains=${name}`])).results[0]?.id ?? 0;
      const id = await idOf('Anna');
      expect(await historyOf(slave, id)).toMatchObject([
        { kind: 'many', master: node.url, dossiers: 2, actor: null, run: expect.any(Number) as number },
      ]);

      await node.call('PATCH', `/dossiers/${anna.id}/`, { body: { comment: 'new' } });
      await node.call('DELETE', `/dossiers/${boris.id}/`);
      await make(remote, { name: 'Carla' });
      const run = await slave.want(202, runSchema, ['POST', `/sync/dossier-lists/${local}/sync/`, {}]);
      const link = () => slave.want(200, linkSchema, ['GET', `/sync/dossier-lists/${local}/`]);
      await expect
        .poll(async () => historyOf(slave, await idOf('Carla')).catch(() => []), { timeout: 30_000 })
        .toMatchObject([{ kind: 'made', run: run.id }]);
      expect(await link()).toMatchObject({ state: 'synced' });
      expect(await historyOf(slave, id)).toMatchObject([
        { kind: 'changed', run: run.id, dossier_list: local, before: { comment: 'old' }, after: { comment: 'new' } },
        { kind: 'many' },
      ]);
      const told = (await slave.want(200, pageOf(historyEntrySchema), ['GET', `/sync/dossier-lists/${local}/runs/${run.id}/history/`]))
        .results;
      expect(
        told
          .map(({ kind, dossier, before, after }) => ({
            kind,
            dossier,
            before: withoutPhotos(before)['name'],
            after: withoutPhotos(after),
          }))
          .toSorted((a, b) => a.kind.localeCompare(b.kind)),
      ).toMatchObject([
        { kind: 'changed', dossier: id, after: { comment: 'new' } },
        { kind: 'made', after: { name: 'Carla' } },
        { kind: 'removed', dossier: null, before: 'Boris', after: {} },
      ]);

      await slave.want(202, runSchema, ['POST', `/sync/dossier-lists/${local}/undo/`]);
      await expect
        .poll(() => historyOf(slave, id), { timeout: 30_000 })
        .toMatchObject([{ before: { comment: 'new' }, after: { comment: 'old' } }, {}, {}]);
    } finally {
      await slave.stop();
    }
  });
});

describe('what became of a dossier', () => {
  it('is erased 30 days after it is in no list any more; the audit stays whole and says so', async () => {
    const list = await node.makeList('Forgotten');
    const { id } = await make(list, { name: 'Whoistobeforgotten' });
    await make(list, { name: 'Whoistostay' });
    await node.call('PATCH', `/dossiers/${id}/`, { body: { comment: 'once' } });
    await node.call('DELETE', `/dossiers/${id}/`);
    // What is in the bin can be restored, with its history.
    await node.call('DELETE', `/bin/${id}/`);
    const pass = (days: number) => query(node.test.database, `update history set date = date - make_interval(days => :days)`, { days });
    const names = async () => {
      const rows = await query<{ text: string }>(node.test.database, `select h::text as text from history h where h::text like '%Whois%'`);
      return rows.map(({ text: line }) => /Whois\w+/.exec(line)?.[0]);
    };
    await query(node.test.database, `update clock set age_moment = now()`);
    await pass(29);
    await eraseHistory(node.test.database, 30);
    expect((await names()).filter((name) => name === 'Whoistobeforgotten').length).toBeGreaterThan(1);
    await pass(2);
    await eraseHistory(node.test.database, 30);
    expect(await names()).toEqual(['Whoistostay']);
    expect(await verifyAudit(node.test.database, null)).toMatchObject({ faults: [] });
    const [told] = (await node.want(200, pageOf(auditEntrySchema), ['GET', '/audit/?action=history-erased'])).results;
    expect(told?.details['entries']).toEqual(expect.arrayContaining([expect.any(Number), expect.any(Number), expect.any(Number)]));
    const gone = (await node.want(200, pageOf(auditEntrySchema), ['GET', `/audit/?object=dossier&object_id=${id}`])).results;
    expect(gone).toMatchObject([
      { action: 'bin-erased' },
      { action: 'dossier-deleted', before: null },
      { before: null },
      { action: 'dossier-made', after: null },
    ]);
  });

  it('can be neither altered nor taken out behind the back of "dossier audit verify"', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'dossier-history-'));
    const verify = async (): Promise<string> => {
      const child = spawn(process.execPath, [join(import.meta.dirname, '../../apps/cli/bin/dossier.mjs'), 'audit', 'verify'], {
        env: { PATH: process.env['PATH'], DATABASE_URL: node.test.url, DATA_DIR: folder },
        cwd: folder,
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const [out] = await Promise.all([text(child.stdout), once(child, 'close')]);
      return out;
    };
    try {
      const { id } = await make(await node.makeList('Tampered'), { name: 'Tampered with' });
      expect(await verify()).toContain('The audit is whole');
      await query(node.test.database, `update history set after = '{"name":"Somebody else"}' where after ->> 'name' = 'Tampered with'`);
      expect(await verify()).toMatch(/NOT whole:\n {2}What entry \d+ says was changed/);
      await query(node.test.database, `delete from history where object = (select uuid from dossiers where id = :id)`, { id });
      expect(await verify()).toMatch(/NOT whole:\n {2}What entry \d+ says was changed/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
