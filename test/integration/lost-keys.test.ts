import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import http, { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { masterSchema, mastersSchema } from '@dossier/protocol/master.ts';
import { nodeKeyNamed, generateNodeKey } from '@dossier/protocol/node-key.ts';
import { createdSiteSchema, siteSchema } from '@dossier/protocol/site.ts';
import type { Site } from '@dossier/protocol/site.ts';
import { FEED_CHALLENGE } from '@dossier/protocol/signature-base.ts';
import { deriveSigningKey } from '@dossier/protocol/signing-key.ts';
import { masterTestSchema } from '@dossier/protocol/sync.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import { createFeedClient } from '@dossier/replication/feed-client.ts';
import { NodeTrust } from '@dossier/replication/trust.ts';
import { query } from '@dossier/postgres/database.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startNodeApi } from '../kit/node-api.ts';
import { linkNow } from '../kit/link-now.ts';
import { makeFilledList } from '../kit/persons.ts';
import type { NodeApi } from '../kit/node-api.ts';
import { syncNow } from '../kit/sync-now.ts';

/* Keys that are lost, kept back or another one: nothing stands still that the token carries, nobody is believed who isn't known, and each dead end has a way out. */

const token = deriveSigningKey('a-token-for-tests-of-thirty-two-characters');
const nodes: NodeApi[] = [];
const servers: Server[] = [];
/** A host that doesn't come by its node's key. */
const keyless = { NODE_KEY_FILE: `${fileURLToPath(import.meta.url)}/node.key` };

async function start(environment: Record<string, string> = {}): Promise<NodeApi> {
  const node = await startNodeApi(environment);
  nodes.push(node);
  return node;
}

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
  await Promise.all(nodes.splice(0).map((node) => node.stop()));
});

const sitesOf = async (master: NodeApi): Promise<Site[]> => (await master.want(200, pageOf(siteSchema), ['GET', '/sites/'])).results;
const mastersOf = (slave: NodeApi) => slave.want(200, mastersSchema, ['GET', '/sync/masters/']);
const testing = (slave: NodeApi, master: { url: string }) =>
  slave.want(200, masterTestSchema, ['POST', '/sync/test/', { remote_url: master.url }]);
const refusal = async (slave: NodeApi, master: { url: string }) =>
  (await slave.refused('CONFLICT', ['POST', '/sync/test/', { remote_url: master.url }], 'remote_url')).detail;

/** What somebody gets to hear who asks a master for a list, with what `slave` knows of that master. */
async function ask(
  slave: NodeApi,
  master: { url: string },
  { nodeKey, path }: { nodeKey: ReturnType<typeof generateNodeKey> | null; path: string },
) {
  const trust = new NodeTrust(slave.test.database, {
    now: () => new Date(),
    remoteUrl: master.url,
    own: { nodeKey, succession: null, token },
  });
  const client = createFeedClient({ key: trust, remoteUrl: master.url, version: '0', now: () => new Date(), randomNonce: randomUUID });
  const outcome = await client.get(path, { maximumBytes: 100_000 }).then(
    ({ status }) => String(status),
    (error: { code: string }) => error.code,
  );
  client.close();
  return outcome;
}

