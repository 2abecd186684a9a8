import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { auditEntrySchema } from '@dossier/protocol/audit.ts';
import { deletionSchema, restoredSchema } from '@dossier/protocol/bin.ts';
import { bulkReportSchema, dossierCountSchema } from '@dossier/protocol/bulk.ts';
import type { BulkReport } from '@dossier/protocol/bulk.ts';
import { dossierSchema } from '@dossier/protocol/dossier.ts';
import type { Dossier } from '@dossier/protocol/dossier.ts';
import { historyEntrySchema } from '@dossier/protocol/history.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import { watchListSchema } from '@dossier/protocol/watch-list.ts';
import { query } from '@dossier/postgres/database.ts';
import { doBulk } from '@dossier/registry/bulk.ts';
import { importDossiers } from '@dossier/registry/import.ts';
import { startTestApi } from '../../../test/kit/api.ts';
import type { TestApi } from '../../../test/kit/api.ts';
import { expectHonest } from '../../../test/kit/honest.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.stop());

const page = pageOf(dossierSchema);
const makeList = async (name = 'List'): Promise<number> => (await api.want(201, watchListSchema, ['POST', '/dossier-lists/', { name }])).id;
const make = (fields: object): Promise<Dossier> => api.want(201, dossierSchema, ['POST', '/dossiers/', fields]);
const read = (id: number): Promise<Dossier> => api.want(200, dossierSchema, ['GET', `/dossiers/${id}/`]);
const bulk = (body: object): Promise<BulkReport> => api.want(200, bulkReportSchema, ['POST', '/dossiers/bulk/', body]);
const restore = (deletion: number | null) => api.want(200, restoredSchema, ['POST', '/bin/restore/', { deletion }]);
const deletions = async () => (await api.want(200, pageOf(deletionSchema), ['GET', '/bin/deletions/'])).results;
const seenOf = (dossiers: readonly Dossier[]) => dossiers.map(({ id, modified_date: date }) => ({ id, modified_date: date }));
const namesIn = async (list: number): Promise<string[]> =>
  (await api.want(200, page, ['GET', `/dossiers/?dossier_lists=${list}&valid=all&limit=1000&ordering=name`])).results.map(
    ({ name }) => name,
  );
const countIn = (list: number, more = '') => api.want(200, dossierCountSchema, ['GET', `/dossiers/count/?dossier_lists=${list}${more}`]);
const headOf = async (list: number): Promise<number> => {
  const [row] = await query<{ revision: number }>(api.test.database, `select revision from list_positions where list_id = :list`, { list });
  return row?.revision ?? -1;
};
async function expectAllHonest(): Promise<void> {
  const lists = await query<{ id: number }>(api.test.database, `select id from watch_lists`);
  for (const { id } of lists) await expectHonest(api.test.database, id);
}
/** Many dossiers in one list, as an import leaves them. */
async function fill(listId: number, count: number): Promise<void> {
  const dossiers = Array.from({ length: count }, (_, index) => ({
    externalId: String(index),
    name: `Person ${index}`,
    comment: undefined,
    active: undefined,
    meta: { number: index },
    photos: undefined,
  }));
  await importDossiers(api.test.database, { listId, dossiers });
}

