import { randomUUID } from 'node:crypto';
import { generateNodeKey, wordsOf } from '@dossier/protocol/node-key.ts';
import { headSchema } from '@dossier/protocol/feed.ts';
import type { Head } from '@dossier/protocol/feed.ts';
import { changedSiteSchema, createdSiteSchema, siteSchema } from '@dossier/protocol/site.ts';
import type { Site } from '@dossier/protocol/site.ts';
import { deriveSigningKey } from '@dossier/protocol/signing-key.ts';
import type { SigningKey } from '@dossier/protocol/signing-key.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import { readInvitationCode, succeed, SUCCESSION_FIELD, vouch, VOUCHER_FIELD } from '@dossier/protocol/voucher.ts';
import { query } from '@dossier/postgres/database.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startNodeApi } from '../kit/node-api.ts';
import type { NodeApi } from '../kit/node-api.ts';
import { send, signQuestion } from '../kit/questions.ts';
import type { Question } from '../kit/questions.ts';

/* What who has the key of a site, or the token, can do to others by what he says: before anybody revokes him. */

const token = deriveSigningKey('a-token-for-tests-of-thirty-two-characters');
let master: NodeApi;
let list: number;

beforeEach(async () => {
  master = await startNodeApi();
  list = await master.makeList('Wanted');
  await master.call('POST', '/dossiers/', { body: { name: 'Ada Lindqvist', dossier_lists: [list] } });
});
afterEach(async () => {
  await master.stop();
});

type Asked = Partial<Question>;

/** By default it asks for the head of the list. */
const sign = (key: SigningKey, asked: Asked) => signQuestion(master.url, key, { path: `/feed/v1/dossier-lists/${list}/head`, ...asked });
const ask = (key: SigningKey, asked: Asked): Promise<string> => send(sign(key, asked));

async function headOf(key: SigningKey, asked: Asked): Promise<Head> {
  const { url, headers } = sign(key, asked);
  return headSchema.parse(await (await fetch(url, { headers })).json());
}

const vouched = (key: SigningKey): Record<string, string> => ({ [VOUCHER_FIELD]: vouch(token, 'site', key.id) });
const sites = async (): Promise<Site[]> => (await master.want(200, pageOf(siteSchema), ['GET', '/sites/'])).results;
const siteOf = async (node: string) => (await sites()).find((site) => site.node === node);

/** A site that was entered by its key, and may read these lists. */
async function enter(name: string, lists: number[] | null = [list]): Promise<{ key: SigningKey; node: string; id: number }> {
  const [key, node] = [generateNodeKey(), randomUUID()];
  const { id } = await master.want(201, siteSchema, ['POST', '/sites/', { name, lists, key: key.id }]);
  expect(await ask(key, { node, path: '/feed/' })).toBe('200 -');
  return { key, node, id };
}

describe('a site that says it holds what this node never had', () => {
  const ahead = (head: Head) => ({ epoch: head.position.epoch, revision: 999_999_999, count: 1, digest: '0'.repeat(64) });
  const epoch = async () => (await headOf(token, {})).position.epoch;
  /** As if the hour were over for which an epoch stays. */
  const anHourLater = async () => {
    await query(master.test.database, `update list_positions set epoch = gen_random_uuid()`);
    return epoch();
  };

  it('is believed once, told by its name and number, and not again before a person has looked', async () => {
    const { key, node, id } = await enter('Gate 7');
    const before = await headOf(key, { node });
    const after = await headOf(key, { node, said: ahead(before) });
    expect(after.position.epoch).not.toBe(before.position.epoch);
    expect((await siteOf(node))?.alert).toMatchObject({
      code: 'SITE_DIFFERS',
      desc: expect.stringContaining(`"Gate 7" (site ${id}) says`),
    });
    const stands = await anHourLater();
    expect((await headOf(key, { node, said: { ...ahead(before), epoch: stands } })).position.epoch).toBe(stands);
    expect(await epoch()).toBe(stands);
    await master.want(200, siteSchema, ['POST', `/sites/${id}/accept/`]);
    await headOf(key, { node, said: { ...ahead(before), epoch: stands } });
    expect(await epoch()).not.toBe(stands);
  });

  it('by the token alone is believed as well, but of all whom that has let in one', async () => {
    const before = await headOf(token, { node: randomUUID() });
    expect((await headOf(token, { node: randomUUID(), said: ahead(before) })).position.epoch).not.toBe(before.position.epoch);
    const stands = await anHourLater();
    const said = { ...ahead(before), epoch: stands };
    const fresh = generateNodeKey();
    await headOf(token, { node: randomUUID(), said });
    await headOf(fresh, { node: randomUUID(), said, fields: vouched(fresh) });
    expect(await epoch()).toBe(stands);
    // A site that a person has let in is heard all the same.
    const honest = await enter('Gate 8');
    await headOf(honest.key, { node: honest.node, said });
    expect(await epoch()).not.toBe(stands);
  });

  it('is not believed where it doesn’t say who it is, or says by the token that it is a site which has a key', async () => {
    const { node } = await enter('Gate 8', null);
    const before = await headOf(token, {});
    await headOf(token, { said: ahead(before) });
    await headOf(token, { node, said: ahead(before) });
    expect(await epoch()).toBe(before.position.epoch);
    expect((await siteOf(node))?.alert).toBeNull();
  });
});

