import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { joinedSchema, masterSchema, mastersSchema } from '@dossier/protocol/master.ts';
import { createdSiteSchema, siteSchema } from '@dossier/protocol/site.ts';
import type { Site } from '@dossier/protocol/site.ts';
import { generateNodeKey, nodeKeyFromPem, nodeKeyNamed } from '@dossier/protocol/node-key.ts';
import { signRequest } from '@dossier/protocol/request-signature.ts';
import { isSignatureOf } from '@dossier/protocol/signature-base.ts';
import type { SigningKey } from '@dossier/protocol/signing-key.ts';
import { succeed } from '@dossier/protocol/voucher.ts';
import { createFeedClient } from '@dossier/replication/feed-client.ts';
import { NodeTrust } from '@dossier/replication/trust.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import { query } from '@dossier/postgres/database.ts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { syncNow } from '../kit/sync-now.ts';
import { startNodeApi } from '../kit/node-api.ts';
import { linkNow } from '../kit/link-now.ts';
import { makeFilledList } from '../kit/persons.ts';
import type { NodeApi } from '../kit/node-api.ts';

/* Two real nodes: who is known to whom by which key, and what each may read. */

const nodes: NodeApi[] = [];

async function start(environment: Record<string, string> = {}): Promise<NodeApi> {
  const node = await startNodeApi(environment);
  nodes.push(node);
  return node;
}

/** As many of them are there for several tests. Each has a dozen connections to the database: the others end with their test. */
let shared = 0;
const stopFrom = async (first: number): Promise<void> => {
  await Promise.all(nodes.splice(first).map((node) => node.stop()));
};
afterEach(() => stopFrom(shared));

const sitesOf = async (master: NodeApi): Promise<Site[]> => (await master.want(200, pageOf(siteSchema), ['GET', '/sites/'])).results;
const invite = (master: NodeApi, name: string, lists: number[] | null = null) =>
  master.want(201, createdSiteSchema, ['POST', '/sites/', { name, lists }]);
const join = (slave: NodeApi, master: { url: string }, code: string | null) =>
  slave.want(201, joinedSchema, ['POST', '/sync/masters/', { remote_url: master.url, code }]);