describe('a host that has not got the key of its node', () => {
  it('starts, says so, and copies lists by the token from a master that takes that', async () => {
    const [master, slave] = await Promise.all([start(), start({ ...keyless, NODE_NAME: 'Gate 7' })]);
    await slave.work();
    expect((await slave.call('GET', '/node/')).json).toMatchObject({ key: null, words: null });
    expect(await linkNow(slave, master, await makeFilledList(master))).toMatchObject({ state: 'synced', local_count: 1 });
    expect(await sitesOf(master)).toMatchObject([{ name: 'Gate 7', speaks_by: 'token', state: 'accepted' }]);
    expect(await mastersOf(slave)).toHaveLength(1);
  });

  it('goes on by the token where another host of its node has spoken by the key, whose entry stays as it is', async () => {
    const [master, slave] = await Promise.all([start(), start({ NODE_NAME: 'Gate 7' })]);
    await slave.work();
    const list = await makeFilledList(master);
    await linkNow(slave, master, list);
    await expect.poll(async () => (await sitesOf(master))[0]?.holdings[0]?.current).toBe(true);
    const [before] = await sitesOf(master);
    const head = `/feed/v1/dossier-lists/${list}/head`;
    const said = `?slave=${slave.deps.nodeUuid}&name=Gate&epoch=${randomUUID()}&revision=1&count=0&digest=${'0'.repeat(64)}`;
    // The path of a question holds no query: what is said goes beside it.
    const trust = new NodeTrust(slave.test.database, {
      now: () => new Date(),
      remoteUrl: master.url,
      own: { nodeKey: null, succession: null, token },
    });
    const client = createFeedClient({ key: trust, remoteUrl: master.url, version: '0', now: () => new Date(), randomNonce: randomUUID });
    const answer = await client.get(head, { query: Object.fromEntries(new URLSearchParams(said)), maximumBytes: 100_000 });
    client.close();
    expect(answer.status).toBe(200);
    const sites = await sitesOf(master);
    expect(sites.map(({ speaks_by: by }) => by ?? 'nothing').toSorted()).toEqual(['key', 'token']);
    expect(sites.find(({ id }) => id === before?.id)?.holdings).toMatchObject([{ digest: before?.holdings[0]?.digest, current: true }]);
  });

  it('is no way around the rights or the revocation of its node', async () => {
    const [master, slave] = await Promise.all([start(), start({ NODE_NAME: 'Gate 7' })]);
    await slave.work();
    const list = await makeFilledList(master);
    await linkNow(slave, master, list);
    const [site] = await sitesOf(master);
    // As if it had never shown the token.
    const forgetToken = () => query(master.test.database, `update sites set token_ids = '{}'`);
    const path = `/feed/v1/dossier-lists/${list}/head`;
    const named = async () => {
      const trust = new NodeTrust(slave.test.database, {
        now: () => new Date(),
        remoteUrl: master.url,
        own: { nodeKey: null, succession: null, token },
      });
      const client = createFeedClient({ key: trust, remoteUrl: master.url, version: '0', now: () => new Date(), randomNonce: randomUUID });
      const outcome = await client.get(path, { query: { slave: slave.deps.nodeUuid, name: 'Gate' }, maximumBytes: 100_000 }).then(
        ({ status }) => String(status),
        (error: { code: string }) => error.code,
      );
      client.close();
      return outcome;
    };
    await master.want(200, siteSchema, ['PATCH', `/sites/${site?.id}/`, { lists: [] }]);
    await forgetToken();
    expect(await named()).toBe('SITE_KEY_REQUIRED');
    await master.want(200, siteSchema, ['POST', `/sites/${site?.id}/revoke/`, { reason: 'stolen' }]);
    await forgetToken();
    expect(await named()).toBe('SITE_REVOKED');
  });
});

describe('a master that speaks by the token alone', () => {
  it.each([
    ['since its SITE_KEYS is off', { SITE_KEYS: 'off' }],
    ['since it has not got its key', keyless],
  ])('%s, is not believed by those who know its key, and they are told the way out', async (_why, environment) => {
    const [master, slave] = await Promise.all([start(environment), start()]);
    await slave.work();
    const list = await makeFilledList(master);
    const { slave_dossier_list: local } = await linkNow(slave, master, list);
    expect(await mastersOf(slave)).toEqual([]);
    await query(slave.test.database, `insert into masters (remote_url, node, key) values (:url, :node, :key)`, {
      url: master.url,
      node: master.deps.nodeUuid,
      key: generateNodeKey().id,
    });
    expect(await syncNow(slave, local)).toMatchObject({ error: { code: 'MASTER_KEYLESS' }, local_count: 1 });
    expect(await refusal(slave, master)).toMatch(/signs by SYNC_TOKEN alone.*SITE_KEYS to prefer.*dossier masters forget/);
    expect(await ask(slave, master, { nodeKey: null, path: '/feed/' })).toBe('MASTER_KEYLESS');
    const [known] = await mastersOf(slave);
    expect((await slave.call('DELETE', `/sync/masters/${known?.id}/`)).status).toBe(204);
    expect(await syncNow(slave, local)).toMatchObject({ state: 'synced', local_count: 1 });
  });
});