it('a site that only names the token, whose id anybody overhears, shuts out nobody who holds it', async () => {
  const { key, node } = await enter('Gate 7');
  const junk = { [VOUCHER_FIELD]: `${token.id}.${'A'.repeat(43)}` };
  const before = await siteOf(node);
  expect(await ask(key, { node, fields: junk })).toBe('200 -');
  // What is kept of a question is kept after its answer.
  await expect.poll(async () => (await siteOf(node))?.last_seen).not.toBe(before?.last_seen);
  expect((await siteOf(node))?.shown_token).toBe(false);
  const fresh = generateNodeKey();
  expect(await ask(token, { node: randomUUID() })).toBe('200 -');
  expect(await ask(fresh, { node: randomUUID(), fields: vouched(fresh) })).toBe('200 -');
});

describe('a key that says which one follows it', () => {
  const follow = (old: SigningKey, next: SigningKey, ageMs = 0) => ({
    [SUCCESSION_FIELD]: succeed(old, next.id, new Date(Date.now() - ageMs)),
  });
  const nearlyAWeek = 7 * 24 * 3_600_000 - 60_000;

  it('is told of, with an alert until a person accepts it, and the key before is taken for a week all the same', async () => {
    await master.want(201, siteSchema.partial().loose(), ['POST', '/webhooks/', { url: 'http://127.0.0.1:9/' }]);
    const { key, node, id } = await enter('Gate 7');
    const thief = generateNodeKey();
    expect(await ask(thief, { node, fields: follow(key, thief, nearlyAWeek) })).toBe('200 -');
    expect((await siteOf(node))?.alert).toMatchObject({
      code: 'SITE_REKEYED',
      desc: expect.stringContaining(`"Gate 7" (site ${id}) has another key`),
    });
    expect(await query(master.test.database, `select action from audit where action = 'site-rekeyed'`)).toHaveLength(1);
    expect(
      await query(master.test.database, `select from webhook_deliveries where body -> 'site' ->> 'code' = 'SITE_REKEYED'`),
    ).toHaveLength(1);
    await query(master.test.database, `update sites set previous_until = previous_until - interval '6 days 23 hours'`);
    expect(await ask(key, { node })).toBe('200 -');
    // The words are those of the key that it has now.
    expect((await master.want(200, siteSchema, ['GET', `/sites/${id}/`])).words).toBe(await wordsOf(thief.id));
  });

  it('may do so once a day, not by a request from another time, and not once it was followed itself', async () => {
    const { key, node } = await enter('Gate 7');
    const [next, third] = [generateNodeKey(), generateNodeKey()];
    expect(await ask(next, { node, fields: follow(key, next), now: new Date(Date.now() - 3_600_000) })).toBe('401 -');
    expect(await ask(key, { node })).toBe('200 -');
    expect(await ask(next, { node, fields: follow(key, next) })).toBe('200 -');
    expect(await ask(third, { node, fields: follow(key, third) })).toBe('401 -');
    // It waits for the day to be over, whoever vouches for it, and is not taken up as another site meanwhile.
    expect(await ask(third, { node, fields: { ...vouched(third), ...follow(next, third) } })).toBe('403 SITE_PENDING');
    expect(await query(master.test.database, `select from sites where node = :node`, { node })).toHaveLength(1);
    await query(master.test.database, `update sites set previous_until = previous_until - interval '1 day'`);
    expect(await ask(third, { node, fields: follow(key, third) })).toBe('401 -');
    expect(await ask(third, { node, fields: follow(next, third) })).toBe('200 -');
  });
});