describe('with the same SYNC_TOKEN on both and nothing else', () => {
  let master: NodeApi;
  let slave: NodeApi;
  let wanted: number;
  beforeAll(async () => {
    [master, slave] = await Promise.all([start({ NODE_NAME: 'Headquarters' }), start({ NODE_NAME: 'Gate 7' })]);
    await slave.work();
    shared = nodes.length;
    wanted = await makeFilledList(master, 'Wanted');
  });
  afterAll(async () => {
    shared = 0;
    await stopFrom(0);
  });

  it('a slave syncs, its master knows it by name and key, and it knows the key of its master', async () => {
    expect(await linkNow(slave, master, wanted)).toMatchObject({ state: 'synced', local_count: 1 });
    const [site] = await sitesOf(master);
    expect(site).toMatchObject({
      name: 'Gate 7',
      state: 'accepted',
      speaks_by: 'key',
      introduced_by: 'token',
      lists: null,
      node: slave.deps.nodeUuid,
    });
    const [known] = await slave.want(200, mastersSchema, ['GET', '/sync/masters/']);
    expect(known).toMatchObject({ name: 'Headquarters', node: master.deps.nodeUuid, offered: null });
  });

  it('the master keeps what the slave signed that it holds, and anybody with its key can check that', async () => {
    const local = (await linkNow(slave, master, wanted)).slave_dossier_list;
    await syncNow(slave, local);
    await expect.poll(async () => (await sitesOf(master))[0]?.holdings.length).toBe(1);
    const [site] = await sitesOf(master);
    await expect.poll(async () => (await sitesOf(master))[0]?.holdings[0]?.current).toBe(true);
    const holding = (await master.want(200, siteSchema, ['GET', `/sites/${site?.id}/`])).holdings[0];
    const { base = '', signature = '', key = '' } = holding?.statement ?? {};
    expect(key).toBe(site?.key);
    const bytes = Buffer.from(signature, 'base64');
    const publicKey = nodeKeyNamed(key);
    expect(publicKey && isSignatureOf(publicKey, base, bytes)).toBe(true);
    expect(base).toContain(`digest=${holding?.digest}`);
  });

  it('a site that signs another digest than the master ever told at that revision is noticed', async () => {
    const [site] = await sitesOf(master);
    await query(
      slave.test.database,
      `update links set digest = repeat('0', 64), head_tag = null, own_digest = (select digest from list_positions where list_id = links.slave_list_id)`,
    );
    const [local] = await query<{ id: number }>(slave.test.database, `select slave_list_id as id from links order by 1 limit 1`);
    await syncNow(slave, local?.id ?? 0);
    await expect
      .poll(async () => (await master.want(200, siteSchema, ['GET', `/sites/${site?.id}/`])).alert)
      .toMatchObject({ code: 'SITE_DIFFERS' });
    await master.want(200, siteSchema, ['POST', `/sites/${site?.id}/accept/`]);
  });

  it('a key that speaks for two nodes is noticed', async () => {
    const key = nodeKeyFromPem(await readFile(slave.keyFile, 'utf8')) ?? generateNodeKey();
    const [site] = await sitesOf(master);
    const url = new URL(`/feed/?slave=${randomUUID()}&name=Gate`, master.url);
    const fields = signRequest(key, { method: 'GET', url }, { now: new Date(), nonce: randomUUID() });
    const answer = await fetch(url, { headers: { ...fields } });
    expect([answer.status, answer.headers.get('dossier-refusal')]).toEqual([403, 'SITE_CLONED']);
    expect((await master.want(200, siteSchema, ['GET', `/sites/${site?.id}/`])).alert?.code).toBe('SITE_CLONED');
    await master.want(200, siteSchema, ['POST', `/sites/${site?.id}/accept/`]);
  });

  describe('a copy of the site’s database', () => {
    const alertOf = async () => {
      const [site] = await sitesOf(master);
      return site?.alert?.code ?? null;
    };
    /** Asks as the site, under this number. */
    async function say(number: number, address = '10.0.0.1'): Promise<Record<string, string>> {
      const key = nodeKeyFromPem(await readFile(slave.keyFile, 'utf8')) ?? generateNodeKey();
      const url = new URL(`/feed/?slave=${slave.deps.nodeUuid}&name=Gate&number=${number}`, master.url);
      const fields = { ...signRequest(key, { method: 'GET', url }, { now: new Date(), nonce: randomUUID() }), 'x-forwarded-for': address };
      await send(number, fields);
      return fields;
    }
    async function send(number: number, headers: Record<string, string>): Promise<void> {
      const url = new URL(`/feed/?slave=${slave.deps.nodeUuid}&name=Gate&number=${number}`, master.url);
      expect((await fetch(url, { headers })).status).toBe(200);
    }
    const keptNumbers = async () =>
      (await query<{ number: number }>(master.test.database, `select number from site_numbers order by number`)).map(
        ({ number }) => number,
      );
    const accept = async () => {
      const [site] = await sitesOf(master);
      await master.want(200, siteSchema, ['POST', `/sites/${site?.id}/accept/`]);
    };
    beforeEach(accept);

    it('is not suspected where two workers overtake each other, two hosts ask in turns, a question is sent again, or a sync is taken back', async () => {
      for (const [number, address] of [
        [102, '10.0.0.1'],
        [101, '10.0.0.2'],
        [104, '10.0.0.1'],
        [103, '10.0.0.2'],
      ] as const)
        await say(number, address);
      const again = await say(105);
      await send(105, again);
      await query(slave.test.database, `update links set revision = revision - 1, head_tag = null where revision is not null`);
      const [local] = await query<{ id: number }>(slave.test.database, `select slave_list_id as id from links order by 1 limit 1`);
      await syncNow(slave, local?.id ?? 0);
      await expect.poll(keptNumbers).toEqual(expect.arrayContaining([101, 102, 103, 104, 105]));
      expect(await alertOf()).toBeNull();
    });

    it('is noticed as it says something under a number that the other one has used', async () => {
      await say(101);
      await expect.poll(keptNumbers).toEqual([101]);
      await say(101);
      await expect.poll(alertOf).toBe('SITE_CLONED');
    });

    it('is noticed as it begins where the other one was long ago', async () => {
      await say(500);
      await expect.poll(keptNumbers).toEqual([500]);
      await query(master.test.database, `update site_numbers set date = date - interval '1 day'`);
      await say(501);
      await expect.poll(keptNumbers).toEqual([501]);
      expect(await alertOf()).toBeNull();
      await say(499);
      await expect.poll(alertOf).toBe('SITE_CLONED');
      await accept();
      await say(498);
      await expect.poll(keptNumbers).toEqual([498]);
      expect(await alertOf()).toBeNull();
    });
  });

  it('whoever answers with another key under its address is not believed until a person accepts that key', async () => {
    const [known] = await slave.want(200, mastersSchema, ['GET', '/sync/masters/']);
    const stranger = generateNodeKey();
    await query(slave.test.database, `update masters set key = :key`, { key: stranger.id });
    const local =
      (await query<{ id: number }>(slave.test.database, `select slave_list_id as id from links order by 1 limit 1`))[0]?.id ?? 0;
    expect(await syncNow(slave, local)).toMatchObject({ state: 'failed', error: { code: 'MASTER_KEY_DIFFERS' }, local_count: 1 });
    const [offering] = await slave.want(200, mastersSchema, ['GET', '/sync/masters/']);
    expect(offering?.offered?.key).toBe(known?.key);
    await slave.refused('CONFLICT', ['POST', `/sync/masters/${offering?.id}/accept/`, { key: generateNodeKey().id }]);
    await slave.want(200, masterSchema, ['POST', `/sync/masters/${offering?.id}/accept/`, { key: known?.key }]);
    expect(await syncNow(slave, local)).toMatchObject({ state: 'synced' });
  });
});

