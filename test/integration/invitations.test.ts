import { randomUUID } from 'node:crypto';
import { joinedSchema } from '@dossier/protocol/master.ts';
import { generateNodeKey } from '@dossier/protocol/node-key.ts';
import { createdSiteSchema, siteSchema } from '@dossier/protocol/site.ts';
import { newInvitationCode, readInvitationCode } from '@dossier/protocol/voucher.ts';
import type { InvitationKeys } from '@dossier/protocol/voucher.ts';
import { createFeedClient } from '@dossier/replication/feed-client.ts';
import { createMaster } from '@dossier/replication/master.ts';
import { NodeTrust } from '@dossier/replication/trust.ts';
import { query } from '@dossier/postgres/database.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startNodeApi } from '../kit/node-api.ts';
import { linkNow } from '../kit/link-now.ts';
import { makeFilledList } from '../kit/persons.ts';
import type { NodeApi } from '../kit/node-api.ts';

/* A code lets one node in, without any SYNC_TOKEN. */

const nodes: NodeApi[] = [];

async function start(environment: Record<string, string> = {}): Promise<NodeApi> {
  const node = await startNodeApi(environment);
  nodes.push(node);
  return node;
}

afterAll(async () => {
  await Promise.all(nodes.map((node) => node.stop()));
});

const invite = (master: NodeApi, name: string, lists: number[] | null = null) =>
  master.want(201, createdSiteSchema, ['POST', '/sites/', { name, lists }]);
const join = (slave: NodeApi, master: { url: string }, code: string | null) =>
  slave.want(201, joinedSchema, ['POST', '/sync/masters/', { remote_url: master.url, code }]);

describe('an invitation', () => {
  let master: NodeApi;
  let lists: number[];
  beforeAll(async () => {
    master = await start();
    lists = [await makeFilledList(master, 'First'), await makeFilledList(master, 'Second')];
  });

  it('lets a node in that has no SYNC_TOKEN, to the lists that are granted and no others', async () => {
    const slave = await start({ SYNC_TOKEN: '', NODE_NAME: 'Ship' });
    await slave.work();
    await slave.refused('CONFLICT', ['POST', '/sync/test/', { remote_url: master.url }]);
    const { code, id } = await invite(master, 'Ship 1', [lists[0] ?? 0]);
    const joined = await join(slave, master, code);
    expect(joined.dossier_lists.map((each) => each.id)).toEqual([lists[0]]);
    const site = await master.want(200, siteSchema, ['GET', `/sites/${id}/`]);
    expect(site).toMatchObject({ name: 'Ship 1', state: 'accepted', words: joined.own_words, introduced_by: 'invitation' });
    expect(await linkNow(slave, master, lists[0] ?? 0)).toMatchObject({ state: 'synced', local_count: 1 });
    expect(await linkNow(slave, master, lists[1] ?? 0)).toMatchObject({ state: 'failed', error: { code: 'NO_SUCH_LIST' } });
  });

  it('is used once, by one of those that try at once', async () => {
    const [left, right] = await Promise.all([start({ SYNC_TOKEN: '' }), start({ SYNC_TOKEN: '' })]);
    const { code } = await invite(master, 'Gate 8');
    const answers = await Promise.all(
      [left, right].map((node) => node.call('POST', '/sync/masters/', { body: { remote_url: master.url, code } })),
    );
    expect(answers.map(({ status }) => status).toSorted((less, more) => less - more)).toEqual([201, 409]);
    expect(answers.find(({ status }) => status === 409)?.json).toMatchObject({
      detail: expect.stringMatching(/Another node has used this code/),
    });
  });

  it('that is expired, taken back or made up lets nobody in, and says which', async () => {
    const slave = await start({ SYNC_TOKEN: '' });
    const { code, id } = await invite(master, 'Gate 9');
    const refusal = async (given: string | null) =>
      (await slave.refused('CONFLICT', ['POST', '/sync/masters/', { remote_url: master.url, code: given }], 'remote_url')).detail;
    await query(master.test.database, `update invitations set expires_date = now() where site_id = :id`, { id });
    expect(await refusal(code)).toMatch(/older than 30 minutes/);
    expect((await master.call('DELETE', `/sites/${id}/`)).status).toBe(204);
    expect(await refusal(code)).toMatch(/knows no such code/);
    await slave.refused('BAD_PARAM', ['POST', '/sync/masters/', { remote_url: master.url, code: 'ABC' }], 'code');
  });

  it('is not kept where somebody who reads the database could use it', async () => {
    const { code } = await invite(master, 'Gate 10');
    const rows = await query<{ text: string }>(
      master.test.database,
      `select i::text || s::text as text from invitations i join sites s on s.id = i.site_id
       union all select details::text from audit where action = 'site-added'`,
    );
    const all = rows.map(({ text }) => text).join('\n');
    expect(all).not.toContain(code);
    expect(all).not.toContain(code?.replaceAll('-', ''));
  });

  it('is taken from a node whose clock is wrong, which is told so afterwards and gets nothing else', async () => {
    const slave = await start({ SYNC_TOKEN: '' });
    const { code } = await invite(master, 'Gate 11');
    const own = { nodeKey: generateNodeKey(), succession: null, token: null };
    const ask = async (invitation: InvitationKeys | null) => {
      const client = createFeedClient({
        key: new NodeTrust(slave.test.database, { now: () => new Date(), remoteUrl: master.url, own, invitation }),
        remoteUrl: master.url,
        version: '0',
        now: () => new Date(Date.now() - 3_600_000),
        randomNonce: randomUUID,
        ...(invitation && { toleranceMs: Number.POSITIVE_INFINITY }),
      });
      const feed = createMaster(client, {
        node: slave.deps.nodeUuid,
        name: 'Gate',
        number: async () => 1,
      });
      const outcome = await feed.greet().then(
        () => 'greeted',
        (error: { code: string }) => error.code,
      );
      client.close();
      return outcome;
    };
    expect(await ask(readInvitationCode(code ?? ''))).toBe('greeted');
    expect(await ask(null)).toBe('CLOCK_DIFFERS');
  });

  it('can be guessed so often from one address, and then not at all', async () => {
    const slave = await start({ SYNC_TOKEN: '' });
    const answers: unknown[] = [];
    for (let tries = 0; tries < 22; tries += 1) {
      const { json } = await slave.call('POST', '/sync/masters/', { body: { remote_url: master.url, code: newInvitationCode() } });
      answers.push(json);
    }
    expect(answers[0]).toMatchObject({ code: 'CONFLICT', cause: 'INVITATION_UNKNOWN' });
    expect(answers.at(-1)).toMatchObject({ code: 'UNAVAILABLE', cause: 'TOO_MANY_CODES', detail: expect.stringMatching(/Wait a quarter/) });
    await query(master.test.database, `delete from attempts`);
  });
});