describe('many dossiers that are named', () => {
  it('are changed at once in what is asked for and in nothing else, and once more not at all', async () => {
    const list = await makeList();
    const people = [
      await make({ name: 'A', dossier_lists: [list], comment: 'tall', meta: { born: 1980, car: 'red' } }),
      await make({ name: 'B', dossier_lists: [list], external_id: 'b' }),
    ];
    const change = { active: false, valid_until: '2030-01-31', add_comment: 'Left the country.', meta: { car: null, door: 'keep out' } };
    const body = { dossiers: seenOf(people), change };
    expect(await bulk(body)).toEqual({ done: 2, unchanged: 0, refused: 0, refusals: [], next: null, deletion: null });
    const [a, b] = [await read(people[0]?.id ?? 0), await read(people[1]?.id ?? 0)];
    expect(a).toMatchObject({ name: 'A', active: false, valid_from: null, valid_until: '2030-01-31', comment: 'tall\nLeft the country.' });
    expect([a.meta, b.meta]).toEqual([{ born: 1980, door: 'keep out' }, { door: 'keep out' }]);
    expect(b).toMatchObject({ comment: 'Left the country.', external_id: 'b', dossier_lists: [list] });
    const head = await headOf(list);
    // The answer was lost, and the same request comes again: they are another than they were seen, but what is asked for is so.
    expect(await bulk(body)).toMatchObject({ done: 0, unchanged: 2, refused: 0 });
    expect([await headOf(list), await read(a.id)]).toEqual([head, a]);
    await expectAllHonest();
  });

  it('come into other lists and leave those that they are to leave', async () => {
    const [from, to, other] = [await makeList(), await makeList(), await makeList()];
    const people = [await make({ name: 'A', dossier_lists: [from] }), await make({ name: 'B', dossier_lists: [from, other] })];
    expect(await bulk({ dossiers: seenOf(people), change: { add_to_lists: [to], take_from_lists: [from] } })).toMatchObject({ done: 2 });
    expect([await namesIn(from), await namesIn(to), await namesIn(other)]).toEqual([[], ['A', 'B'], ['B']]);
    expect((await read(people[0]?.id ?? 0)).id).toBe(people[0]?.id);
    expect(await bulk({ dossiers: people.map(({ id }) => ({ id })), change: { add_to_lists: [to] } })).toMatchObject({
      done: 0,
      unchanged: 2,
    });
    await expectAllHonest();
  });

  it('are left and named, each with the reason, where it can not be done; the others are done', async () => {
    const [list, target, strict] = [await makeList(), await makeList(), await makeList()];
    await api.want(200, watchListSchema, ['PATCH', `/dossier-lists/${strict}/`, { require_match: true }]);
    await make({ name: 'There already', dossier_lists: [target], external_id: 'same' });
    const good = await make({ name: 'Good', dossier_lists: [list] });
    const overtaken = await make({ name: 'Overtaken', dossier_lists: [list] });
    const taken = await make({ name: 'Taken', dossier_lists: [list], external_id: 'same' });
    const unseen = await make({ name: 'Unseen', dossier_lists: [strict] });
    const gone = await make({ name: 'Gone', dossier_lists: [list] });
    await api.want(200, dossierSchema, ['PATCH', `/dossiers/${overtaken.id}/`, { comment: 'somebody else' }]);
    expect((await api.call('DELETE', `/dossiers/${gone.id}/`)).status).toBe(204);
    const report = await bulk({
      dossiers: [...seenOf([good, overtaken, taken, gone]), { id: unseen.id }],
      change: { add_to_lists: [target], add_comment: 'seen' },
    });
    expect(report).toMatchObject({ done: 1, unchanged: 0, refused: 4 });
    expect(Object.fromEntries(report.refusals.map(({ id, name, code }) => [id, [name, code]]))).toEqual({
      [overtaken.id]: ['Overtaken', 'PRECONDITION_FAILED'],
      [taken.id]: ['Taken', 'CONFLICT'],
      [unseen.id]: ['Unseen', 'PRECONDITION_REQUIRED'],
      [gone.id]: [null, 'NOT_FOUND'],
    });
    expect(await read(overtaken.id)).toMatchObject({ comment: 'somebody else', dossier_lists: [list] });
    expect(await namesIn(target)).toEqual(['Good', 'There already']);

    const last = await bulk({ dossiers: [{ id: taken.id }], change: { take_from_lists: [list] } });
    expect(last.refusals).toMatchObject([{ id: taken.id, code: 'CONFLICT' }]);
    const dates = await bulk({ dossiers: [{ id: taken.id }], change: { valid_from: '2030-01-02', valid_until: '2030-01-01' } });
    expect(dates.refusals).toMatchObject([{ id: taken.id, code: 'BAD_PARAM' }]);
    const long = await bulk({ dossiers: [{ id: overtaken.id }], change: { add_comment: 'x'.repeat(9_999) } });
    expect(long.refusals).toMatchObject([{ id: overtaken.id, code: 'TOO_LARGE' }]);
    await expectAllHonest();
  });

  it('that would have one external id in one list come there one of them, whoever is first', async () => {
    const [one, other, target] = [await makeList(), await makeList(), await makeList()];
    const people = [
      await make({ name: 'A', dossier_lists: [one], external_id: 'x' }),
      await make({ name: 'B', dossier_lists: [other], external_id: 'x' }),
    ];
    const report = await bulk({ dossiers: seenOf(people), change: { add_to_lists: [target] } });
    expect([report.done, report.refusals.map(({ name, code }) => [name, code])]).toEqual([1, [['B', 'CONFLICT']]]);
    expect(await namesIn(target)).toEqual(['A']);
  });

  it('are left and named, where a list declares a value otherwise; the others are done, and what did not fit before may stay', async () => {
    const [free, declaring] = [await makeList(), await makeList('Crew')];
    const odd = await make({ name: 'Odd', dossier_lists: [declaring], meta: { rank: 'cook' } });
    const fields = [{ name: 'rank', type: 'choice', choices: ['mate', 'captain'], required: true }];
    await api.want(200, watchListSchema, ['PATCH', `/dossier-lists/${declaring}/`, { fields }]);
    const mate = await make({ name: 'Mate', dossier_lists: [free], meta: { rank: 'mate' } });
    const cook = await make({ name: 'Cook', dossier_lists: [free], meta: { rank: 'cook' } });
    const none = await make({ name: 'None', dossier_lists: [free] });

    const copied = await bulk({ dossiers: seenOf([mate, cook, none]), change: { add_to_lists: [declaring], add_comment: 'aboard' } });
    expect([copied.done, copied.refusals.map(({ name, code }) => [name, code])]).toEqual([
      1,
      [
        ['Cook', 'BAD_PARAM'],
        ['None', 'BAD_PARAM'],
      ],
    ]);
    expect(copied.refusals[0]?.desc).toMatch(new RegExp(String.raw`^meta\.rank: .* watch list ${declaring} \(Crew\)`));
    expect([await namesIn(declaring), (await read(cook.id)).comment]).toEqual([['Mate', 'Odd'], '']);

    const ids = [odd, mate, cook].map(({ id }) => ({ id }));
    const set = await bulk({ dossiers: ids, change: { meta: { rank: 'pirate' } } });
    expect([set.done, set.refusals.map(({ name, code }) => [name, code])]).toEqual([
      1,
      [
        ['Odd', 'BAD_PARAM'],
        ['Mate', 'BAD_PARAM'],
      ],
    ]);
    expect(await bulk({ dossiers: ids, change: { meta: { seen: true } } })).toMatchObject({ done: 3, refused: 0 });
    expect((await read(odd.id)).meta).toEqual({ rank: 'cook', seen: true });
    const both = await bulk({ dossiers: [{ id: cook.id }], change: { meta: { rank: 'captain' }, add_to_lists: [declaring] } });
    expect(both).toMatchObject({ done: 1, refused: 0 });
    await expectAllHonest();
  });

  it('are deleted into the bin by one deletion, and come back together as they were, also where values do not fit any more', async () => {
    const [one, two] = [await makeList('One'), await makeList('Two')];
    const people = [
      await make({ name: 'A', dossier_lists: [one, two], external_id: 'a', meta: { rank: 'cook' } }),
      await make({ name: 'B', dossier_lists: [two] }),
    ];
    const report = await bulk({ dossiers: seenOf(people), delete: true });
    expect(report).toMatchObject({ done: 2, deletion: expect.any(Number) });
    expect((await deletions())[0]).toMatchObject({
      id: report.deletion,
      kind: 'bulk',
      dossiers: 3,
      deleted_by: 'admin',
      dossier_lists: [{ id: one }, { id: two }],
    });
    const fields = [{ name: 'rank', type: 'choice', choices: ['mate', 'captain'], required: true }];
    await api.want(200, watchListSchema, ['PATCH', `/dossier-lists/${two}/`, { fields }]);
    expect(await bulk({ dossiers: seenOf(people), delete: true })).toMatchObject({ done: 0, unchanged: 2, deletion: null });
    expect(await restore(report.deletion)).toMatchObject({ restored: 3, conflict_count: 0 });
    expect([await read(people[0]?.id ?? 0), await read(people[1]?.id ?? 0)]).toEqual(people);
    await expectAllHonest();
  });

  it('are in the bin also when it changes between batches: restored in part, erased, or two of one external id', async () => {
    const list = await makeList('Changing');
    const people: Dossier[] = [];
    for (const name of ['A', 'B', 'C', 'D']) people.push(await make({ name, dossier_lists: [list] }));
    const ids = people.map(({ id }) => id);
    const external = (index: number, id: string | null) =>
      api.want(200, dossierSchema, ['PATCH', `/dossiers/${ids[index]}/`, { external_id: id }]);
    const remove = async (index: number, id: number | null): Promise<number> => {
      const counts = await doBulk(api.test.database, {
        members: [{ id: ids[index] ?? 0 }],
        deed: 'delete',
        heads: undefined,
        bin: { kind: 'bulk', by: 'admin', id },
        origin: { auditId: 1, room: 0 },
      });
      return counts.deletion ?? 0;
    };
    await external(0, 'same');
    const first = await remove(0, null);
    await external(1, 'same');
    expect(await remove(1, first)).toBe(first);
    expect(await remove(2, first)).toBe(first);
    expect((await deletions())[0]).toMatchObject({ id: first, dossiers: 3, dossier_lists: [{ id: list }] });
    // Of two that can't be there both the newer one comes back; the other is kept.
    expect(await restore(first)).toMatchObject({ restored: 2, conflicts: [{ reason: 'external-id-taken' }] });
    expect((await api.call('DELETE', `/bin/deletions/${first}/`)).status).toBe(204);
    const next = await remove(3, first);
    expect(next).toBeGreaterThan(first);
    expect((await deletions())[0]).toMatchObject({ id: next, kind: 'bulk', dossiers: 1 });
    expect(await restore(next)).toMatchObject({ restored: 1 });
    await expectAllHonest();
  });

  it('are deleted from all lists, and once more not at all', async () => {
    const [list, other] = [await makeList(), await makeList()];
    const people = [await make({ name: 'A', dossier_lists: [list, other] }), await make({ name: 'B', dossier_lists: [list] })];
    const stays = await make({ name: 'C', dossier_lists: [list] });
    expect(await bulk({ dossiers: seenOf(people), delete: true })).toMatchObject({ done: 2, refused: 0 });
    expect([await namesIn(list), await namesIn(other)]).toEqual([['C'], []]);
    expect(await bulk({ dossiers: seenOf(people), delete: true })).toMatchObject({ done: 0, unchanged: 2, refused: 0 });
    expect(await read(stays.id)).toEqual(stays);
    await expectAllHonest();
  });

  it('are kept in the audit by their number, and each in its own history with what was before', async () => {
    const list = await makeList();
    const people = [await make({ name: 'A', dossier_lists: [list] }), await make({ name: 'B', dossier_lists: [list] })];
    await bulk({ dossiers: seenOf(people), change: { active: false } });
    const { results } = await api.want(200, pageOf(auditEntrySchema), ['GET', '/audit/?action=dossiers-changed&limit=2']);
    expect(results.map(({ details }) => details)).toMatchObject([
      { state: 'done', done: 2, unchanged: 0, refused: 0, change: { fields: ['active'] } },
      { state: 'begun', dossiers: 2 },
    ]);
    for (const { id } of people) {
      const history = await api.want(200, pageOf(historyEntrySchema), ['GET', `/dossiers/${id}/history/`]);
      expect(history.results[0]).toMatchObject({
        kind: 'changed',
        action: 'dossiers-changed',
        actor: 'admin',
        before: { active: true },
        after: { active: false },
      });
    }
  });
});

