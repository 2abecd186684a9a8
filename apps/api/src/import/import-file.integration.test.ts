import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openPhotoStore } from '@dossier/photos/open-photo-store.ts';
import type { PhotoStore } from '@dossier/photos/photo-store.ts';
import { query, queryOne, transaction } from '@dossier/postgres/database.ts';
import type { Database } from '@dossier/postgres/database.ts';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase } from '../../../../test/kit/database.ts';
import type { TestDatabase } from '../../../../test/kit/database.ts';
import { expectHonest } from '../../../../test/kit/honest.ts';
import { importDossiers } from '@dossier/registry/import.ts';
import { importFile } from './import-file.ts';
import type { ImportReport, ImportTask } from './import-file.ts';
import { openFile } from './open-file.ts';
import { openPhotoFolder } from './photo-folder.ts';

let test: TestDatabase;
let database: Database;
let folder: string;
let store: PhotoStore;

beforeAll(async () => {
  test = await createTestDatabase();
  database = test.database;
  folder = await mkdtemp(join(tmpdir(), 'import-'));
  store = openPhotoStore(join(folder, 'store'));
  for (const [name, color] of Object.entries({ 'red.png': 'red', 'blue.png': 'blue', 'green.png': 'green' })) {
    await sharp({ create: { width: 8, height: 6, channels: 3, background: color } })
      .png()
      .toFile(join(folder, name));
  }
  await writeFile(join(folder, 'broken.png'), 'no photo');
});
afterAll(async () => {
  await test.drop();
  await rm(folder, { recursive: true });
});

async function makeList(): Promise<number> {
  const list = await queryOne<{ id: number }>(database, `insert into watch_lists (name) values ('imported') returning id`);
  return list?.id ?? 0;
}

type Lines = readonly (object | string)[];

async function* bytesOf(lines: Lines): AsyncGenerator<Uint8Array> {
  for (const line of lines) yield Buffer.from(`${typeof line === 'string' ? line : JSON.stringify(line)}\n`);
}

function newReport(): ImportReport {
  return { lines: 0, added: 0, changed: 0, unchanged: 0, refused: 0, refusedLines: [] };
}

interface Options extends Partial<ImportTask> {
  readonly source?: AsyncIterable<Uint8Array>;
  readonly format?: 'jsonl' | 'csv';
}

async function run(listId: number, lines: Lines, { source, format, ...options }: Options = {}): Promise<ImportReport> {
  const report = newReport();
  const { signal } = new AbortController();
  const photos = await openPhotoFolder(folder);
  const { rows } = await openFile(source ?? bytesOf(lines), { format: format ?? 'jsonl' });
  await importFile({ database, store, listId, rows, folder: photos, signal, progress: () => undefined, ...options }, report);
  return report;
}

interface Row {
  external_id: string | null;
  name: string;
  comment: string;
  active: boolean;
  meta: unknown;
  photos: number;
}

async function contentOf(listId: number): Promise<Row[]> {
  return query<Row>(
    database,
    `select external_id, name, comment, active, meta, json_array_length(photos) as photos from current_dossiers
     where list_id = :listId order by external_id, name`,
    { listId },
  );
}

const expectConsistent = (listId: number): Promise<void> => expectHonest(database, listId);

function rowsOf(listId: number): Promise<object[]> {
  return query(database, `select * from current_dossiers where list_id = :listId order by id`, { listId });
}

async function positionOf(listId: number): Promise<number> {
  const row = await queryOne<{ revision: number }>(database, `select revision from list_positions where list_id = :listId`, { listId });
  return row?.revision ?? -1;
}

const counts = ({ lines, added, changed, unchanged, refused }: ImportReport): number[] => [lines, added, changed, unchanged, refused];

