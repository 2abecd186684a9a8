import { changesRoute } from '@dossier/api/routes/changes.ts';
import { query } from '@dossier/postgres/database.ts';
import { pruneReadings } from '@dossier/feed/readings.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApi } from '../kit/api.ts';
import type { TestApi } from '../kit/api.ts';
import { ChangesConsumer } from '../kit/changes-consumer.ts';
import { FollowedLists } from '../kit/followed-lists.ts';

let api: TestApi;
let lists: FollowedLists;
beforeAll(async () => {
  api = await startTestApi(({ test }) => Promise.resolve({ routes: [changesRoute(test)] }));
  lists = new FollowedLists(api.test.database);
});
afterAll(() => api.stop());

async function expectEqual(consumer: ChangesConsumer, list: number): Promise<void> {
  expect(consumer.content).toEqual(await lists.contentOf(list));
}

describe('a list whose tombstones were forgotten', () => {
  it('is read to its end in pages while it is edited, and followed from there', async () => {
    const list = await lists.make('pruned', 3000);
    await lists.remove(list, '3000');
    // The floor is above all rows that are to be read.
    await lists.forgetTombstones(list);
    const consumer = new ChangesConsumer(api, list, 250);
    const seen: (string | null)[] = [];
    for (let page = 1; ; page += 1) {
      const answer = await consumer.ask();
      if (answer.kind === 'reset') throw new Error(`page ${page} says reset`);
      seen.push(answer.snapshot);
      if (!answer.more) break;
      await lists.remove(list, `${page}01`);
      await lists.rename(list, `${page}02`, `renamed on page ${page}`);
      await lists.add(list, 1, `added on page ${page}`);
      if (page > 100) throw new Error('not read to its end');
    }
    expect(seen.length).toBeGreaterThan(11);
    expect(seen.slice(0, -1).every((state) => state === 'under-way')).toBe(true);
    expect(seen.at(-1)).toBe('complete');
    await expectEqual(consumer, list);
    expect(await consumer.ask()).toMatchObject({ kind: 'end', count: 0, more: false, snapshot: null });
    await lists.remove(list, '03');
    expect(await consumer.ask()).toMatchObject({ kind: 'end', more: false, snapshot: null });
    await expectEqual(consumer, list);
  });

  it('resets only whom a tombstone was for: one that removes what was read already, not one from before the reading', async () => {
    const list = await lists.make('late', 100);
    await lists.remove(list, '5');
    const consumer = new ChangesConsumer(api, list, 30);
    await consumer.ask();
    await lists.forgetTombstones(list);
    expect(await consumer.ask()).toMatchObject({ kind: 'end', snapshot: 'under-way' });
    await lists.remove(list, '7');
    await lists.forgetTombstones(list);
    expect(await consumer.ask()).toMatchObject({ kind: 'reset', reason: 'floor' });
    expect(await consumer.read()).toMatchObject({ kind: 'end', snapshot: 'complete' });
    await expectEqual(consumer, list);
  });

  it('resets whom it was told by a revision alone, and names the cursor to start over with', async () => {
    const list = await lists.make('by revision', 20);
    await lists.remove(list, '1');
    await lists.forgetTombstones(list);
    const answer = await api.call('GET', `/dossier-lists/${list}/changes/?since=5`);
    expect(JSON.parse(answer.text)).toMatchObject({ kind: 'reset', reason: 'floor' });
    const { next } = JSON.parse(answer.text) as { next: string };
    // Who knows of no other parameter gives the cursor as `since`.
    const again = await api.call('GET', `/dossier-lists/${list}/changes/?since=${next}`);
    expect(again.text.trimEnd().split('\n')).toHaveLength(18 + 1);
  });
});

