import { randomUUID } from 'node:crypto';
import { generateNodeKey } from '@dossier/protocol/node-key.ts';
import { createdSiteSchema, siteSchema } from '@dossier/protocol/site.ts';
import type { SigningKey } from '@dossier/protocol/signing-key.ts';
import { newInvitationCode, readInvitationCode, vouch, VOUCHER_FIELD } from '@dossier/protocol/voucher.ts';
import { query } from '@dossier/postgres/database.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startNodeApi } from '../kit/node-api.ts';
import type { NodeApi } from '../kit/node-api.ts';
import { send, signQuestion } from '../kit/questions.ts';
import type { Question } from '../kit/questions.ts';

/* What somebody can do who hears what a site says to its master, or sits behind the same address. */

let master: NodeApi;
beforeAll(async () => {
  master = await startNodeApi();
});
afterAll(async () => {
  await master.stop();
});

const invite = (name: string) => master.want(201, createdSiteSchema, ['POST', '/sites/', { name }]);
const siteOf = (id: number) => master.want(200, siteSchema, ['GET', `/sites/${id}/`]);
const sign = (key: SigningKey, asked: Partial<Question>) => signQuestion(master.url, key, { path: '/feed/', ...asked });
const withCode = (code: string | null, key: SigningKey): Record<string, string> => {
  const keys = readInvitationCode(code ?? '');
  if (!keys) throw new Error('no code');
  return { [VOUCHER_FIELD]: vouch(keys.site, 'site', key.id) };
};
const anHourAgo = () => new Date(Date.now() - 3_600_000);

describe('the greeting by which a node has joined', () => {
  it('says nothing more once half an hour is over, from whichever address it is sent again', async () => {
    const { code, id } = await invite('Gate 7');
    const [key, node] = [generateNodeKey(), randomUUID()];
    const greeting = sign(key, { node, fields: withCode(code, key), now: anHourAgo() });
    expect([await send(greeting), await send(greeting)]).toEqual(['200 -', '200 -']);
    await query(master.test.database, `update invitations set used_date = now() - interval '31 minutes' where site_id = :id`, { id });
    await query(master.test.database, `delete from site_numbers`);
    await query(master.test.database, `update sites set passed_number = 1000000, last_seen = now() - interval '1 hour' where id = :id`, {
      id,
    });
    const before = await siteOf(id);
    expect(await send(greeting)).toBe('401 -');
    expect(await siteOf(id)).toEqual(before);
    // With a clock that is right it may say which code it came by for as long as it likes.
    expect(await send(sign(key, { node, fields: withCode(code, key), said: { number: 1_000_001 } }))).toBe('200 -');
  });
});

describe('codes that are made up', () => {
  it('are refused after twenty, and let in who has a good one from the same address', async () => {
    const { code } = await invite('Gate 8');
    const answers: string[] = [];
    for (let tries = 0; tries < 22; tries += 1) {
      const key = generateNodeKey();
      answers.push(await send(sign(key, { node: randomUUID(), fields: withCode(newInvitationCode(), key) })));
    }
    expect([answers[0], answers[19], answers[20], answers[21]]).toEqual(['401 -', '401 -', '429 -', '429 -']);
    const key = generateNodeKey();
    expect(await send(sign(key, { node: randomUUID(), fields: withCode(code, key) }))).toBe('200 -');
    const other = generateNodeKey();
    expect(await send(sign(other, { node: randomUUID(), fields: withCode(newInvitationCode(), other) }))).toBe('429 -');
    await query(master.test.database, `delete from attempts`);
  });
});

describe('what a site said', () => {
  let list: number;
  let uuid: string;
  let site: { key: SigningKey; node: string; id: number };
  beforeAll(async () => {
    list = await master.makeList('Wanted');
    const [row] = await query<{ uuid: string }>(master.test.database, `select uuid from watch_lists where id = :list`, { list });
    uuid = row?.uuid ?? '';
    const [key, node] = [generateNodeKey(), randomUUID()];
    const { id } = await master.want(201, siteSchema, ['POST', '/sites/', { name: 'Gate 5', key: key.id }]);
    site = { key, node, id };
  });

  const say = (state: string, now = new Date()) =>
    sign(site.key, { path: `/feed/v1/dossier-lists/${list}/head`, node: site.node, said: { state, dossier_list: uuid }, now });
  const stateOf = async () => (await siteOf(site.id)).holdings[0]?.state;
  const grant = (lists: number[] | null) => master.want(200, siteSchema, ['PATCH', `/sites/${site.id}/`, { lists }]);

  it('is not said anew by whoever sends it again, or kept it back', async () => {
    const [heldBack, first] = [say('held', new Date(Date.now() - 60_000)), say('failed')];
    expect(await send(first)).toBe('200 -');
    await expect.poll(stateOf).toBe('failed');
    expect(await send(say('synced'))).toBe('200 -');
    await expect.poll(stateOf).toBe('synced');
    await query(master.test.database, `update sites set last_seen = now() - interval '1 hour', address = '10.1.2.3' where id = :id`, site);
    const before = await siteOf(site.id);
    expect([await send(first), await send(first)]).toEqual(['200 -', '200 -']);
    expect(await siteOf(site.id)).toEqual(before);
    expect(await send(heldBack)).toBe('200 -');
    await expect.poll(async () => (await siteOf(site.id)).last_seen).not.toBe(before.last_seen);
    expect(await stateOf()).toBe('synced');
    expect((await siteOf(site.id)).alert).toBeNull();
  });

  it('of a list that was taken from it is no word of the next time', async () => {
    const confirmed = async () => (await siteOf(site.id)).withdrawn[0]?.acknowledged_date;
    await grant([]);
    const word = say('withdrawn');
    expect(await send(word)).toBe('403 LIST_WITHDRAWN');
    await expect.poll(confirmed).toEqual(expect.any(String));
    await grant([list]);
    await grant([]);
    expect([await send(word), await send(word)]).toEqual(['403 LIST_WITHDRAWN', '403 LIST_WITHDRAWN']);
    expect(await confirmed()).toBeNull();
    expect(await send(say('withdrawn'))).toBe('403 LIST_WITHDRAWN');
    await expect.poll(confirmed).toEqual(expect.any(String));
  });
});