describe('all that a filter finds', () => {
  it('is counted, and changed as it was counted: who came or was changed since is left', async () => {
    const list = await makeList();
    const other = await makeList();
    const first = await make({ name: 'Ivanov 1', dossier_lists: [list] });
    const second = await make({ name: 'Ivanov 2', dossier_lists: [list] });
    await make({ name: 'Petrov', dossier_lists: [list] });
    await make({ name: 'Ivanov elsewhere', dossier_lists: [other] });
    const counted = await countIn(list, '&name_contains=ivanov');
    expect(counted).toMatchObject({ count: 2, count_is_more: false });
    const late = await make({ name: 'Ivanov 3', dossier_lists: [list] });
    await api.want(200, dossierSchema, ['PATCH', `/dossiers/${second.id}/`, { comment: 'new' }]);
    const filter = { dossier_lists: [list], name_contains: 'ivanov', valid: 'all' };
    const report = await bulk({ filter, state: counted.state, delete: true });
    expect(report).toMatchObject({ done: 1, refused: 2, next: null });
    expect(report.refusals.map(({ id, code }) => [id, code])).toEqual([
      [second.id, 'PRECONDITION_FAILED'],
      [late.id, 'PRECONDITION_FAILED'],
    ]);
    await api.refused('NOT_FOUND', ['GET', `/dossiers/${first.id}/`]);
    expect([await namesIn(list), await namesIn(other)]).toEqual([['Ivanov 2', 'Ivanov 3', 'Petrov'], ['Ivanov elsewhere']]);
  });

  it('is not who is in a list that was made since', async () => {
    const before = await api.want(200, dossierCountSchema, ['GET', '/dossiers/count/?name_contains=newcomer']);
    const made = await make({ name: 'Newcomer', dossier_lists: [await makeList()] });
    const report = await bulk({ filter: { name_contains: 'newcomer' }, state: before.state, delete: true });
    expect(report.refusals).toMatchObject([{ id: made.id, code: 'PRECONDITION_FAILED' }]);
  });

  it('by words is found as the search finds it, and refused as a whole where it is more than can be ranked', async () => {
    const list = await makeList();
    await make({ name: 'Aleksei Smirnov', dossier_lists: [list] });
    const counted = await countIn(list, '&q=алексей');
    expect(counted.count).toBe(1);
    const filter = { dossier_lists: [list], q: 'алексей' };
    expect(await bulk({ filter, state: counted.state, change: { active: false } })).toMatchObject({ done: 1 });
    const large = await makeList();
    await query(
      api.test.database,
      `insert into dossiers (set_id, name) select set_of(:large), 'Multitude ' || n from generate_series(1, 150) n`,
      { large },
    );
    expect((await countIn(large, '&q=multitude')).count).toBe(150);
  });
});

