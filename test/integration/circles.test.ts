import { linkSchema } from '@dossier/protocol/sync.ts';
import { query } from '@dossier/postgres/database.ts';
import { findLink, finishUnlink, startUnlink } from '@dossier/replication/links.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contentOf, createEngineNode } from '../kit/engine.ts';
import type { EngineNode } from '../kit/engine.ts';
import { startNodeApi } from '../kit/node-api.ts';

/** Headquarters, a branch that replicates from it, and a gate that replicates from the branch. */
let headquarters: EngineNode;
let branch: EngineNode;
let gate: EngineNode;

beforeAll(async () => {
  [headquarters, branch, gate] = await Promise.all([
    createEngineNode(),
    createEngineNode(),
    createEngineNode({ SYNC_SPREAD_SECONDS: '0' }),
  ]);
});
afterAll(() => Promise.all([headquarters, branch, gate].map((node) => node?.close())));

const circle = { code: 'THIS_NODE_ITSELF', kind: 'operator' };

async function uuidOf({ database }: EngineNode): Promise<string | undefined> {
  return (await query<{ uuid: string }>(database, 'select uuid from node'))[0]?.uuid;
}

async function unlink({ database }: EngineNode, list: number): Promise<void> {
  await startUnlink(database, list, false);
  await finishUnlink(database, list);
}

/** A list of headquarters with dossiers that a branch and its gate replicate, and what was edited at headquarters since. */
async function relayed(): Promise<{ atHeadquarters: number; atBranch: number; atGate: number }> {
  const atHeadquarters = await headquarters.makeList('relayed');
  await headquarters.makeDossiers([atHeadquarters], ['Ada', 'Bob']);
  const atBranch = await branch.makeList('relayed');
  await branch.link(headquarters, atHeadquarters, atBranch);
  const atGate = await gate.makeList('relayed');
  await gate.link(branch, atBranch, atGate);
  await headquarters.makeDossiers([atHeadquarters], ['Newest']);
  return { atHeadquarters, atBranch, atGate };
}

describe('a list that comes from the node that would replicate it', () => {
  it('is refused between two nodes at once, with the list untouched and free again once that link is gone', async () => {
    const { atHeadquarters, atBranch } = await relayed();
    const before = await contentOf(headquarters.database, atHeadquarters);
    const refused = headquarters.link(branch, atBranch, atHeadquarters);
    const sentence = `This list comes from this node itself: ${branch.feedUrl} replicates it from this node.`;
    await expect(refused).rejects.toMatchObject({ ...circle, message: expect.stringContaining(sentence) });
    expect(await findLink(headquarters.database, atHeadquarters)).toMatchObject({ state: 'failed', error: { code: circle.code } });
    expect(await contentOf(headquarters.database, atHeadquarters)).toEqual(before);

    await unlink(headquarters, atHeadquarters);
    await headquarters.makeDossiers([atHeadquarters], ['Edited again']);
    expect(await branch.sync(atBranch)).toMatchObject({ state: 'synced', added: 2 });
  });

  it('is refused through a third node, which the sentence names', async () => {
    const { atHeadquarters, atGate } = await relayed();
    const before = await contentOf(headquarters.database, atHeadquarters);
    const way = `${gate.feedUrl} replicates it from the node ${await uuidOf(branch)}, which replicates it from this node.`;
    const refused = headquarters.link(gate, atGate, atHeadquarters);
    await expect(refused).rejects.toMatchObject({ ...circle, message: expect.stringContaining(way) });
    expect(await contentOf(headquarters.database, atHeadquarters)).toEqual(before);
  });

  it('is refused by the next run where the link in the middle closed the circle', async () => {
    const [atHeadquarters, atBranch, atGate] = await Promise.all([headquarters, branch, gate].map((node) => node.makeList('late')));
    if (!atHeadquarters || !atBranch || !atGate) throw new Error('no lists');
    await gate.makeDossiers([atGate], ['Ada']);
    await branch.link(headquarters, atHeadquarters, atBranch);
    await headquarters.link(gate, atGate, atHeadquarters);
    await headquarters.makeDossiers([atHeadquarters], ['Newest']);
    const before = await contentOf(headquarters.database, atHeadquarters);
    // The branch doesn't know yet that headquarters replicates from the gate.
    await gate.link(branch, atBranch, atGate);
    await expect(headquarters.sync(atHeadquarters)).rejects.toMatchObject(circle);
    expect(await contentOf(headquarters.database, atHeadquarters)).toEqual(before);
    await branch.sync(atBranch);
    await expect(gate.sync(atGate, { mode: 'verify' })).rejects.toMatchObject(circle);

    await unlink(headquarters, atHeadquarters);
    expect(await branch.sync(atBranch)).toMatchObject({ state: 'unchanged' });
    await gate.sync(atGate);
    const origins = [await uuidOf(branch), await uuidOf(headquarters)];
    expect(await findLink(gate.database, atGate)).toMatchObject({ state: 'synced', remote_node: origins[0], origins: [origins[1]] });
    expect(await contentOf(gate.database, atGate)).toEqual(before);
  });

  it('may be its own by two ways that are no circle', async () => {
    const { atHeadquarters, atBranch, atGate } = await relayed();
    const direct = await gate.makeList('direct');
    expect(await gate.link(headquarters, atHeadquarters, direct)).toMatchObject({ state: 'synced', added: 3 });
    await branch.sync(atBranch);
    await gate.sync(atGate);
    expect(await contentOf(gate.database, atGate)).toEqual(await contentOf(gate.database, direct));
  });
});

