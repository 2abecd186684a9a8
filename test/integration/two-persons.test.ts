import { issueToken } from '@dossier/accounts/tokens.ts';
import { createUser } from '@dossier/accounts/users.ts';
import { query } from '@dossier/postgres/database.ts';
import { linkSchema, runSchema } from '@dossier/protocol/sync.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startNodeApi } from '../kit/node-api.ts';
import type { NodeApi } from '../kit/node-api.ts';

/* GUARD_PERSONS: 2, as two administrators meet it. */

let node: NodeApi;
let second: Record<string, string>;

beforeAll(async () => {
  node = await startNodeApi({ GUARD_PERSONS: '2' });
  const user = await createUser(node.test.database, { name: 'second', role: 'admin', password: 'second-password' });
  const { token } = await issueToken(node.test.database, { userId: user.id, kind: 'api', label: '', lifetimeMs: null });
  second = { authorization: `Token ${token}` };
});
afterAll(() => node.stop());

async function makeLink(): Promise<{ list: number; path: string }> {
  const list = await node.makeList();
  const path = `/sync/dossier-lists/${list}/`;
  await node.want(202, linkSchema, [
    'POST',
    '/sync/dossier-lists/',
    { remote_dossier_list: 7, remote_url: 'http://master.example:8000', slave_dossier_list: list },
  ]);
  return { list, path };
}

const actions = async (list: number): Promise<unknown[]> =>
  query(
    node.test.database,
    `select actor, action from audit where object_kind = 'link' and object_id = :list and action like any('{guards%,held%}') order by id`,
    {
      list: String(list),
    },
  );

describe('where guards take two persons', () => {
  it('a looser guard holds once another administrator asks for the same', async () => {
    const { list, path } = await makeLink();
    const { guards } = await node.want(200, linkSchema, ['GET', path]);
    const looser = { guards: { deletions: null } };
    const proposed = await node.want(200, linkSchema, ['PATCH', path, looser]);
    expect(proposed).toMatchObject({ guards, proposed_guards: { guards: { deletions: null }, by: 'admin' } });
    await node.refused('CONFLICT', ['PATCH', path, looser], 'guards');
    expect(await node.want(200, linkSchema, ['GET', path])).toMatchObject({ guards });
    const confirmed = await node.call('PATCH', path, { body: looser, headers: second });
    expect(confirmed).toMatchObject({ status: 200, json: { guards: { ...guards, deletions: null }, proposed_guards: null } });
    expect(await actions(list)).toEqual([
      { actor: 'admin', action: 'guards-proposed' },
      { actor: 'second', action: 'guards-changed' },
    ]);
  });

  it('a stricter one holds at once, and another proposal takes the place of the first', async () => {
    const { path } = await makeLink();
    const stricter = { deletions: { count: 1, percent: 1 } };
    expect(await node.want(200, linkSchema, ['PATCH', path, { guards: stricter }])).toMatchObject({
      guards: stricter,
      proposed_guards: null,
    });
    await node.call('PATCH', path, { body: { guards: { growth: null } } });
    const other = await node.call('PATCH', path, { body: { guards: { growth: { factor: 4 } } }, headers: second });
    expect(other.json).toMatchObject({ guards: { growth: { factor: 3 } }, proposed_guards: { by: 'second' } });
  });

  it('what is held is applied once a second one approves it', async () => {
    const { list, path } = await makeLink();
    const difference = 'd'.repeat(64);
    await query(
      node.test.database,
      `insert into holds (slave_list_id, run_id, state, difference, reasons, adding, changing, removing, deactivating, lost, head_epoch,
         head_revision, head_count, head_digest, expires_date)
       select :list, id, 'waiting', :difference, '[]', 0, 0, 60, 0, 0, gen_random_uuid(), 1, 1, '', now() + interval '1 day' from runs where slave_list_id = :list`,
      { list, difference },
    );
    const approve = `${path}held/approve/`;
    const first = await node.want(200, linkSchema, ['POST', approve, { difference }]);
    expect(first.held).toMatchObject({ state: 'waiting', approved_first_by: 'admin', decided_by: null });
    await node.refused('CONFLICT', ['POST', approve, { difference }], 'difference');
    const decided = await node.call('POST', approve, { body: { difference }, headers: second });
    expect(decided.status).toBe(202);
    runSchema.parse(decided.json);
    expect((await node.want(200, linkSchema, ['GET', path])).held).toMatchObject({
      state: 'approved',
      approved_first_by: 'admin',
      decided_by: 'second',
    });
    expect(await actions(list)).toEqual([
      { actor: 'admin', action: 'held-approved-first' },
      { actor: 'second', action: 'held-approved' },
    ]);
  });
});