describe('an import', () => {
  it('adds, and the same again changes nothing, not even a revision', async () => {
    const list = await makeList();
    const lines = Array.from({ length: 2500 }, (_, index) => ({
      external_id: `twice-${index}`,
      name: `Person ${index}`,
      comment: 'a "quoted", \\backslashed {comma}\tNULL\r\n\\N\n\\.\n',
      active: index % 2 === 0,
      meta: { index, nested: { list: [1, null, 'ä'] } },
    }));
    expect(counts(await run(list, lines))).toEqual([2500, 2500, 0, 0, 0]);
    await expectConsistent(list);
    expect((await contentOf(list)).find((row) => row.external_id === 'twice-7')).toEqual({ ...lines[7], photos: 0 });
    const before = await positionOf(list);
    expect(counts(await run(list, lines))).toEqual([2500, 0, 0, 2500, 0]);
    expect(await positionOf(list)).toBe(before);
  });

  it('updates only what a line says, and lets a later line of the same external_id win', async () => {
    const list = await makeList();
    await run(list, [{ external_id: 'u', name: 'Ada', comment: 'kept', active: false, meta: { kept: true } }]);
    expect(counts(await run(list, [{ external_id: 'u', name: 'Ada Lovelace' }]))).toEqual([1, 0, 1, 0, 0]);
    expect(await contentOf(list)).toEqual([
      { external_id: 'u', name: 'Ada Lovelace', comment: 'kept', active: false, meta: { kept: true }, photos: 0 },
    ]);
    const report = await run(list, [
      { external_id: 'v', name: 'first', comment: 'stays' },
      { external_id: 'u', name: 'Ada Lovelace' },
      { external_id: 'v', name: 'second', meta: { a: 1 } },
      { external_id: 'v', name: 'second' },
    ]);
    expect(counts(report)).toEqual([4, 1, 1, 2, 0]);
    expect((await contentOf(list))[1]).toEqual({
      external_id: 'v',
      name: 'second',
      comment: 'stays',
      active: true,
      meta: { a: 1 },
      photos: 0,
    });
    await expectConsistent(list);
  });

  it('adds a line without external_id each time', async () => {
    const list = await makeList();
    const lines = [{ name: 'Nobody' }, { name: 'Nobody', external_id: null }];
    expect(counts(await run(list, lines))).toEqual([2, 2, 0, 0, 0]);
    expect(counts(await run(list, lines))).toEqual([2, 2, 0, 0, 0]);
    await expectConsistent(list);
  });

  it.each(['jsonl', 'csv'] as const)('changes nobody whom another list knows by the same external_id (%s)', async (format) => {
    const [first, second] = [await makeList(), await makeList()];
    await run(first, [{ external_id: '1', name: 'Ada', photo: 'red.png' }]);
    const [before, position] = [await rowsOf(first), await positionOf(first)];
    const lines =
      format === 'csv' ? ['external_id,name,comment', '1,Eve,somebody else'] : [{ external_id: '1', name: 'Eve', photo: 'blue.png' }];
    const preview = await run(second, lines, { format, preview: true });
    expect(counts(preview)).toEqual([1, 1, 0, 0, 0]);
    expect(await contentOf(second)).toEqual([]);
    expect(counts(await run(second, lines, { format }))).toEqual([1, 1, 0, 0, 0]);
    expect((await contentOf(second)).map((row) => row.name)).toEqual(['Eve']);
    expect(counts(await run(second, lines, { format }))).toEqual([1, 0, 0, 1, 0]);
    expect(await rowsOf(first)).toEqual(before);
    expect(await positionOf(first)).toBe(position);
    await expectConsistent(first);
    await expectConsistent(second);
  });

  it('touches one row of a dossier that several lists hold', async () => {
    const [first, second] = [await makeList(), await makeList()];
    await run(first, [{ external_id: 'shared', name: 'Ada' }]);
    await query(
      database,
      `insert into dossiers (set_id, uuid, name, external_id)
       select p.set_id, d.uuid, d.name, d.external_id from list_positions p, current_dossiers d where p.list_id = :second and d.list_id = :first`,
      { first, second },
    );
    expect(counts(await run(second, [{ external_id: 'shared', name: 'Ada Lovelace' }]))).toEqual([1, 0, 1, 0, 0]);
    expect((await contentOf(first)).map((row) => row.name)).toEqual(['Ada']);
    await expectConsistent(first);
    await expectConsistent(second);
  });

  it('keeps dates of validity, and refuses those that do not fit what is known', async () => {
    const list = await makeList();
    const dates = () =>
      query<{ external_id: string; valid_from: string | null; valid_until: string | null }>(
        database,
        `select external_id, valid_from::text, valid_until::text from current_dossiers where list_id = :list order by id`,
        { list },
      );
    const report = await run(list, [
      { external_id: 'a', name: 'A', valid_from: '2026-01-01', valid_until: '2026-12-31' },
      { external_id: 'b', name: 'B', valid_until: null, comment: null },
      { external_id: 'c', name: 'C', valid_from: '2026-02-30' },
      { external_id: 'd', name: 'D', valid_from: '2026-02-03', valid_until: '2026-02-02' },
    ]);
    expect(counts(report)).toEqual([4, 2, 0, 0, 2]);
    const again = await run(list, [
      { external_id: 'a', name: 'A', valid_until: null },
      { external_id: 'a', name: 'A', valid_from: '2027-01-01' },
      { external_id: 'b', name: 'B', valid_from: '2026-05-05' },
    ]);
    expect(counts(again)).toEqual([3, 0, 1, 1, 1]);
    expect(again.refusedLines).toEqual([{ line: 2, reason: 'valid_until: 2026-12-31 is before valid_from (2027-01-01)' }]);
    expect(await dates()).toEqual([
      { external_id: 'a', valid_from: '2026-01-01', valid_until: '2026-12-31' },
      { external_id: 'b', valid_from: '2026-05-05', valid_until: null },
    ]);
    await expectConsistent(list);
  });

  it('numbers dossiers in the order of the file', async () => {
    const list = await makeList();
    const names = Array.from({ length: 3000 }, (_, index) => `Person ${(index * 7919) % 3000}`);
    await run(
      list,
      names.map((name) => ({ name })),
    );
    const rows = await query<{ name: string }>(database, `select name from current_dossiers where list_id = :list order by id`, { list });
    expect(rows.map((row) => row.name)).toEqual(names);
  });

  it('refuses lines by number and reason and takes the others', async () => {
    const list = await makeList();
    const report = await run(list, [
      { name: 'Ada' },
      '{"name":',
      '',
      { comment: 'nameless' },
      { name: 'Bob', photo: '../x.png' },
      { name: 'Eve' },
    ]);
    expect(counts(report)).toEqual([5, 2, 0, 0, 3]);
    expect(report.refusedLines.map(({ line }) => line)).toEqual([2, 4, 5]);
    expect(report.refusedLines[1]?.reason).toBe('name: is missing');
    expect((await contentOf(list)).map((row) => row.name)).toEqual(['Ada', 'Eve']);
  });

  it('finds the one line that PostgreSQL refuses, and takes all others', async () => {
    const list = await makeList();
    await database.raw(`alter table dossiers add constraint only_for_this_test check (name <> 'Forbidden')`);
    try {
      const lines = Array.from({ length: 50 }, (_, index) => ({
        external_id: `x-${index}`,
        name: index === 23 ? 'Forbidden' : `Person ${index}`,
      }));
      const report = await run(list, lines);
      expect(counts(report)).toEqual([50, 49, 0, 0, 1]);
      expect(report.refusedLines).toEqual([
        { line: 24, reason: expect.stringMatching(/^PostgreSQL refuses it: .*only_for_this_test/) as string },
      ]);
      await expectConsistent(list);
    } finally {
      await database.raw(`alter table dossiers drop constraint only_for_this_test`);
    }
  });

  it('replaces the set of photos where a line gives one', async () => {
    const list = await makeList();
    const photosNow = async (): Promise<{ sha256: string; created_date: string }[]> => {
      const row = await queryOne<{ photos: { sha256: string; created_date: string }[] }>(
        database,
        `select photos from current_dossiers where external_id = 'p' and list_id = :list`,
        { list },
      );
      return row?.photos ?? [];
    };
    const addressesNow = async (): Promise<string[]> => (await photosNow()).map((photo) => photo.sha256);
    const importPhotos = async (extra: object): Promise<number[]> => {
      const report = counts(await run(list, [{ external_id: 'p', name: 'Ada', ...extra }]));
      await expectConsistent(list);
      return report;
    };
    expect(await importPhotos({ photos: ['red.png', 'blue.png', './red.png'] })).toEqual([1, 1, 0, 0, 0]);
    const both = await addressesNow();
    expect(both).toHaveLength(2);
    expect(await Promise.all(both.map((sha256) => store.has(sha256)))).toEqual(both.map(() => true));
    expect(await importPhotos({})).toEqual([1, 0, 0, 1, 0]);
    // The first photo is the face that is shown.
    expect(await importPhotos({ photos: ['blue.png', 'red.png'] })).toEqual([1, 0, 1, 0, 0]);
    const [, red] = await photosNow();
    expect(await importPhotos({ photos: ['green.png', 'red.png'] })).toEqual([1, 0, 1, 0, 0]);
    const [green, kept] = await photosNow();
    expect(kept).toEqual(red);
    expect(both).not.toContain(green?.sha256);
    expect(await query(database, `select from photo_garbage where sha256 = decode(:gone, 'hex')`, { gone: both[1] })).toHaveLength(1);
    expect(await importPhotos({ photo: null })).toEqual([1, 0, 1, 0, 0]);
    expect(await addressesNow()).toEqual([]);
  });

  it('keeps neither the lists nor new links waiting while a slow store takes photos', async () => {
    const list = await makeList();
    let seen: unknown[] = [];
    const slow: PhotoStore = Object.assign(Object.create(store) as PhotoStore, {
      put: async (bytes: Uint8Array) => {
        seen = await query(
          database,
          `select relation::regclass::text, mode from pg_locks where database = (select oid from pg_database where datname = current_database()) and locktype in ('relation', 'tuple') and granted and pid <> pg_backend_pid()
             and mode not in ('AccessShareLock', 'RowShareLock') and relation::regclass::text in ('links', 'list_positions', 'dossiers')`,
        );
        return store.put(bytes);
      },
    });
    expect(counts(await run(list, [{ external_id: 's1', name: 'Ada', photo: 'red.png' }], { store: slow }))).toEqual([1, 1, 0, 0, 0]);
    expect(seen).toEqual([]);
  });

  it('refuses a line with a broken or missing photo whole', async () => {
    const list = await makeList();
    const report = await run(list, [
      { external_id: 'b1', name: 'Ada', photo: 'broken.png' },
      { external_id: 'b2', name: 'Bob', photos: ['red.png', 'missing.png'] },
      { external_id: 'b3', name: 'Eve', photo: 'red.png' },
    ]);
    expect(counts(report)).toEqual([3, 1, 0, 0, 2]);
    expect(report.refusedLines.map(({ reason }) => reason)).toEqual([
      expect.stringContaining('the photo "broken.png": '),
      'the photo "missing.png" is not there',
    ]);
    expect((await contentOf(list)).map((row) => row.external_id)).toEqual(['b3']);
    const without = await run(list, [{ name: 'Ada', photo: 'red.png' }], { folder: null });
    expect(without.refusedLines[0]?.reason).toContain('--photos');
  });

  it('stops between two batches when interrupted, and goes on when run again', async () => {
    const list = await makeList();
    const lines = Array.from({ length: 4500 }, (_, index) => ({ external_id: `stop-${index}`, name: `Person ${index}` }));
    const controller = new AbortController();
    const first = await run(list, lines, { signal: controller.signal, progress: () => controller.abort() });
    expect(first.added).toBeGreaterThan(0);
    expect(first.added).toBeLessThan(4500);
    expect(await contentOf(list)).toHaveLength(first.added);
    expect(counts(await run(list, lines))).toEqual([4500, 4500 - first.added, 0, first.added, 0]);
    await expectConsistent(list);
  });

  it('keeps the batches before a failure, and counts only them', async () => {
    const list = await makeList();
    async function* breaking(): AsyncGenerator<Uint8Array> {
      yield* bytesOf(Array.from({ length: 2500 }, (_, index) => ({ external_id: `fail-${index}`, name: `Person ${index}` })));
      throw new Error('the disk is gone');
    }
    const report = newReport();
    const { signal } = new AbortController();
    const { rows } = await openFile(breaking(), {});
    const task = { database, store, listId: list, rows, folder: null, signal, progress: () => undefined };
    await expect(importFile(task, report)).rejects.toThrow('the disk is gone');
    expect(report.added).toBe(2000);
    expect(await contentOf(list)).toHaveLength(2000);
    await expectConsistent(list);
  });

  it('is cut into batches by its lines and their photos, without being read further ahead than one and a look at its beginning', async () => {
    const list = await makeList();
    let read = 0;
    async function* counted(): AsyncGenerator<Uint8Array> {
      for await (const bytes of bytesOf(Array.from({ length: 9000 }, (_, index) => ({ name: `Person ${index}`, photos: [] })))) {
        read += 1;
        yield bytes;
      }
    }
    const steps: number[][] = [];
    await run(list, [], { source: counted(), progress: ({ lines }) => steps.push([lines, read]) });
    expect(steps.map(([lines]) => lines)).toEqual([2000, 4000, 6000, 8000, 9000]);
    for (const [lines = 0, ahead = 0] of steps) expect(ahead).toBeLessThanOrEqual(lines + 4001);
    expect(await contentOf(list)).toHaveLength(9000);
    await expectConsistent(list);
    const photos = Array.from({ length: 600 }, (_, index) => ({ name: `Photo ${index}`, photos: ['red.png', 'blue.png', 'green.png'] }));
    const progress: number[] = [];
    expect((await run(await makeList(), photos, { progress: ({ lines }) => progress.push(lines) })).added).toBe(600);
    expect(progress).toEqual([500, 600]);
  });

  it('looks up by their keys those whom a list may know, also in one that PostgreSQL has no statistics of', async () => {
    const list = await makeList();
    const people = (first: number, count: number) =>
      Array.from({ length: count }, (_, index) => ({
        externalId: `known-${first + index}`,
        name: `Person ${first + index}`,
        comment: undefined,
        active: undefined,
        meta: undefined,
        photos: undefined,
      }));
    for (let first = 0; first < 20_000; first += 2000) await importDossiers(database, { listId: list, dossiers: people(first, 2000) });
    const read = await transaction(database, async (tx) => {
      const soFar = async (): Promise<number> => {
        const row = await queryOne<{ read: number }>(
          tx,
          `select seq_tup_read + coalesce(idx_tup_fetch, 0) as read from pg_stat_xact_user_tables where relname = 'dossiers'`,
        );
        return row?.read ?? Number.NaN;
      };
      const before = await soFar();
      const { added, unchanged } = await importDossiers(tx, { listId: list, dossiers: people(19_000, 1000) });
      expect([added, unchanged]).toEqual([0, 1000]);
      return (await soFar()) - before;
    });
    expect(read).toBeLessThan(2000);
  });

  it('may run several times at once over the same people', async () => {
    const lists = [await makeList(), await makeList(), await makeList()];
    const people = Array.from({ length: 4500 }, (_, index) => ({ external_id: `race-${index}`, name: `Person ${index}` }));
    const reports = await Promise.all(
      lists.map((list, index) =>
        run(list, index === 1 ? people.toReversed() : people.map((person) => ({ ...person, comment: `by ${index}` }))),
      ),
    );
    for (const [index, list] of lists.entries()) {
      expect(reports[index]?.refusedLines).toEqual([]);
      expect(reports[index]?.added).toBe(4500);
      expect(await contentOf(list)).toHaveLength(4500);
      await expectConsistent(list);
    }
    const rows = await queryOne<{ count: number }>(database, `select count(*) from dossiers where external_id like 'race-%'`);
    expect(rows?.count).toBe(3 * 4500);
  });

  it('is refused when the list goes away, and on a slave', async () => {
    const list = await makeList();
    await database.raw('delete from watch_lists where id = ?', [list]);
    await expect(run(list, [{ name: 'Ada' }])).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const replica = await makeList();
    await query(database, `insert into links (slave_list_id, remote_url, remote_list_id) values (:replica, 'https://master.example', 1)`, {
      replica,
    });
    try {
      await expect(run(replica, [{ name: 'Ada' }])).rejects.toMatchObject({
        code: 'READ_ONLY',
        message: expect.stringContaining('https://master.example') as string,
      });
    } finally {
      await query(database, `delete from links`);
    }
  });
});
