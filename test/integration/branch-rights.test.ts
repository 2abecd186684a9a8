import { randomUUID } from 'node:crypto';
import { generateNodeKey } from '@dossier/protocol/node-key.ts';
import { signRequest } from '@dossier/protocol/request-signature.ts';
import { siteSchema } from '@dossier/protocol/site.ts';
import type { Site } from '@dossier/protocol/site.ts';
import { deriveSigningKey } from '@dossier/protocol/signing-key.ts';
import type { SigningKey } from '@dossier/protocol/signing-key.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import { succeed, SUCCESSION_FIELD, vouch, VOUCHER_FIELD } from '@dossier/protocol/voucher.ts';
import { query } from '@dossier/postgres/database.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startNodeApi } from '../kit/node-api.ts';
import { linkNow } from '../kit/link-now.ts';
import type { NodeApi } from '../kit/node-api.ts';
import { syncNow } from '../kit/sync-now.ts';

/* A branch has two lists of its master, and gates read them there: what the master says of a gate's key holds at the branch, for that master's lists. */

const token = deriveSigningKey('a-token-for-tests-of-thirty-two-characters');
const nodes: NodeApi[] = [];
let master: NodeApi;
let branch: NodeApi;
/** The lists there, and their copies here. */
let remote: [number, number];
let local: [number, number];

async function start(environment: Record<string, string> = {}): Promise<NodeApi> {
  const node = await startNodeApi(environment);
  nodes.push(node);
  return node;
}

async function link(to: NodeApi, list: number): Promise<number> {
  const linked = await linkNow(branch, to, list);
  expect(linked).toMatchObject({ state: 'synced' });
  return linked.slave_dossier_list;
}

beforeEach(async () => {
  [master, branch] = await Promise.all([start({ NODE_NAME: 'HQ' }), start({ NODE_NAME: 'Branch' })]);
  await branch.work();
  remote = [await master.makeList('First'), await master.makeList('Second')];
  local = [await link(master, remote[0]), await link(master, remote[1])];
});
afterEach(async () => {
  await Promise.all(nodes.splice(0).map((node) => node.stop()));
});

interface Gate {
  node: string;
  key: SigningKey;
}
const newGate = (): Gate => ({ node: randomUUID(), key: generateNodeKey() });
const vouched = (key: SigningKey): Record<string, string> => ({ [VOUCHER_FIELD]: vouch(token, 'site', key.id) });

async function send(at: NodeApi, path: string, { node, key }: Gate, fields: Record<string, string>): Promise<Response> {
  const url = new URL(`${path}?slave=${node}&name=Gate`, at.url);
  const signature = signRequest(key, { method: 'GET', url, headers: fields }, { now: new Date(), nonce: randomUUID() });
  return fetch(url, { headers: { ...fields, ...signature } });
}
/** Asks for the head of a list. */
async function ask(at: NodeApi, list: number, gate: Gate, fields: Record<string, string> = {}): Promise<string> {
  const answer = await send(at, `/feed/v1/dossier-lists/${list}/head`, gate, fields);
  return `${answer.status} ${answer.headers.get('dossier-refusal') ?? '-'}`;
}
/** Comes for the first time, by the token. */
const enter = (at: NodeApi, list: number, gate: Gate) => ask(at, list, gate, vouched(gate.key));
/** Gives itself another key; a day after the last one, as no sooner is followed. */
async function rekey(at: NodeApi, list: number, gate: Gate): Promise<Gate> {
  await query(at.test.database, `update sites set previous_until = previous_until - interval '1 day' where key = :key`, {
    key: gate.key.id,
  });
  const next = { node: gate.node, key: generateNodeKey() };
  expect(await ask(at, list, next, { [SUCCESSION_FIELD]: succeed(gate.key, next.key.id, new Date()) })).toBe('200 -');
  return next;
}

async function siteOf(on: NodeApi, { key }: Gate): Promise<Site> {
  const { results } = await on.want(200, pageOf(siteSchema), ['GET', '/sites/']);
  const site = results.find((each) => each.key === key.id);
  if (!site) throw new Error('no such site');
  return site;
}
const revoke = async (on: NodeApi, gate: Gate) =>
  on.want(200, siteSchema, ['POST', `/sites/${(await siteOf(on, gate)).id}/revoke/`, { reason: 'stolen' }]);
const grant = async (on: NodeApi, gate: Gate, lists: number[] | null) =>
  on.want(200, siteSchema, ['PATCH', `/sites/${(await siteOf(on, gate)).id}/`, { lists }]);