describe('very many new keys', () => {
  const come = (node = randomUUID()): Promise<string> => {
    const key = generateNodeKey();
    return ask(key, { node, fields: vouched(key) });
  };

  it('by the token keep nobody waiting who joins by a code, comes by the token, or has a new key', async () => {
    const gate = await enter('Gate 7');
    const { code, id } = await master.want(201, createdSiteSchema, ['POST', '/sites/', { name: 'Gate 9' }]);
    // Four words each take a third of a second: 20 seconds for all.
    expect(new Set(await Promise.all(Array.from({ length: 60 }, () => come())))).toEqual(new Set(['200 -']));
    const before = performance.now();
    expect(await come()).toBe('200 -');
    const [key, next] = [generateNodeKey(), generateNodeKey()];
    const keys = readInvitationCode(code ?? '');
    const fields = { [VOUCHER_FIELD]: keys ? vouch(keys.site, 'site', key.id) : '' };
    expect(await ask(key, { node: randomUUID(), path: '/feed/', fields })).toBe('200 -');
    expect(await ask(next, { node: gate.node, fields: { [SUCCESSION_FIELD]: succeed(gate.key, next.id, new Date()) } })).toBe('200 -');
    // Nor who looks.
    expect((await master.want(200, siteSchema, ['GET', `/sites/${id}/`])).words).toBe(await wordsOf(key.id));
    expect(performance.now() - before).toBeLessThan(8000);
  });

  it('are not all let in within the hour: who comes then is told to wait, and those who are known are not', async () => {
    const honest = generateNodeKey();
    const node = randomUUID();
    expect(await ask(honest, { node, fields: vouched(honest) })).toBe('200 -');
    expect(await ask(token, { node: randomUUID() })).toBe('200 -');
    await query(
      master.test.database,
      `insert into sites (name, node, key, state, introduced_by, token_ids)
       select 'Many', gen_random_uuid(), 'key ' || i, 'accepted', 'token', array[:token] from generate_series(1, 198) i`,
      { token: token.id },
    );
    expect(await come()).toBe('403 SITE_PENDING');
    expect(await ask(token, { node: randomUUID() })).toBe('200 -');
    expect(await query(master.test.database, `select from sites`)).toHaveLength(200);
    expect(await ask(honest, { node, fields: vouched(honest) })).toBe('200 -');
    await query(master.test.database, `update sites set created_date = now() - interval '1 hour'`);
    expect(await come()).toBe('200 -');
  });

  it('that wait take no place from those whom another token, or the master’s own word, lets in', async () => {
    const { key, node } = await enter('Gate 7');
    const greeting = sign(key, { node, path: '/feed/' });
    const { certificate } = (await (await fetch(greeting.url, { headers: greeting.headers })).json()) as { certificate: string };
    const conflicts = randomUUID();
    await query(
      master.test.database,
      `insert into sites (name, node, key, state, introduced_by, token_ids, created_date)
       select 'Many', :conflicts, 'key ' || i, 'pending', 'token', array[:token], now() - interval '1 hour' from generate_series(1, 200) i`,
      { token: token.id, conflicts },
    );
    expect(await come(conflicts)).toBe('403 SITE_PENDING');
    expect(await query(master.test.database, `select from sites where state = 'pending'`)).toHaveLength(200);
    expect(await come()).toBe('200 -');
    // As after a restore.
    await query(master.test.database, `delete from sites where key = :key`, { key: key.id });
    expect(await ask(key, { node, fields: { [VOUCHER_FIELD]: certificate } })).toBe('403 SITE_PENDING');
    expect(await siteOf(node)).toMatchObject({ state: 'pending', introduced_by: 'master' });
  });
});