describe('SITE_APPROVAL: required', () => {
  it('lets a node that holds the token wait, with the same words on both ends, until somebody accepts it', async () => {
    const [master, slave] = await Promise.all([start({ SITE_APPROVAL: 'required' }), start({ NODE_NAME: 'Gate 3' })]);
    await slave.work();
    const list = await makeFilledList(master, 'Wanted');
    const waiting = await linkNow(slave, master, list);
    expect(waiting).toMatchObject({ state: 'failed', error: { code: 'SITE_PENDING' } });
    const [site] = await sitesOf(master);
    const { words } = (await slave.call('GET', '/node/')).json as { words: string };
    expect(site).toMatchObject({ name: 'Gate 3', state: 'pending' });
    expect(await master.want(200, siteSchema, ['GET', `/sites/${site?.id}/`])).toMatchObject({ words });
    await master.want(200, siteSchema, ['POST', `/sites/${site?.id}/accept/`]);
    expect(await syncNow(slave, waiting.slave_dossier_list)).toMatchObject({ state: 'synced', local_count: 1 });
  });
});

describe('a revoked site', () => {
  it('reads nothing more, the webhooks are told, and its token lets nobody in', async () => {
    const [master, slave, thief] = await Promise.all([start(), start({ NODE_NAME: 'Gate 7' }), start({ NODE_NAME: 'Thief' })]);
    await Promise.all([slave.work(), thief.work()]);
    const list = await makeFilledList(master, 'Wanted');
    await master.want(201, siteSchema.partial().loose(), ['POST', '/webhooks/', { url: 'http://127.0.0.1:9/' }]);
    const { slave_dossier_list: local } = await linkNow(slave, master, list);
    const [site] = await sitesOf(master);
    await master.want(200, siteSchema, ['POST', `/sites/${site?.id}/revoke/`, { reason: 'stolen' }]);
    await master.call('POST', '/dossiers/', { body: { name: 'New', dossier_lists: [list] } });
    expect(await syncNow(slave, local)).toMatchObject({ state: 'failed', error: { code: 'SITE_REVOKED' }, local_count: 1 });
    const [told] = await query<{ event: string; code: string }>(
      master.test.database,
      `select event, body -> 'site' ->> 'code' as code from webhook_deliveries order by id desc limit 1`,
    );
    expect(told).toEqual({ event: 'site', code: 'SITE_REVOKED' });
    expect(await linkNow(thief, master, list)).toMatchObject({ state: 'failed', error: { code: 'SITE_PENDING' }, local_count: 0 });
    await master.refused('CONFLICT', ['POST', `/sites/${site?.id}/accept/`]);
  });
});

