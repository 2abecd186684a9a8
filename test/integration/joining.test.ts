import { randomUUID } from 'node:crypto';
import { query } from '@dossier/postgres/database.ts';
import { generateNodeKey } from '@dossier/protocol/node-key.ts';
import { joinedSchema, mastersSchema } from '@dossier/protocol/master.ts';
import { NODE_FIELD } from '@dossier/protocol/request-signature.ts';
import type { SigningKey } from '@dossier/protocol/signing-key.ts';
import { createdSiteSchema, siteSchema } from '@dossier/protocol/site.ts';
import { newInvitationCode, readInvitationCode, vouch, VOUCHER_FIELD } from '@dossier/protocol/voucher.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startNodeApi } from '../kit/node-api.ts';
import type { NodeApi } from '../kit/node-api.ts';
import { startPosingMaster } from '../kit/posing-master.ts';

/* A node is joined to a master by a code: what that makes it believe, and of whom it makes nobody believe anything. */

const closers: (() => unknown)[] = [];

async function start(environment: Record<string, string> = {}): Promise<NodeApi> {
  const node = await startNodeApi({ SYNC_TOKEN: '', ...environment });
  closers.push(() => node.stop());
  return node;
}

let master: NodeApi;
beforeAll(async () => {
  master = await start({ NODE_NAME: 'HQ' });
});
afterAll(async () => {
  await Promise.all(closers.map((close) => close()));
});

const invite = (name: string) => master.want(201, createdSiteSchema, ['POST', '/sites/', { name }]);
const join = (slave: NodeApi, url: string, code: string | null) =>
  slave.want(201, joinedSchema, ['POST', '/sync/masters/', { remote_url: url, code }]);
const refusal = (slave: NodeApi, url: string, code: string | null) =>
  slave.refused('CONFLICT', ['POST', '/sync/masters/', { remote_url: url, code }], 'remote_url');
const mastersOf = (slave: NodeApi) => slave.want(200, mastersSchema, ['GET', '/sync/masters/']);

/** Somebody with a key and a code of his own, who says that he is this node. */
async function pose(node: string, code: string, key: SigningKey): Promise<string> {
  const invitation = readInvitationCode(code);
  const fields = { [NODE_FIELD]: node, [VOUCHER_FIELD]: vouch(invitation?.master ?? key, 'master', key.id) };
  const liar = await startPosingMaster(node, { key, fields });
  closers.push(() => liar.close());
  return liar.url;
}

describe('joining a master', () => {
  it('gives nobody the key of another one that is known, who says that he is that node', async () => {
    const slave = await start();
    await join(slave, master.url, (await invite('Gate 1')).code);
    const [known] = await mastersOf(slave);
    const [code, stranger] = [newInvitationCode(), generateNodeKey()];
    expect((await refusal(slave, await pose(master.deps.nodeUuid, code, stranger), code)).detail).toMatch(/signs with another key/);
    const after = await mastersOf(slave);
    expect(after).toMatchObject([{ remote_url: known?.remote_url, key: known?.key, offered: { key: stranger.id } }]);
    // The master itself is believed as before.
    expect((await slave.call('POST', '/sync/test/', { body: { remote_url: master.url } })).status).toBe(200);
  });

  it('anew, by a code that somebody else has, changes no key that is known before a person has compared the words', async () => {
    const slave = await start();
    const code = newInvitationCode();
    const former = generateNodeKey();
    const url = await pose(master.deps.nodeUuid, code, former);
    await join(slave, url, code);
    const [known] = await mastersOf(slave);
    expect(known?.key).toBe(former.id);
    const other = generateNodeKey();
    const elsewhere = await pose(master.deps.nodeUuid, code, other);
    expect((await refusal(slave, elsewhere, code)).detail).toMatch(/signs with another key/);
    const [offering] = await mastersOf(slave);
    expect(offering).toMatchObject({ key: former.id, offered: { key: other.id } });
    expect((await slave.call('POST', `/sync/masters/${known?.id}/accept/`, { body: { key: other.id } })).status).toBe(200);
    expect(await mastersOf(slave)).toMatchObject([{ key: other.id, offered: null }]);
  });

  it('whose code somebody on the way has used first is refused, and the words that the master shows are not this node’s', async () => {
    const [victim, relay] = await Promise.all([start({ NODE_NAME: 'Gate 2' }), start({ NODE_NAME: 'Gate 2' })]);
    const { code, id } = await invite('Gate 2');
    const intercepted = await join(relay, master.url, code);
    expect(await refusal(victim, master.url, code)).toMatchObject({
      cause: 'INVITATION_USED',
      detail: expect.stringMatching(/Another node has used this code/),
    });
    const site = await master.want(200, siteSchema, ['GET', `/sites/${id}/`]);
    const { words } = (await victim.call('GET', '/node/')).json as { words: string };
    expect(site.words).toBe(intercepted.own_words);
    expect(site.words).not.toBe(words);
  });

  it('that is expired, unknown or there no more ends with its own code', async () => {
    const slave = await start();
    const { code, id } = await invite('Gate 3');
    await query(master.test.database, `update invitations set expires_date = now() where site_id = :id`, { id });
    expect(await refusal(slave, master.url, code)).toMatchObject({ cause: 'INVITATION_EXPIRED' });
    expect(await refusal(slave, master.url, newInvitationCode())).toMatchObject({ cause: 'INVITATION_UNKNOWN' });
    const away = ['POST', '/sync/masters/', { remote_url: 'http://127.0.0.1:9', code }] as [string, string, unknown];
    expect(await slave.refused('UNAVAILABLE', away, 'remote_url')).toMatchObject({ cause: 'MASTER_UNREACHABLE' });
  });

  it('that can not say what it offers is joined, and what is wrong is told as what it is', async () => {
    const slave = await start();
    const code = newInvitationCode();
    const joined = await join(slave, await pose(randomUUID(), code, generateNodeKey()), code);
    expect(joined).toMatchObject({ dossier_lists: [], clock: null, fault: { code: 'NO_SUCH_LIST', desc: expect.any(String) } });
  });
});
