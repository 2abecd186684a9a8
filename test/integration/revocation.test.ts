import { randomUUID } from 'node:crypto';
import { generateNodeKey } from '@dossier/protocol/node-key.ts';
import { signRequest } from '@dossier/protocol/request-signature.ts';
import { revokedSiteSchema, siteSchema } from '@dossier/protocol/site.ts';
import type { Site } from '@dossier/protocol/site.ts';
import { deriveSigningKey } from '@dossier/protocol/signing-key.ts';
import type { SigningKey } from '@dossier/protocol/signing-key.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import { succeed, SUCCESSION_FIELD, vouch, VOUCHER_FIELD } from '@dossier/protocol/voucher.ts';
import { query } from '@dossier/postgres/database.ts';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { startNodeApi } from '../kit/node-api.ts';
import type { NodeApi } from '../kit/node-api.ts';

/* A site that was revoked stays so: whichever of the tokens it ever held it comes with, and as whoever it comes. */

const [oldToken, newToken] = ['the token of last year, of many characters', 'the token of this year, of many characters'].map(
  deriveSigningKey,
) as [SigningKey, SigningKey];
const masters: NodeApi[] = [];
let master: NodeApi;
let list: number;

beforeEach(async () => {
  master = await startNodeApi({
    SYNC_TOKEN: 'the token of this year, of many characters',
    SYNC_TOKEN_PREVIOUS: 'the token of last year, of many characters',
  });
  masters.push(master);
  list = await master.makeList('Wanted');
});
afterAll(async () => {
  await Promise.all(masters.map((node) => node.stop()));
});

/** Asks for the head of the list; `node` null: without saying who asks. */
async function ask(key: SigningKey, { node, fields = {}, path = `/feed/v1/dossier-lists/${list}/head` }: Question): Promise<string> {
  const url = new URL(node === null ? path : `${path}?slave=${node}&name=Gate`, master.url);
  const signature = signRequest(key, { method: 'GET', url, headers: fields }, { now: new Date(), nonce: randomUUID() });
  const answer = await fetch(url, { headers: { ...fields, ...signature } });
  return `${answer.status} ${answer.headers.get('dossier-refusal') ?? '-'}`;
}
interface Question {
  node: string | null;
  fields?: Record<string, string>;
  path?: string;
}
const vouched = (key: SigningKey, token: SigningKey): Record<string, string> => ({ [VOUCHER_FIELD]: vouch(token, 'site', key.id) });
const sites = async (): Promise<Site[]> => (await master.want(200, pageOf(siteSchema), ['GET', '/sites/'])).results;
const revoke = (site: Site | undefined) =>
  master.want(200, revokedSiteSchema, ['POST', `/sites/${site?.id}/revoke/`, { reason: 'stolen' }]);

describe.each([
  ['by the token alone', false],
  ['by a key', true],
])('one that spoke %s, and has changed its token meanwhile', (_how, keyed) => {
  it('reads nothing by either token, as itself, as nobody, or as another site', async () => {
    const [node, key] = [randomUUID(), generateNodeKey()];
    const come = (token: SigningKey) => (keyed ? ask(key, { node, fields: vouched(key, token) }) : ask(token, { node }));
    expect([await come(oldToken), await come(newToken)]).toEqual(['200 -', '200 -']);
    // It is kept after the answer which token was shown.
    await expect
      .poll(async () => query(master.test.database, `select token_ids from sites`))
      .toEqual([{ token_ids: [oldToken.id, newToken.id] }]);
    const done = await revoke((await sites())[0]);
    expect(done.notes[0]).toMatch(/It held SYNC_TOKEN.*Change SYNC_TOKEN/);
    const fresh = generateNodeKey();
    for (const token of [oldToken, newToken]) {
      expect(await ask(key, { node, fields: vouched(key, token) })).toBe(keyed ? '403 SITE_REVOKED' : '403 SITE_PENDING');
      for (const who of [node, null, randomUUID()]) expect(await ask(token, { node: who })).toMatch(/^403 SITE_(KEY_REQUIRED|REVOKED)$/);
      for (const who of [node, randomUUID()]) {
        expect(await ask(fresh, { node: who, fields: vouched(fresh, token) })).toBe('403 SITE_PENDING');
        await query(master.test.database, `delete from sites where key = :key`, { key: fresh.id });
      }
      expect(await ask(fresh, { node: null, fields: vouched(fresh, token) })).toBe('401 -');
    }
  });
});

it('one that had given itself another key is refused by both, also when the week of the former one is over', async () => {
  const [node, stolen, next, third] = [randomUUID(), generateNodeKey(), generateNodeKey(), generateNodeKey()];
  await ask(stolen, { node, fields: vouched(stolen, oldToken) });
  const follow = { [SUCCESSION_FIELD]: succeed(stolen, next.id, new Date()) };
  expect(await ask(next, { node, fields: follow })).toBe('200 -');
  await revoke((await sites())[0]);
  await query(master.test.database, `update sites set previous_until = now() - interval '1 day'`);
  for (const key of [stolen, next]) expect(await ask(key, { node, fields: vouched(key, newToken) })).toBe('403 SITE_REVOKED');
  for (const key of [stolen, next])
    expect(await ask(third, { node, fields: { [SUCCESSION_FIELD]: succeed(key, third.id, new Date()) } })).toBe('401 -');
});

it('who comes with a token that no revoked site has held is let in', async () => {
  const [stolen, honest] = [generateNodeKey(), generateNodeKey()];
  await ask(stolen, { node: randomUUID(), fields: vouched(stolen, oldToken) });
  await revoke((await sites())[0]);
  expect(await ask(honest, { node: randomUUID(), fields: vouched(honest, newToken) })).toBe('200 -');
});

it('whom the same token had let in before, and no person, is named: one of them may be the thief', async () => {
  const keys = [generateNodeKey(), generateNodeKey(), generateNodeKey()];
  for (const key of keys) await ask(key, { node: randomUUID(), fields: vouched(key, oldToken) });
  const [stolen, accepted, other] = keys.map(({ id }) => id);
  const all = await sites();
  const of = (key: string | undefined) => all.find((site) => site.key === key);
  await master.want(200, siteSchema, ['POST', `/sites/${of(accepted)?.id}/accept/`]);
  const { notes } = await revoke(of(stolen));
  const named = notes.find((note) => note.startsWith('The same token alone')) ?? '';
  expect(named).toContain(`(site ${of(other)?.id})`);
  expect(named).not.toContain(`(site ${of(accepted)?.id})`);
});

it('where sites are told apart by no keys, it is said that a revocation is not kept', async () => {
  const off = await startNodeApi({ SITE_KEYS: 'off' });
  masters.push(off);
  const { id } = await off.want(201, siteSchema, ['POST', '/sites/', { name: 'Gate 7', key: generateNodeKey().id }]);
  const { notes } = await off.want(200, revokedSiteSchema, ['POST', `/sites/${id}/revoke/`, { reason: 'stolen' }]);
  expect(notes[0]).toMatch(/^SITE_KEYS is off/);
});

it('a stranger who says that his key follows another costs no more than the look at his signature', async () => {
  const before = performance.now();
  const strangers = Array.from({ length: 40 }, () => [generateNodeKey(), generateNodeKey()] as const);
  const answers = await Promise.all(
    strangers.map(([old, next]) => ask(next, { node: randomUUID(), fields: { [SUCCESSION_FIELD]: succeed(old, next.id, new Date()) } })),
  );
  expect(new Set(answers)).toEqual(new Set(['401 -']));
  // Four words each would take 13 seconds.
  expect(performance.now() - before).toBeLessThan(5000);
});