describe('what is refused as a whole', () => {
  it('changes nothing: a list that is not there, no dossiers, two deeds, a filter without its state, viewers', async () => {
    const list = await makeList();
    const { id } = await make({ name: 'A', dossier_lists: [list] });
    const dossiers = [{ id }];
    await api.refused('BAD_PARAM', ['POST', '/dossiers/bulk/', { dossiers, change: { add_to_lists: [999_999] } }], 'dossier_lists');
    await api.refused('BAD_PARAM', ['POST', '/dossiers/bulk/', { dossiers: [], delete: true }], 'dossiers');
    await api.refused('BAD_PARAM', ['POST', '/dossiers/bulk/', { dossiers, delete: true, change: { active: true } }]);
    await api.refused('BAD_PARAM', ['POST', '/dossiers/bulk/', { dossiers, change: {} }], 'change');
    await api.refused('BAD_PARAM', ['POST', '/dossiers/bulk/', { filter: {}, delete: true }]);
    await api.refused('BAD_PARAM', ['POST', '/dossiers/bulk/', { filter: {}, state: 'nonsense', delete: true }], 'state');
    await api.refused('BAD_PARAM', ['POST', '/dossiers/bulk/', { dossiers, change: { name: 'all the same' } }], 'change');
    expect(await api.call('POST', '/dossiers/bulk/', { body: { dossiers, delete: true }, role: 'viewer' })).toMatchObject({ status: 403 });
    expect((await read(id)).name).toBe('A');
  });
});