describe('a master whose key is not known yet', () => {
  /** Passes requests on, and says to those that are signed by a key that nobody knows them. */
  async function startDowngrade(master: NodeApi, refused: RegExp): Promise<{ url: string }> {
    const server = createServer((request, response) => {
      if (refused.test(JSON.stringify(request.headers))) {
        response.writeHead(401, { 'www-authenticate': FEED_CHALLENGE, date: new Date().toUTCString() }).end();
        return;
      }
      const passed = http.request(new URL(request.url ?? '/', master.url), { headers: request.headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(response);
      });
      passed.end();
    }).listen(0, '127.0.0.1');
    servers.push(server);
    await once(server, 'listening');
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
  }

  it('is met by its key all the same where somebody on the line refuses what is signed by keys', async () => {
    const [master, slave] = await Promise.all([start(), start()]);
    await slave.work();
    const line = await startDowngrade(master, /ed25519/);
    expect(await linkNow(slave, line, await makeFilledList(master))).toMatchObject({
      state: 'synced',
      local_count: 1,
      master_key_known: true,
    });
    expect(await mastersOf(slave)).toMatchObject([{ node: master.deps.nodeUuid, key: expect.any(String) }]);
  });

  it('is said to be unknown where he lets nothing through that asks for it', async () => {
    const [master, slave] = await Promise.all([start(), start()]);
    await slave.work();
    const line = await startDowngrade(master, /ed25519|dossier-voucher/);
    expect(await linkNow(slave, line, await makeFilledList(master))).toMatchObject({ state: 'synced', master_key_known: false });
    expect(await mastersOf(slave)).toEqual([]);
  });
});

describe('a master whose key is another one', () => {
  let master: NodeApi;
  let slave: NodeApi;
  let list: number;
  beforeEach(async () => {
    [master, slave] = await Promise.all([start({ NODE_NAME: 'HQ' }), start()]);
    await slave.work();
    list = await makeFilledList(master);
  });

  it('as it was set up anew, is the one that is known once a person has accepted its key', async () => {
    const anew = await start({ NODE_NAME: 'HQ' });
    const { slave_dossier_list: local } = await linkNow(slave, master, list);
    for (const table of ['masters', 'links']) await query(slave.test.database, `update ${table} set remote_url = :url`, { url: anew.url });
    expect(await syncNow(slave, local)).toMatchObject({ error: { code: 'MASTER_KEY_DIFFERS' }, local_count: 1 });
    const [known] = await mastersOf(slave);
    await slave.want(200, masterSchema, ['POST', `/sync/masters/${known?.id}/accept/`, { key: known?.offered?.key }]);
    expect(await testing(slave, anew)).toMatchObject({ node: anew.deps.nodeUuid });
    expect(await mastersOf(slave)).toMatchObject([{ node: anew.deps.nodeUuid, offered: null }]);
    // The link knows which node it was made for: that isn't taken for another one in silence.
    expect(await syncNow(slave, local)).toMatchObject({
      error: { code: expect.stringMatching(/NO_SUCH_LIST|NODE_REPLACED/) },
      local_count: 1,
    });
  });

  it('is forgotten under all of its addresses, and the next one that the token vouches for is believed', async () => {
    await testing(slave, master);
    const elsewhere = master.url.replace('127.0.0.1', 'localhost');
    await query(slave.test.database, `update masters set key = :key`, { key: generateNodeKey().id });
    await query(
      slave.test.database,
      `insert into masters (remote_url, node, key) select :elsewhere, node, key from masters where remote_url = :url`,
      { elsewhere, url: master.url },
    );
    expect(await refusal(slave, master)).toMatch(/signs with another key/);
    const [known] = await mastersOf(slave);
    expect((await slave.call('DELETE', `/sync/masters/${known?.id}/`)).status).toBe(204);
    expect(await testing(slave, master)).toMatchObject({ node: master.deps.nodeUuid });
  });

  it('under another address than before, is offered beside the one that is known', async () => {
    await testing(slave, master);
    const stranger = generateNodeKey();
    await query(slave.test.database, `update masters set key = :key, remote_url = 'http://moved.example'`, { key: stranger.id });
    expect(await refusal(slave, master)).toMatch(/signs with another key/);
    const [known] = await mastersOf(slave);
    expect(known).toMatchObject({ remote_url: 'http://moved.example', key: stranger.id, offered: { remote_url: master.url } });
    expect(nodeKeyNamed(known?.offered?.key ?? '')).not.toBeNull();
    await slave.want(200, masterSchema, ['POST', `/sync/masters/${known?.id}/accept/`, { key: known?.offered?.key }]);
    expect(await testing(slave, master)).toMatchObject({ node: master.deps.nodeUuid });
  });
});

