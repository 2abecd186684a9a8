import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { sha256Of } from '@dossier/protocol/content-digest.ts';
import { generateNodeKey, nodeKeyFromPem } from '@dossier/protocol/node-key.ts';
import { NODE_FIELD, signRequest, verifyRequest } from '@dossier/protocol/request-signature.ts';
import { signResponse } from '@dossier/protocol/response-signature.ts';
import { siteSchema } from '@dossier/protocol/site.ts';
import { deriveSigningKey } from '@dossier/protocol/signing-key.ts';
import type { SigningKey } from '@dossier/protocol/signing-key.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import { succeed, SUCCESSION_FIELD, vouch, VOUCHER_FIELD } from '@dossier/protocol/voucher.ts';
import { query } from '@dossier/postgres/database.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { syncNow } from '../kit/sync-now.ts';
import { startNodeApi } from '../kit/node-api.ts';
import { linkNow } from '../kit/link-now.ts';
import { makePictured } from '../kit/persons.ts';
import type { NodeApi } from '../kit/node-api.ts';

/*
 * Somebody has carried off the box at gate 7: its key, the token and its disk are his. Written as he would: over every route of the feed, for every way to sign.
 */

const syncToken = 'a-token-for-tests-of-thirty-two-characters';
const token = deriveSigningKey(syncToken);
const everything: NodeApi[] = [];
const servers: Server[] = [];

let master: NodeApi;
let gate7: NodeApi;
let gate8: NodeApi;
/** Has the granted list, and gives it on; he finds it as well. */
let branch: NodeApi;
let local: number;
let granted: number;
let secret: number;
let stolenKey: SigningKey;
/** What he must not see. */
let dossier: { uuid: string; sha256: string };

async function start(environment: Record<string, string>): Promise<NodeApi> {
  const node = await startNodeApi(environment);
  everything.push(node);
  return node;
}

const siteOf = async (on: NodeApi, name: string) =>
  (await on.want(200, pageOf(siteSchema), ['GET', '/sites/'])).results.find((site) => site.name === name);

beforeAll(async () => {
  [master, gate7, gate8, branch] = (await Promise.all(['HQ', 'Gate 7', 'Gate 8', 'Branch'].map((name) => start({ NODE_NAME: name })))) as [
    NodeApi,
    NodeApi,
    NodeApi,
    NodeApi,
  ];
  await Promise.all([gate7.work(), gate8.work(), branch.work()]);
  granted = await master.makeList('Granted');
  secret = await master.makeList('Secret');
  await master.call('POST', '/dossiers/', { body: { name: 'Grace Granted', dossier_lists: [granted] } });
  const { sha256 } = await makePictured(master, { name: 'Sam Secret', dossier_lists: [secret] }, 'red');
  const [row] = await query<{ uuid: string }>(master.test.database, `select uuid from dossiers where set_id = set_of(:secret)`, { secret });
  dossier = { uuid: row?.uuid ?? '', sha256 };
  expect(await linkNow(gate7, master, granted)).toMatchObject({ state: 'synced' });
  expect(await linkNow(gate8, master, granted)).toMatchObject({ state: 'synced' });
  const linked = await linkNow(branch, master, granted);
  expect(linked).toMatchObject({ state: 'synced' });
  local = linked.slave_dossier_list;
  const site = await siteOf(master, 'Gate 7');
  await master.want(200, siteSchema, ['PATCH', `/sites/${site?.id}/`, { lists: [granted] }]);
  stolenKey = nodeKeyFromPem(await readFile(gate7.keyFile, 'utf8')) ?? generateNodeKey();
  expect(stolenKey.id).toBe(site?.key);
});
afterAll(async () => {
  for (const server of servers) server.closeAllConnections();
  for (const server of servers) server.close();
  await Promise.all(everything.map((node) => node.stop()));
});

