import { randomUUID } from 'node:crypto';
import { generateNodeKey } from '@dossier/protocol/node-key.ts';
import { signRequest } from '@dossier/protocol/request-signature.ts';
import { createdSiteSchema, siteSchema } from '@dossier/protocol/site.ts';
import type { Site } from '@dossier/protocol/site.ts';
import { deriveSigningKey } from '@dossier/protocol/signing-key.ts';
import type { SigningKey } from '@dossier/protocol/signing-key.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import { readInvitationCode, vouch, VOUCHER_FIELD } from '@dossier/protocol/voucher.ts';
import { query } from '@dossier/postgres/database.ts';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startNodeApi } from '../kit/node-api.ts';
import type { NodeApi } from '../kit/node-api.ts';

/* A code is used by a node that is known already, or says so: nothing that is known of it is lost, and nobody else's either. */

const token = deriveSigningKey('a-token-for-tests-of-thirty-two-characters');
let master: NodeApi;
let lists: [number, number];

beforeEach(async () => {
  master = await startNodeApi();
  lists = [await master.makeList('First'), await master.makeList('Second')];
});
afterEach(async () => {
  await master.stop();
});

interface Gate {
  node: string;
  key: SigningKey;
}
const newGate = (): Gate => ({ node: randomUUID(), key: generateNodeKey() });
const byToken = (key: SigningKey): Record<string, string> => ({ [VOUCHER_FIELD]: vouch(token, 'site', key.id) });

async function ask({ node, key }: Gate, fields: Record<string, string> = {}, path = `/feed/v1/dossier-lists/${lists[0]}/head`) {
  const url = new URL(`${path}${path.includes('?') ? '&' : '?'}slave=${node}&name=Gate`, master.url);
  const signature = signRequest(key, { method: 'GET', url, headers: fields }, { now: new Date(), nonce: randomUUID() });
  const answer = await fetch(url, { headers: { ...fields, ...signature } });
  return `${answer.status} ${answer.headers.get('dossier-refusal') ?? '-'}`;
}
const invite = (name: string, granted: number[] | null = null) =>
  master.want(201, createdSiteSchema, ['POST', '/sites/', { name, lists: granted }]);
async function join(gate: Gate, code: string | null): Promise<string> {
  const keys = readInvitationCode(code ?? '');
  if (!keys) throw new Error('no code');
  return ask(gate, { [VOUCHER_FIELD]: vouch(keys.site, 'site', gate.key.id) }, '/feed/');
}
const sites = async (): Promise<Site[]> => (await master.want(200, pageOf(siteSchema), ['GET', '/sites/'])).results;
async function siteOf({ key }: Gate): Promise<Site> {
  const site = (await sites()).find((each) => each.key === key.id);
  if (!site) throw new Error('no such site');
  return site;
}
const revoke = (site: Site | undefined) => master.want(200, siteSchema, ['POST', `/sites/${site?.id}/revoke/`, { reason: 'stolen' }]);

it('a thief who comes by the token alone, was revoked and is invited again does not make that token good once more', async () => {
  const node = randomUUID();
  expect(await ask({ node, key: token })).toBe('200 -');
  await revoke((await sites())[0]);
  const { code } = await invite('Gate 7, new box');
  const box = { node, key: generateNodeKey() };
  expect(await join(box, code)).toBe('200 -');
  expect((await sites()).map(({ state }) => state).toSorted()).toEqual(['accepted', 'revoked']);
  const thief = newGate();
  expect(await ask(thief, byToken(thief.key))).toBe('403 SITE_PENDING');
  expect(await ask({ node: randomUUID(), key: token })).toBe('403 SITE_KEY_REQUIRED');
});