describe('a master that was restored from before it met a site', () => {
  it('lets a site that was invited wait again, and loses nothing', async () => {
    const [master, slave] = await Promise.all([start(), start({ SYNC_TOKEN: '', NODE_NAME: 'Ship' })]);
    await slave.work();
    const list = await makeFilledList(master, 'Wanted');
    const { code } = await invite(master, 'Ship');
    await join(slave, master, code);
    const { slave_dossier_list: local } = await linkNow(slave, master, list);
    await query(master.test.database, `delete from sites`);
    expect(await syncNow(slave, local)).toMatchObject({ state: 'failed', error: { code: 'SITE_PENDING' }, local_count: 1 });
    const [site] = await sitesOf(master);
    expect(site).toMatchObject({ state: 'pending', introduced_by: 'master' });
    await master.want(200, siteSchema, ['POST', `/sites/${site?.id}/accept/`, { lists: null }]);
    expect(await syncNow(slave, local)).toMatchObject({ state: 'synced' });
  });
});

describe('a site that was entered by its public key', () => {
  it('comes in at once', async () => {
    const [master, slave] = await Promise.all([start({ SITE_KEYS: 'require', SITE_APPROVAL: 'required' }), start()]);
    await slave.work();
    const { key } = (await slave.call('GET', '/node/')).json as { key: string };
    await master.want(201, createdSiteSchema, ['POST', '/sites/', { name: 'Gate 1', key }]);
    await master.refused('BAD_PARAM', ['POST', '/sites/', { name: 'Gate 2', key: randomUUID() }], 'key');
    const list = await makeFilledList(master, 'Wanted');
    expect(await linkNow(slave, master, list)).toMatchObject({ state: 'synced', local_count: 1 });
  });
});

describe('a key that follows another', () => {
  it('is taken for the site and for the master that it is, and so is the old one for a week', async () => {
    const [master, slave] = await Promise.all([start({ NODE_NAME: 'HQ' }), start({ NODE_NAME: 'Gate 4' })]);
    await slave.work();
    const list = await makeFilledList(master, 'Wanted');
    const { slave_dossier_list: local } = await linkNow(slave, master, list);
    const keyOf = async (node: NodeApi) => nodeKeyFromPem(await readFile(node.keyFile, 'utf8')) ?? generateNodeKey();
    const ask = async (nodeKey: SigningKey, succession: string | null) => {
      const trust = new NodeTrust(slave.test.database, {
        now: () => new Date(),
        remoteUrl: master.url,
        own: { nodeKey, succession, token: null },
      });
      const client = createFeedClient({ key: trust, remoteUrl: master.url, version: '0', now: () => new Date(), randomNonce: randomUUID });
      const code = await client.get('/feed/', { maximumBytes: 100_000 }).then(
        () => 'answered',
        (error: { code: string }) => error.code,
      );
      client.close();
      return code;
    };
    const old = await keyOf(slave);
    const next = generateNodeKey();
    expect(await ask(next, null)).toBe('SITE_UNKNOWN');
    expect(await ask(next, succeed(old, next.id, new Date(Date.now() - 8 * 24 * 3_600_000)))).toBe('SITE_UNKNOWN');
    expect(await ask(next, succeed(old, next.id, new Date()))).toBe('answered');
    expect((await sitesOf(master)).map(({ key, state }) => ({ key, state }))).toEqual([{ key: next.id, state: 'accepted' }]);
    expect(await ask(old, null)).toBe('answered');
    await query(master.test.database, `update sites set previous_until = now()`);
    expect(await ask(old, null)).toBe('SITE_UNKNOWN');

    // The master's key follows one that the slave knows.
    const former = generateNodeKey();
    const present = await keyOf(master);
    const trust = new NodeTrust(slave.test.database, {
      now: () => new Date(),
      remoteUrl: master.url,
      own: { nodeKey: next, succession: null, token: null },
    });
    await query(slave.test.database, `update masters set key = :key`, { key: former.id });
    await trust.terms();
    const answer = { key: present.id, voucher: undefined, node: undefined };
    expect(await trust.believe({ ...answer, succession: succeed(generateNodeKey(), present.id, new Date()) })).toBe('other-key');
    const tomorrow = new Date(Date.now() + 24 * 3_600_000);
    expect(await trust.believe({ ...answer, succession: succeed(former, present.id, tomorrow) })).toBe('other-key');
    expect(await trust.believe({ ...answer, succession: succeed(former, present.id, new Date()) })).toBe('believed');
    expect(await trust.believe({ ...answer, key: former.id, succession: undefined })).toBe('believed');
    expect(local).toBeGreaterThan(0);
  });
});