/** Every route of the feed, asked for a list. */
function routes(list: number): string[] {
  const at = `/feed/v1/dossier-lists/${list}`;
  return [
    '/feed/',
    '/feed/v1/dossier-lists/',
    `/feed/v1/heads?lists=${list}.${'A'.repeat(43)}`,
    `${at}/head`,
    `${at}/changes?since=0&epoch=${randomUUID()}`,
    `${at}/rows?uuids=${dossier.uuid}`,
    `${at}/tree?prefixes=`,
    `${at}/photos?of=${dossier.uuid}.${dossier.sha256}`,
    `${at}/photos/${dossier.uuid}/${dossier.sha256}`,
  ];
}

interface Said {
  status: number;
  refusal: string | null;
  text: string;
}

async function ask(url: string, path: string, key: SigningKey, fields: Record<string, string> = {}): Promise<Said> {
  const target = new URL(path, url);
  const signature = signRequest(key, { method: 'GET', url: target, headers: fields }, { now: new Date(), nonce: randomUUID() });
  const answer = await fetch(target, { headers: { ...fields, ...signature } });
  return {
    status: answer.status,
    refusal: answer.headers.get('dossier-refusal'),
    text: Buffer.from(await answer.arrayBuffer()).toString('latin1'),
  };
}

const named = (path: string, node: string): string => `${path}${path.includes('?') ? '&' : '?'}slave=${node}&name=Gate`;

/** All ways in which he can sign: what he adds, and as whom. */
function ways(): [string, SigningKey, Record<string, string>, string][] {
  const fresh = generateNodeKey();
  return [
    ['with the stolen key', stolenKey, {}, gate7.deps.nodeUuid],
    ['with the stolen key and the token', stolenKey, { [VOUCHER_FIELD]: vouch(token, 'site', stolenKey.id) }, gate7.deps.nodeUuid],
    ['with the token alone, as gate 7', token, {}, gate7.deps.nodeUuid],
    ['with the token alone, as gate 8', token, {}, gate8.deps.nodeUuid],
    ['with the token alone, as somebody else', token, {}, randomUUID()],
    ['with a new key and the token, as somebody else', fresh, { [VOUCHER_FIELD]: vouch(token, 'site', fresh.id) }, randomUUID()],
    ['with a new key and the token, as gate 8', fresh, { [VOUCHER_FIELD]: vouch(token, 'site', fresh.id) }, gate8.deps.nodeUuid],
    [
      'with a new key that the stolen one names as its next',
      fresh,
      { [SUCCESSION_FIELD]: succeed(stolenKey, fresh.id, new Date()) },
      gate7.deps.nodeUuid,
    ],
    ['with a new key and nothing', generateNodeKey(), {}, randomUUID()],
    ['with the token, asking for an answer by the key', token, { [VOUCHER_FIELD]: vouch(token, 'site', token.id) }, gate7.deps.nodeUuid],
    ['with a word of his own for a new key', fresh, { [VOUCHER_FIELD]: vouch(stolenKey, 'site', fresh.id) }, randomUUID()],
  ];
}

const betrayed = /Sam Secret|Secret|PNG/;

describe('before anybody knows of it', () => {
  it('a list that gate 7 was not granted is not there, on any route, however he signs', async () => {
    for (const [way, key, fields, node] of ways().filter(([name]) => !name.includes('as its next'))) {
      for (const path of routes(secret)) {
        for (const asked of [path, named(path, node)]) {
          const { status, text } = await ask(master.url, asked, key, fields);
          expect(text, `${way}: ${asked}`).not.toMatch(betrayed);
          expect([200, 401, 403, 404], `${way}: ${asked}`).toContain(status);
        }
      }
      expect((await ask(master.url, `/feed/v1/dossier-lists/${secret}/head`, key, fields)).status, way).not.toBe(200);
    }
  });

  it('is the same answer as for a list that does not exist', async () => {
    const of = async (list: number) =>
      Promise.all(
        routes(list)
          .slice(3)
          .map(async (path) => (await ask(master.url, path, stolenKey)).status),
      );
    expect(await of(secret)).toEqual(await of(987_654));
  });

  it('he is not gate 8 to the master: its entry, its key and what it holds stay', async () => {
    const before = await siteOf(master, 'Gate 8');
    for (const [, key, fields] of ways()) {
      if (key === stolenKey) continue;
      await ask(master.url, named(`/feed/v1/dossier-lists/${granted}/head`, gate8.deps.nodeUuid), key, fields);
    }
    const after = await siteOf(master, 'Gate 8');
    expect({ key: after?.key, state: after?.state, holdings: after?.holdings.length }).toEqual({
      key: before?.key,
      state: 'accepted',
      holdings: before?.holdings.length,
    });
  });
});