it('a site that joins anew keeps what it has shown, and what was taken from it; it gets the name and the lists of the new code', async () => {
  const gate = newGate();
  expect(await ask(gate, byToken(gate.key))).toBe('200 -');
  await expect.poll(async () => (await siteOf(gate)).holdings.length).toBe(1);
  const before = await siteOf(gate);
  await master.want(200, siteSchema, ['PATCH', `/sites/${before.id}/`, { lists: [], purge: true }]);
  const { code, id } = await invite('Gate 7', [lists[1]]);
  expect(await join(gate, code)).toBe('200 -');
  const after = await siteOf(gate);
  expect(after).toMatchObject({
    id: before.id,
    name: 'Gate 7',
    lists: [lists[1]],
    shown_token: true,
    state: 'accepted',
    introduced_by: 'invitation',
  });
  expect(after.holdings).toHaveLength(1);
  expect(after.withdrawn).toMatchObject([{ dossier_list: lists[0], purge: true }]);
  expect(await sites()).toHaveLength(1);
  const [list] = await query<{ uuid: string }>(master.test.database, `select uuid from watch_lists where id = :id`, { id: lists[0] });
  expect(await ask(gate, {}, `/feed/v1/dossier-lists/${lists[0]}/head?dossier_list=${list?.uuid}`)).toBe('403 LIST_WITHDRAWN purge');
  const thief = newGate();
  expect(await ask(thief, byToken(thief.key))).toBe('403 SITE_PENDING');
  const kept = await query(master.test.database, `select object_id, details from audit where action = 'site-joined'`);
  expect(kept).toEqual([{ object_id: String(before.id), details: { former: { name: before.name, lists: [] } } }]);
  expect(id).not.toBe(before.id);
});

it('a site that was invited once joins by a second code, as often as it likes', async () => {
  const gate = newGate();
  for (const [place, granted] of [[lists[0]], [lists[1]], null].entries()) {
    const { code } = await invite(`Gate ${place}`, granted);
    expect(await join(gate, code)).toBe('200 -');
    expect(await join(gate, code)).toBe('200 -');
    expect(await sites()).toMatchObject([{ name: `Gate ${place}`, lists: granted, state: 'accepted' }]);
  }
});

it('a code that comes to nothing changes nothing', async () => {
  const [first, second] = [newGate(), newGate()];
  const { code } = await invite('Gate 1');
  expect(await join(first, code)).toBe('200 -');
  expect(await ask(second, byToken(second.key))).toBe('200 -');
  const before = await sites();
  expect(await join(second, code)).toBe('403 INVITATION_USED');
  expect((await sites()).map(({ id }) => id)).toEqual(before.map(({ id }) => id));
});

it.each([
  ['a key', (gate: Gate) => ask(gate, byToken(gate.key))],
  ['the token alone', ({ node }: Gate) => ask({ node, key: token })],
])('whoever says that it is a site which speaks by %s waits for a person, and that site’s proof stays its own', async (_how, come) => {
  const victim = newGate();
  expect(await come(victim)).toBe('200 -');
  await expect.poll(async () => (await sites())[0]?.holdings.length).toBe(1);
  const withdrawing = `/feed/v1/dossier-lists/${lists[0]}/head?state=withdrawn`;
  const invited = { node: victim.node, key: generateNodeKey() };
  const { code } = await invite('Gate 8');
  expect(await join(invited, code)).toBe('403 SITE_PENDING');
  expect(await ask(invited, {}, withdrawing)).toBe('403 SITE_PENDING');
  const pasted = { node: victim.node, key: generateNodeKey() };
  await master.want(201, createdSiteSchema, ['POST', '/sites/', { name: 'Gate 9', key: pasted.key.id }]);
  expect(await ask(pasted, {}, withdrawing)).toBe('403 SITE_PENDING');
  expect(await come(victim)).toBe('200 -');
  const [own] = await query(master.test.database, `select s.name, f.state from followers f join sites s on s.id = f.site_id`);
  expect(own).toEqual({ name: 'Gate', state: null });
  // A person who has looked at it lets it in.
  await master.want(200, siteSchema, ['POST', `/sites/${(await siteOf(pasted)).id}/accept/`]);
  expect(await ask(pasted)).toBe('200 -');
});

it('of two sites of one name that are entered at once one is', async () => {
  const answers = await Promise.all(Array.from({ length: 8 }, () => master.call('POST', '/sites/', { body: { name: 'Gate 1' } })));
  expect(answers.map(({ status }) => status).toSorted((less, more) => less - more)).toEqual([201, ...Array.from({ length: 7 }, () => 409)]);
});
