import { randomUUID } from 'node:crypto';
import { generateNodeKey } from '@dossier/protocol/node-key.ts';
import { signRequest } from '@dossier/protocol/request-signature.ts';
import { createdSiteSchema, siteSchema } from '@dossier/protocol/site.ts';
import type { Site } from '@dossier/protocol/site.ts';
import { deriveSigningKey } from '@dossier/protocol/signing-key.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import { vouch, VOUCHER_FIELD } from '@dossier/protocol/voucher.ts';
import { query } from '@dossier/postgres/database.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startNodeApi } from '../kit/node-api.ts';
import type { NodeApi } from '../kit/node-api.ts';

/* What an administrator enters of sites on a master: invitations, what each may read, whom he lets in. */

const token = 'a token for tests of sites, of many characters';
let master: NodeApi;
let lists: number[];
beforeAll(async () => {
  master = await startNodeApi({ SYNC_TOKEN: token, SITE_APPROVAL: 'required' });
  lists = [await master.makeList('Wanted'), await master.makeList('Missing'), await master.makeList('Short')];
});
afterAll(() => master.stop());

const add = (name: string, more: Record<string, unknown> = {}) =>
  master.want(201, createdSiteSchema, ['POST', '/sites/', { name, ...more }]);
const siteOf = (id: number): Promise<Site> => master.want(200, siteSchema, ['GET', `/sites/${id}/`]);
const listed = async (): Promise<Site[]> => (await master.want(200, pageOf(siteSchema), ['GET', '/sites/'])).results;

/** A node comes by the token and calls itself so; what became of it here. */
async function come(name: string, key = generateNodeKey()): Promise<Site> {
  const url = new URL(`/feed/?slave=${randomUUID()}&name=${encodeURIComponent(name)}`, master.url);
  const fields = { [VOUCHER_FIELD]: vouch(deriveSigningKey(token), 'site', key.id) };
  const signature = signRequest(key, { method: 'GET', url, headers: fields }, { now: new Date(), nonce: randomUUID() });
  await fetch(url, { headers: { ...fields, ...signature } });
  const site = (await listed()).find((each) => each.key === key.id);
  if (!site) throw new Error(`${name} was not taken up`);
  return site;
}

describe('an invitation that nobody has used', () => {
  it('is made anew under its name, with the lists that it gave, and its first code lets nobody in', async () => {
    const first = await add('Gate 7', { lists: [lists[0]] });
    const second = await add('Gate 7');
    expect(second).toMatchObject({ name: 'Gate 7', lists: [lists[0]], state: 'pending' });
    expect(second.code).not.toBe(first.code);
    expect(await add('Gate 7', { lists: null })).toMatchObject({ lists: null });
    const kept = await query(master.test.database, `select site_id from invitations`);
    expect(kept).toHaveLength(1);
    await master.refused('NOT_FOUND', ['GET', `/sites/${first.id}/`]);
  });

  it('stays where the new one is refused', async () => {
    const first = await add('Gate 8');
    await master.refused('BAD_PARAM', ['POST', '/sites/', { name: 'Gate 8', lists: [9999] }], 'lists');
    expect(await siteOf(first.id)).toMatchObject({ name: 'Gate 8' });
  });

  it('gives its name to none that has come: neither one that waits nor one that is accepted', async () => {
    await come('Gate 9');
    await master.refused('CONFLICT', ['POST', '/sites/', { name: 'Gate 9' }]);
    await add('Gate 10', { key: generateNodeKey().id });
    await master.refused('CONFLICT', ['POST', '/sites/', { name: 'Gate 10' }]);
  });
});

describe('a site that waits', () => {
  it('is accepted to the lists that are named, at once', async () => {
    const site = await come('Ship');
    await master.refused('BAD_PARAM', ['POST', `/sites/${site.id}/accept/`, { lists: [9999] }], 'lists');
    expect(await siteOf(site.id)).toMatchObject({ state: 'pending', lists: null });
    const accepted = await master.want(200, siteSchema, ['POST', `/sites/${site.id}/accept/`, { lists: [lists[1]] }]);
    expect(accepted).toMatchObject({ state: 'accepted', lists: [lists[1]] });
  });

  it('is accepted to what it might read where no lists are named', async () => {
    const site = await come('Boat');
    expect(await master.want(200, siteSchema, ['POST', `/sites/${site.id}/accept/`])).toMatchObject({ state: 'accepted', lists: null });
  });

  it('and came back after a restore is accepted to lists that are named only: nobody knows which it had', async () => {
    const site = await come('Lorry');
    await query(master.test.database, `update sites set introduced_by = 'master' where id = :id`, { id: site.id });
    await master.refused('BAD_PARAM', ['POST', `/sites/${site.id}/accept/`], 'lists');
    expect(await siteOf(site.id)).toMatchObject({ state: 'pending' });
    const accepted = await master.want(200, siteSchema, ['POST', `/sites/${site.id}/accept/`, { lists: [lists[0]] }]);
    expect(accepted).toMatchObject({ state: 'accepted', lists: [lists[0]] });
  });

  it.each(['5', '007', '٥'])('is not called %s, as it says, which could be taken for the number of another', async (name) => {
    expect((await come(name)).name).toMatch(/^node [0-9a-f]{8}$/);
  });
});

describe('the lists of a site', () => {
  it('may be given back as they were read, also when one of them was deleted since', async () => {
    const gone = await master.makeList('Old');
    const { id } = await add('Gate 11', { key: generateNodeKey().id, lists: [lists[0], gone] });
    expect((await master.call('DELETE', `/dossier-lists/${gone}/`)).status).toBe(204);
    const before = (await siteOf(id)).lists;
    expect(before).toContain(gone);
    const after = await master.want(200, siteSchema, ['PATCH', `/sites/${id}/`, { lists: before }]);
    expect(after.lists).toEqual([lists[0]]);
    await master.refused('BAD_PARAM', ['PATCH', `/sites/${id}/`, { lists: [lists[0], gone] }], 'lists');
  });
});

it('what a site signed is told of that site, not of all at once', async () => {
  const { id } = await add('Gate 12', { key: generateNodeKey().id });
  await query(
    master.test.database,
    `with said as (insert into statements (site_id, base, signature, key) values (:id, 'base', 'signature', 'key') returning id)
     insert into followers (list_id, node, address, site_id, statement_id) select :list, :node, '127.0.0.1', :id, said.id from said`,
    { id, list: lists[0], node: randomUUID() },
  );
  expect((await siteOf(id)).holdings).toMatchObject([{ dossier_list: lists[0], statement: { base: 'base' } }]);
  const [holding] = (await listed()).find((site) => site.id === id)?.holdings ?? [];
  expect(holding).toMatchObject({ dossier_list: lists[0] });
  expect(holding).not.toHaveProperty('statement');
});