describe('who has the key of a site beside it', () => {
  const alertOf = async (id: number) => (await master.want(200, siteSchema, ['GET', `/sites/${id}/`])).alert?.code ?? null;

  it('is noticed where he leaves out the number, or who he is, and seen in any case', async () => {
    const { key, node, id } = await enter('Gate 7');
    for (const slave of [{}, { slave: node, name: 'Gate' }]) {
      expect(await ask(key, { said: slave, path: '/feed/' })).toBe('200 -');
      expect(await alertOf(id)).toBeNull();
      await query(master.test.database, `update sites set last_seen = null where id = :id`, { id });
      expect(await ask(key, { said: slave })).toBe('200 -');
      await expect.poll(() => alertOf(id)).toBe('SITE_CLONED');
      await expect.poll(async () => (await siteOf(node))?.last_seen).toEqual(expect.any(String));
      await master.want(200, siteSchema, ['POST', `/sites/${id}/accept/`]);
      expect(await ask(key, { node })).toBe('200 -');
      await expect.poll(() => query(master.test.database, `select from site_numbers`)).toHaveLength(1);
    }
  });

  it('is noticed where he uses what is left of the hundred numbers that it drew, once it has drawn others', async () => {
    const { key, node, id } = await enter('Gate 7');
    const say = (given: number) => ask(key, { said: { slave: node, name: 'Gate', number: given } });
    await say(4203);
    await expect.poll(() => query(master.test.database, `select from site_numbers where number = 4203`)).toHaveLength(1);
    await query(master.test.database, `update site_numbers set date = date - interval '1 day'`);
    await say(4301);
    await expect.poll(() => query(master.test.database, `select number from site_numbers`)).toEqual([{ number: 4301 }]);
    expect(await alertOf(id)).toBeNull();
    await say(4204);
    await expect.poll(() => alertOf(id)).toBe('SITE_CLONED');
  });
});

it('a site that says something else of a list which was told to it long ago is noticed, also by a branch', async () => {
  const { key, node, id } = await enter('Gate 7');
  const { position } = await headOf(key, { node });
  await query(master.test.database, `insert into links (slave_list_id, remote_url, remote_list_id) values (:list, 'http://master', 1)`, {
    list,
  });
  await expect.poll(() => query(master.test.database, `delete from told_heads returning list_id`)).toHaveLength(1);
  const said = { ...position, digest: '0'.repeat(64) };
  expect(await ask(key, { node, said })).toBe('200 -');
  await expect.poll(async () => (await master.want(200, siteSchema, ['GET', `/sites/${id}/`])).alert?.code).toBe('SITE_DIFFERS');
});

it('whoever limits a site is told that a token on its box is not limited by that, until it has shown one', async () => {
  const limit = async (id: number, lists: number[] | null) =>
    (await master.want(200, changedSiteSchema, ['PATCH', `/sites/${id}/`, { lists }])).notes;
  const { notes } = await master.want(201, createdSiteSchema, ['POST', '/sites/', { name: 'Gate 6', lists: [list] }]);
  expect(notes[0]).toMatch(/If SYNC_TOKEN is on its box as well/);
  const { key, node, id } = await enter('Gate 7', null);
  expect((await limit(id, [list]))[0]).toMatch(/If SYNC_TOKEN is on its box as well/);
  expect(await limit(id, null)).toEqual([]);
  expect(await ask(key, { node, fields: vouched(key) })).toBe('200 -');
  await expect.poll(async () => (await siteOf(node))?.shown_token).toBe(true);
  expect(await limit(id, [list])).toEqual([]);
});

it('the metrics count the sites by state, those that nobody has come as yet apart, and the alerts', async () => {
  const { key, node } = await enter('Gate 7');
  await master.want(201, createdSiteSchema, ['POST', '/sites/', { name: 'Gate 8' }]);
  const waiting = generateNodeKey();
  expect(await ask(waiting, { node, fields: vouched(waiting) })).toBe('403 SITE_PENDING');
  await headOf(key, {
    node,
    said: { epoch: (await headOf(key, { node })).position.epoch, revision: 999_999, count: 1, digest: '0'.repeat(64) },
  });
  const { text } = await master.call('GET', '/metrics');
  expect(text.match(/^dossier_site.*$/gm)?.toSorted()).toEqual([
    'dossier_site_alerts 1',
    'dossier_sites{state="accepted"} 1',
    'dossier_sites{state="invited"} 1',
    'dossier_sites{state="pending"} 1',
    'dossier_sites{state="revoked"} 0',
  ]);
});
