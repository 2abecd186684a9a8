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