describe('a master that was restored from before it met a site', () => {
  it('lets it wait though it holds the token, whose rights may have been other ones; and still learns which token that is', async () => {
    const [master, slave] = await Promise.all([start(), start({ NODE_NAME: 'Gate 7' })]);
    await slave.work();
    const { slave_dossier_list: local } = await linkNow(slave, master, await makeFilledList(master));
    await query(master.test.database, `delete from sites`);
    expect(await syncNow(slave, local)).toMatchObject({ state: 'failed', error: { code: 'SITE_PENDING' }, local_count: 1 });
    const [site] = await sitesOf(master);
    expect(site).toMatchObject({ state: 'pending', introduced_by: 'master', shown_token: true });
    await master.want(200, siteSchema, ['POST', `/sites/${site?.id}/accept/`, { lists: null }]);
    await query(master.test.database, `update sites set token_ids = '{}'`);
    expect(await syncNow(slave, local)).toMatchObject({ state: 'synced', local_count: 1 });
    await expect.poll(async () => (await sitesOf(master))[0]?.shown_token).toBe(true);
  });

  it('tells the audit and the webhooks, once, as soon as a slave proves it', async () => {
    const [master, slave] = await Promise.all([start(), start()]);
    await slave.work();
    const list = await makeFilledList(master);
    await master.call('POST', '/webhooks/', { body: { url: 'http://127.0.0.1:9/' } });
    for (const remote of [list, await makeFilledList(master)]) {
      const { slave_dossier_list: local } = await linkNow(slave, master, remote);
      await query(master.test.database, `update list_positions set revision = revision - 1 where list_id = :remote`, { remote });
      await syncNow(slave, local);
    }
    const told = await query(
      master.test.database,
      `select body ->> 'sentence' as sentence from webhook_deliveries where body ->> 'site' is null`,
    );
    expect(told).toEqual([{ sentence: expect.stringMatching(/restored from a backup.*"Wanted".*revoke again/) }]);
    expect(await query(master.test.database, `select object_kind from audit where action = 'restore-noticed'`)).toEqual([
      { object_kind: 'node' },
    ]);
  });

  it('lets the site wait that it had invited, though the site holds a token of somebody else', async () => {
    const [master, slave] = await Promise.all([start({ SYNC_TOKEN: '' }), start({ SYNC_TOKEN: 'a token that this master does not know' })]);
    await slave.work();
    const list = await makeFilledList(master);
    const { code } = await master.want(201, createdSiteSchema, ['POST', '/sites/', { name: 'Ship' }]);
    expect((await slave.call('POST', '/sync/masters/', { body: { remote_url: master.url, code } })).status).toBe(201);
    const { slave_dossier_list: local } = await linkNow(slave, master, list);
    await query(master.test.database, `delete from sites`);
    expect(await syncNow(slave, local)).toMatchObject({ state: 'failed', error: { code: 'SITE_PENDING' }, local_count: 1 });
    const [site] = await sitesOf(master);
    await master.want(200, siteSchema, ['POST', `/sites/${site?.id}/accept/`, { lists: null }]);
    expect(await syncNow(slave, local)).toMatchObject({ state: 'synced', local_count: 1 });
  });
});