async function sync(...lists: number[]): Promise<void> {
  for (const list of lists) expect(await syncNow(branch, list)).toMatchObject({ state: 'synced' });
}
describe('a site that its master revokes', () => {
  it('is refused at a branch by every key that it ever gave itself there', async () => {
    const gate = newGate();
    for (const at of [master, branch]) expect(await enter(at, local[0], gate)).toBe('200 -');
    const next = await rekey(branch, local[0], gate);
    const third = await rekey(branch, local[0], next);
    await revoke(master, gate);
    await sync(...local);
    for (const who of [gate, next, third]) {
      for (const list of local) expect(await ask(branch, list, who, vouched(who.key))).toBe('403 SITE_REVOKED');
      const after = { node: gate.node, key: generateNodeKey() };
      expect(await ask(branch, local[0], after, { [SUCCESSION_FIELD]: succeed(who.key, after.key.id, new Date()) })).toBe('401 -');
    }
  });

  it('is refused by the keys that it gave up at the master, at a branch that knows one of those only, and at the master', async () => {
    const gate = newGate();
    for (const at of [master, branch]) expect(await enter(at, local[0], gate)).toBe('200 -');
    const { certificate } = (await (await send(master, '/feed/', gate, {})).json()) as { certificate: string };
    const third = await rekey(master, remote[0], await rekey(master, remote[0], gate));
    // What it gave up lets nobody in, by whichever word.
    expect(await ask(master, remote[0], gate, { [VOUCHER_FIELD]: certificate })).toBe('401 -');
    expect(await ask(master, remote[0], gate, vouched(gate.key))).toBe('401 -');
    await revoke(master, third);
    await sync(...local);
    expect(await ask(branch, local[0], gate)).toBe('403 SITE_REVOKED');
    expect(await ask(master, remote[0], gate, { [VOUCHER_FIELD]: certificate })).toBe('403 SITE_REVOKED');
    await master.refused('CONFLICT', ['POST', '/sites/', { name: 'Gate 7 again', key: gate.key.id }]);
  });

  it('takes with it the token of the branch that it has shown there', async () => {
    const gate = newGate();
    const words = { name: 'Gate 7', key: gate.key.id };
    await master.want(201, siteSchema.loose(), ['POST', '/sites/', words]);
    expect(await enter(branch, local[0], gate)).toBe('200 -');
    await expect.poll(async () => (await siteOf(branch, gate)).shown_token).toBe(true);
    await revoke(master, gate);
    await sync(...local);
    expect(await enter(branch, local[0], newGate())).toBe('403 SITE_PENDING');
    expect(await ask(branch, local[0], { node: randomUUID(), key: token })).toBe('403 SITE_KEY_REQUIRED');
  });

  it('is told of to the operator of the branch, and so is whom the same token alone has let in there', async () => {
    const [gate, other, ours] = [newGate(), newGate(), newGate()];
    await branch.want(201, siteSchema.partial().loose(), ['POST', '/webhooks/', { url: 'http://127.0.0.1:9/' }]);
    expect(await enter(master, remote[0], gate)).toBe('200 -');
    for (const who of [gate, other, ours]) expect(await enter(branch, local[0], who)).toBe('200 -');
    await branch.want(200, siteSchema, ['POST', `/sites/${(await siteOf(branch, ours)).id}/accept/`]);
    await revoke(master, gate);
    await sync(...local);
    await expect.poll(async () => (await siteOf(branch, other)).alert?.code).toBe('TOKEN_DISTRUSTED');
    expect(await siteOf(branch, gate)).toMatchObject({ state: 'revoked', alert: { code: 'SITE_DISTRUSTED' } });
    expect(await siteOf(branch, ours)).toMatchObject({ state: 'accepted', alert: null });
    // A gate stands before people: what is only suspected stops none.
    expect(await ask(branch, local[0], other)).toBe('200 -');
    const kept = await query(branch.test.database, `select details ->> 'code' as code from audit where action = 'site-alert' order by 1`);
    expect(kept).toEqual([{ code: 'SITE_DISTRUSTED' }, { code: 'TOKEN_DISTRUSTED' }]);
    const told = await query(branch.test.database, `select body -> 'site' ->> 'code' as code from webhook_deliveries order by 1`);
    expect(told).toEqual([{ code: 'SITE_DISTRUSTED' }, { code: 'TOKEN_DISTRUSTED' }]);
  });

  it('still reads what the branch has from another master, who is not asked about the first one’s lists either', async () => {
    const [other, gate] = [await start({ NODE_NAME: 'Other' }), newGate()];
    const theirs = await link(other, await other.makeList('Theirs'));
    for (const at of [master, branch]) expect(await enter(at, local[0], gate)).toBe('200 -');
    await revoke(master, gate);
    await sync(...local, theirs);
    expect(await ask(branch, local[0], gate)).toBe('404 -');
    expect(await ask(branch, theirs, gate)).toBe('200 -');
  });
});

describe('a list that its master has not granted to a site', () => {
  it('is not there for it at a branch either, that knew it before, by whichever of its keys; others are', async () => {
    const gate = newGate();
    for (const at of [master, branch]) expect(await enter(at, local[0], gate)).toBe('200 -');
    const next = await rekey(branch, local[0], gate);
    await grant(master, gate, [remote[0]]);
    await sync(...local);
    for (const who of [gate, next]) {
      expect(await ask(branch, local[1], who)).toBe('404 -');
      expect(await ask(branch, local[0], who)).toBe('200 -');
      expect(await (await send(branch, '/feed/v1/dossier-lists/', who, {})).json()).toMatchObject({ dossier_lists: [{ id: local[0] }] });
    }
    expect(await ask(branch, local[1], { node: gate.node, key: token })).toBe('403 SITE_KEY_REQUIRED');
  });

  it('is there again once it is granted, and ten minutes later at most', async () => {
    const gate = newGate();
    for (const at of [master, branch]) expect(await enter(at, local[0], gate)).toBe('200 -');
    await grant(master, gate, []);
    await sync(...local);
    expect(await ask(branch, local[1], gate)).toBe('404 -');
    await grant(master, gate, null);
    // The tag of a head isn't kept while more is kept than it names.
    const untagged = async () => {
      await sync(...local);
      return query(branch.test.database, `select from links where head_tag is null`);
    };
    await expect.poll(untagged, { timeout: 20_000 }).toHaveLength(2);
    expect(await ask(branch, local[1], gate)).toBe('404 -');
    await query(branch.test.database, `update clock set age_moment = now()`);
    await query(branch.test.database, `update distrusted set named_date = named_date - interval '11 minutes'`);
    await sync(...local);
    expect(await ask(branch, local[1], gate)).toBe('200 -');
    expect(await query(branch.test.database, `select from distrusted`)).toEqual([]);
  });
});