describe('as the master', () => {
  /** Answers like the master under its address, signed as he can. */
  async function pose(sign: { key: SigningKey; fields: Record<string, string> }, port: number): Promise<Server> {
    const server = createServer((request, response) => {
      const received = { method: 'GET', target: request.url ?? '', headers: request.headersDistinct };
      const verified = verifyRequest([token], received, { now: new Date(), strangers: true });
      if (!verified.ok) {
        response.writeHead(500).end();
        return;
      }
      const body = Buffer.from(JSON.stringify({ node: master.deps.nodeUuid, versions: [1], external_address: null, schedule: {} }));
      const headers = { 'content-type': 'application/json', ...sign.fields };
      const fields = signResponse(
        sign.key,
        { status: 404, headers, sha256: sha256Of(body) },
        { requestSignature: verified.signature, now: new Date() },
      );
      response.writeHead(404, { ...headers, ...fields, 'content-length': body.length }).end(body);
    }).listen(port, '127.0.0.1');
    servers.push(server);
    await once(server, 'listening');
    return server;
  }

  it('nobody believes him who has met the master, neither by the token, nor by gate 7’s key, nor by one that the token vouches for', async () => {
    const [known] = await query<{ remote_url: string; slave_list_id: number }>(
      gate8.test.database,
      `select remote_url, slave_list_id from links`,
    );
    const fresh = generateNodeKey();
    const vouched = (key: SigningKey) => ({ [NODE_FIELD]: master.deps.nodeUuid, [VOUCHER_FIELD]: vouch(token, 'master', key.id) });
    for (const sign of [
      { key: token, fields: {} },
      { key: stolenKey, fields: vouched(stolenKey) },
      { key: fresh, fields: vouched(fresh) },
      { key: fresh, fields: { ...vouched(fresh), [SUCCESSION_FIELD]: succeed(stolenKey, fresh.id, new Date()) } },
    ]) {
      const server = await pose(sign, 0);
      // As if the name of the master led to him.
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      await query(gate8.test.database, `update masters set remote_url = :url`, { url });
      await query(gate8.test.database, `update links set remote_url = :url`, { url });
      // One that is tried again would be taken for the new one.
      await query(gate8.test.database, `update runs set state = 'cancelled', finished_date = now() where finished_date is null`);
      const { error, local_count } = await syncNow(gate8, known?.slave_list_id ?? 0);
      expect(['MASTER_KEY_DIFFERS', 'ANSWER_FORGED']).toContain(error?.code);
      expect(local_count).toBe(1);
      server.closeAllConnections();
      server.close();
    }
    await query(gate8.test.database, `update runs set state = 'cancelled', finished_date = now() where finished_date is null`);
    await query(gate8.test.database, `update masters set remote_url = :url, offered_key = null`, { url: known?.remote_url });
    await query(gate8.test.database, `update links set remote_url = :url`, { url: known?.remote_url });
  });

  it('nor under an address of his own, where he says that he is the master', async () => {
    const fresh = generateNodeKey();
    const fields = { [NODE_FIELD]: master.deps.nodeUuid, [VOUCHER_FIELD]: vouch(token, 'master', fresh.id) };
    const server = await pose({ key: fresh, fields }, 0);
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    expect((await linkNow(gate8, { url }, granted)).error?.code).toBe('MASTER_KEY_DIFFERS');
  });
});