it('origins are learnt, and forgotten, though the list itself changes in nothing', async () => {
  const [atHeadquarters, atBranch, atGate] = await Promise.all([headquarters, branch, gate].map((node) => node.makeList('empty')));
  if (!atHeadquarters || !atBranch || !atGate) throw new Error('no lists');
  await gate.link(branch, atBranch, atGate);
  await gate.sync(atGate);
  /** Whether the nightly question about many lists lets this one have a run. */
  const isAskedAnew = async (days: number) => {
    await query(gate.database, `update links set deep_verified_at = now() + make_interval(days => :days) where slave_list_id = :atGate`, {
      days,
      atGate,
    });
    gate.reminders.length = 0;
    await gate.tick(new Date(Date.now() + days * 24 * 3600 * 1000));
    const [open] = await query(gate.database, `select id from runs where slave_list_id = :atGate and finished_date is null`, { atGate });
    return open !== undefined;
  };
  expect(await isAskedAnew(1)).toBe(false);
  await branch.link(headquarters, atHeadquarters, atBranch);
  expect(await isAskedAnew(2)).toBe(true);
  expect(await gate.sync(atGate)).toMatchObject({ state: 'unchanged' });
  expect(await findLink(gate.database, atGate)).toMatchObject({ origins: [await uuidOf(headquarters)] });
  await unlink(branch, atBranch);
  expect(await isAskedAnew(3)).toBe(true);
  expect(await gate.sync(atGate)).toMatchObject({ state: 'unchanged' });
  expect(await findLink(gate.database, atGate)).toMatchObject({ origins: [] });
});

it('the API previews no circle, and a link that closes one has failed without a sync', async () => {
  const [master, slave] = await Promise.all([startNodeApi(), startNodeApi()]);
  try {
    await Promise.all([master.work(), slave.work()]);
    const remote = await master.makeList('People');
    await master.call('POST', '/dossiers/', { body: { name: 'Ada', dossier_lists: [remote] } });
    const local = await slave.makeList();
    const follow = (node: typeof master, body: object) =>
      node.call('POST', '/sync/dossier-lists/', { body, headers: { prefer: 'wait=30' } });
    const made = await follow(slave, { remote_url: master.url, remote_dossier_list: remote, slave_dossier_list: local });
    expect(linkSchema.parse(made.json)).toMatchObject({ state: 'synced' });
    await master.call('POST', '/dossiers/', { body: { name: 'Newest', dossier_lists: [remote] } });

    const back = { remote_url: slave.url, remote_dossier_list: local, slave_dossier_list: remote };
    const problem = await master.refused('CONFLICT', ['POST', '/sync/preview/', back], 'remote_url');
    expect(problem.detail).toContain(`${slave.url} replicates it from this node.`);
    await follow(master, back);
    const link = await master.want(200, linkSchema, ['GET', `/sync/dossier-lists/${remote}/`]);
    expect(link).toMatchObject({ state: 'failed', error: { code: circle.code, attempts: 1, next_attempt: null }, local_count: 2 });
  } finally {
    await Promise.all([master.stop(), slave.stop()]);
  }
});