describe('a master restored from a backup', () => {
  async function followed(name: string): Promise<{ list: number; consumer: ChangesConsumer }> {
    const list = await lists.make(name, 50);
    const consumer = new ChangesConsumer(api, list);
    await consumer.read();
    await lists.backUp();
    await lists.remove(list, '3');
    await lists.rename(list, '4', 'renamed');
    expect(await consumer.read()).toMatchObject({ kind: 'end', snapshot: null });
    await expectEqual(consumer, list);
    await lists.restore();
    return { list, consumer };
  }

  async function expectStartedOver(consumer: ChangesConsumer, list: number): Promise<void> {
    expect(await consumer.read()).toMatchObject({ kind: 'end', snapshot: 'complete' });
    await expectEqual(consumer, list);
  }

  it('resets who is further than it', async () => {
    const { list, consumer } = await followed('shorter');
    expect(await consumer.ask()).toMatchObject({ kind: 'reset', reason: 'ahead' });
    await expectStartedOver(consumer, list);
  });

  it('resets who was further than it, also after it has gone on beyond that', async () => {
    const { list, consumer } = await followed('longer');
    await lists.add(list, 40, 'other');
    expect(await consumer.ask()).toMatchObject({ kind: 'reset', reason: 'unknown' });
    await expectStartedOver(consumer, list);
  });

  it('resets who began to read after the backup', async () => {
    const list = await lists.make('begun later', 10);
    await lists.backUp();
    const consumer = new ChangesConsumer(api, list);
    await consumer.read();
    await lists.restore();
    await lists.rename(list, '4', 'renamed');
    expect(await consumer.ask()).toMatchObject({ kind: 'reset', reason: 'unknown' });
    await expectStartedOver(consumer, list);
  });

  it('resets who reads its pages, also after it has gone on', async () => {
    const list = await lists.make('half read', 50);
    await lists.backUp();
    await lists.remove(list, '3');
    const consumer = new ChangesConsumer(api, list, 10);
    await consumer.ask();
    await consumer.ask();
    await lists.restore();
    await lists.add(list, 40, 'other');
    expect(await consumer.ask()).toMatchObject({ kind: 'reset', reason: 'unknown' });
    await expectStartedOver(consumer, list);
  });

  it('resets nobody who read nothing since the backup', async () => {
    const list = await lists.make('unmoved', 10);
    const consumer = new ChangesConsumer(api, list);
    await consumer.read();
    await lists.backUp();
    await lists.rename(list, '4', 'renamed');
    await lists.restore();
    await lists.rename(list, '5', 'renamed');
    expect(await consumer.ask()).toMatchObject({ kind: 'end', count: 1, snapshot: null });
    await expectEqual(consumer, list);
  });

  it('resets who followed another epoch', async () => {
    const list = await lists.make('another epoch', 10);
    const consumer = new ChangesConsumer(api, list);
    await consumer.read();
    await query(api.test.database, `update list_positions set epoch = gen_random_uuid() where list_id = :list`, { list });
    expect(await consumer.ask()).toMatchObject({ kind: 'reset', reason: 'epoch' });
    await expectStartedOver(consumer, list);
  });
});

describe('a cursor', () => {
  it('that is garbled, of another list or given twice is refused', async () => {
    const [list, other] = [await lists.make('own', 3), await lists.make('other', 3)];
    const consumer = new ChangesConsumer(api, list);
    await consumer.ask();
    const { cursor } = consumer;
    const path = `/dossier-lists/${list}/changes/`;
    const middle = Math.floor(cursor.length / 2);
    const flipped = cursor.slice(0, middle) + (cursor[middle] === 'A' ? 'B' : 'A') + cursor.slice(middle + 1);
    const bare = Buffer.from(JSON.stringify({ list, reading: null })).toString('base64url');
    for (const wrong of [
      flipped,
      cursor.slice(0, -1),
      `${cursor}A`,
      `${cursor}=`,
      'x',
      '',
      '0',
      bare,
      cursor.toUpperCase(),
      'A'.repeat(2000),
    ]) {
      await api.refused('BAD_PARAM', ['GET', `${path}?cursor=${encodeURIComponent(wrong)}`], 'cursor');
    }
    const { detail } = await api.refused('BAD_PARAM', ['GET', `/dossier-lists/${other}/changes/?cursor=${cursor}`], 'cursor');
    expect(detail).toBe(`cursor: is a cursor of watch list ${list}, not of ${other}.`);
    await api.refused('BAD_PARAM', ['GET', `${path}?cursor=${cursor}&since=0`], 'cursor');
    await api.refused('BAD_PARAM', ['GET', `${path}?cursor=${cursor}&epoch=${crypto.randomUUID()}`], 'epoch');
    for (const wrong of ['-1', '1e3', '0x1', ' 1', '', '1.0']) {
      await api.refused('BAD_PARAM', ['GET', `${path}?since=${encodeURIComponent(wrong)}`], 'since');
    }
    for (const wrong of ['0', '5001', '']) await api.refused('BAD_PARAM', ['GET', `${path}?limit=${wrong}`], 'limit');
  });

  it('that nobody came back with for as long as tombstones are kept starts over, one that is used does not', async () => {
    const list = await lists.make('quiet', 3);
    const [lost, present] = [new ChangesConsumer(api, list), new ChangesConsumer(api, list)];
    await lost.read();
    await present.read();
    await query(api.test.database, `update readings set told_date = now() - interval '91 days' where list_id = :list`, { list });
    expect(await present.ask()).toMatchObject({ kind: 'end', count: 0 });
    await pruneReadings(api.test.database, { days: 90, keep: 100 });
    expect(await present.ask()).toMatchObject({ kind: 'end', count: 0 });
    expect(await lost.ask()).toMatchObject({ kind: 'reset', reason: 'unknown' });
  });

  it('of a list that is begun again and again starts over where it is among the oldest', async () => {
    const list = await lists.make('begun often', 3);
    const consumers = Array.from({ length: 4 }, () => new ChangesConsumer(api, list));
    for (const consumer of consumers) await consumer.read();
    await pruneReadings(api.test.database, { days: 90, keep: 3 });
    const kinds: string[] = [];
    for (const consumer of consumers) kinds.push((await consumer.ask()).kind);
    expect(kinds).toEqual(['reset', 'end', 'end', 'end']);
  });

  it('of an empty list follows it from its first dossier', async () => {
    const list = await lists.make('empty', 0);
    const consumer = new ChangesConsumer(api, list);
    expect(await consumer.ask()).toMatchObject({ kind: 'end', count: 0, more: false, snapshot: 'complete' });
    await lists.add(list, 3);
    await consumer.read();
    await expectEqual(consumer, list);
  });
});