describe('once it is revoked', () => {
  beforeAll(async () => {
    const site = await siteOf(master, 'Gate 7');
    await master.want(200, siteSchema, ['POST', `/sites/${site?.id}/revoke/`, { reason: 'stolen' }]);
    await master.call('POST', '/dossiers/', { body: { name: 'Late Lindqvist', dossier_lists: [granted] } });
  });

  it('he reads nothing more, on any route, however he signs', async () => {
    for (const [way, key, fields, node] of ways()) {
      for (const list of [granted, secret]) {
        for (const path of routes(list)) {
          for (const asked of [path, named(path, node)]) {
            const { status, text, refusal } = await ask(master.url, asked, key, fields);
            expect(status, `${way}: ${asked}`).toBeGreaterThanOrEqual(401);
            expect(text, `${way}: ${asked}`).not.toMatch(/Lindqvist|Granted|Secret|versions/);
            if (key === stolenKey) expect(refusal).toBe('SITE_REVOKED');
          }
        }
      }
    }
  });

  it('the other gates go on by their keys, without any change to the token', async () => {
    const [known] = await query<{ id: number }>(gate8.test.database, `select slave_list_id as id from links order by 1 limit 1`);
    expect(await syncNow(gate8, known?.id ?? 0)).toMatchObject({ state: 'synced', local_count: 2 });
  });
});

describe('through a branch', () => {
  const everyWay = async (list: number, see: (said: Said, which: string) => void): Promise<void> => {
    for (const [way, key, fields, node] of ways()) {
      for (const path of routes(list)) {
        for (const asked of [path, named(path, node)]) see(await ask(branch.url, asked, key, fields), `${way}: ${asked}`);
      }
    }
  };

  it('that has not heard yet, he reads nothing that came after his revocation', async () => {
    await everyWay(local, ({ text }, which) => expect(text, which).not.toMatch(/Lindqvist|Sam Secret/));
  });

  it('that has got anything since, he reads nothing any more', async () => {
    expect(await syncNow(branch, local)).toMatchObject({ state: 'synced', local_count: 2 });
    const distrusted = await query<{ id: string }>(branch.test.database, `select id from distrusted`);
    expect(distrusted.map(({ id }) => id)).toEqual(expect.arrayContaining([token.id, stolenKey.id]));
    await query(branch.test.database, `delete from sites where state = 'pending'`);
    for (const list of [local, secret]) {
      await everyWay(list, ({ status, text }, which) => {
        expect(status, which).toBeGreaterThanOrEqual(401);
        expect(text, which).not.toMatch(/Lindqvist|Granted|Secret|versions/);
      });
    }
  });

  it('a list that it was not granted is not there', async () => {
    const site = await siteOf(master, 'Branch');
    await master.want(200, siteSchema, ['PATCH', `/sites/${site?.id}/`, { lists: [granted] }]);
    expect(await linkNow(branch, master, secret)).toMatchObject({ state: 'failed', error: { code: 'NO_SUCH_LIST' }, local_count: 0 });
    const offered = await ask(branch.url, '/feed/v1/dossier-lists/', token);
    expect(offered.text).not.toMatch(/Secret/);
  });

  it('that comes now, somebody has to accept it: the token lets nobody in any more', async () => {
    const late = await start({ NODE_NAME: 'Late branch' });
    await late.work();
    const pending = await linkNow(late, master, granted);
    expect(pending.error?.code).toBe('SITE_PENDING');
    const site = await siteOf(master, 'Late branch');
    await master.want(200, siteSchema, ['POST', `/sites/${site?.id}/accept/`]);
    expect(await syncNow(late, pending.slave_dossier_list)).toMatchObject({ state: 'synced' });
    const { status } = await ask(late.url, named(`/feed/v1/dossier-lists/${pending.slave_dossier_list}/head`, randomUUID()), token);
    expect(status).toBe(403);
  });
});