it('changes and deletes 12,000 at once, while who writes the list waits for no more than a batch', { timeout: 120_000 }, async () => {
  const many = 12_000;
  const list = await makeList('Long');
  await fill(list, many);
  const request = async (deed: object) => ({
    filter: { dossier_lists: [list], valid: 'all' },
    state: (await countIn(list, '&valid=all')).state,
    ...deed,
  });
  for (const deed of [{ change: { meta: { seen: true } } }, { delete: true }]) {
    const body = await request(deed);
    let waits = 0;
    let done = false;
    const work = bulk(body).finally(() => {
      done = true;
    });
    // Each wait ends with a batch, and the next one begins after it.
    while (!done) {
      await query(api.test.database, `select settle_digest(:list)`, { list });
      waits += 1;
    }
    expect(await work).toMatchObject({ done: many, refused: 0, next: null });
    expect(waits).toBeGreaterThan(many / 1000 / 2);
  }
  expect(await countIn(list, '&valid=all')).toMatchObject({ count: 0 });
  const [deletion] = await deletions();
  expect(deletion).toMatchObject({ kind: 'bulk', dossiers: many, dossier_lists: [{ id: list }] });
  const { results } = await api.want(200, pageOf(auditEntrySchema), ['GET', '/audit/?action=dossiers-deleted&limit=1']);
  expect(results[0]?.details).toMatchObject({ state: 'done', done: many });
  const kept = await query(
    api.test.database,
    `select kind, count(*), max(dossiers) as dossiers from history where audit_id in (select id from audit where action = 'dossiers-deleted') group by kind order by kind`,
  );
  expect(kept).toMatchObject([{ kind: 'many', dossiers: 2000 }, { kind: 'removed' }]);
  expect(await restore(deletion?.id ?? 0)).toMatchObject({ restored: many, conflict_count: 0 });
  expect(await countIn(list, '&valid=all')).toMatchObject({ count: many });
  await expectAllHonest();
});
