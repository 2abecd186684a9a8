import { createHash } from 'node:crypto';
import { watch } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import { pageEndSchema, rowColumns, rowsForm } from '@dossier/protocol/rows.ts';
import { openDatabase, query, transaction } from '@dossier/postgres/database.ts';
import type { Database } from '@dossier/postgres/database.ts';
import { book, lockLists } from '@dossier/registry/positions.ts';
import { readHead } from './heads.ts';
import type { ListHead } from './heads.ts';
import { readRowsPage } from '@dossier/replication/rows-page.ts';
import type { RowsPage } from '@dossier/replication/rows-page.ts';
import { blocksOf, fieldsOf, rowsOf } from '@dossier/test/kit/copy-rows.ts';
import { createTestDatabase } from '@dossier/test/kit/database.ts';
import type { TestDatabase } from '@dossier/test/kit/database.ts';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { createPageCache } from './page-cache.ts';
import type { PageContent } from './page-files.ts';

let test: TestDatabase;
let folder: string;
let head: ListHead;

beforeEach(async () => {
  test = await createTestDatabase();
  folder = await mkdtemp(join(tmpdir(), 'dossier-pages-'));
});
afterEach(async () => {
  await test.drop();
  await rm(folder, { recursive: true, force: true });
});

/** A list of so many dossiers with comments of so many characters. */
async function fill(count: number, length = 20): Promise<void> {
  const [list] = await query<{ id: number }>(test.database, `insert into watch_lists (name) values ('list') returning id`);
  const listId = list?.id ?? 0;
  await transaction(test.database, async (tx) => {
    const [held] = await lockLists(tx, [listId]);
    await query(
      tx,
      `insert into dossiers (set_id, name, comment, hash)
       select :setId, name, comment, dossier_hash(true, null, name, comment, null, null, '{}', '[]', null)
       from (select E'tab\\t and \\\\ ' || n as name, repeat(chr(1078), :length::int) as comment from generate_series(1, :count::int) n order by n) made`,
      { count, length, setId: held?.set_id },
    );
    await book(tx, { listId, growth: count, changes: count });
  });
  const found = await readHead(test.database, listId);
  if (!found) throw new Error('no list');
  head = found;
}

const openCache = () => createPageCache({ folder, database: test.database });

/** The bytes of a page as they would be sent, which have to be those whose hash would be signed. */
async function bytesOf(page: PageContent | null): Promise<Buffer> {
  if (!page) throw new Error('no page');
  const file = await page.open();
  const bytes = await file.readFile();
  await file.close();
  expect(bytes).toHaveLength(page.bytes);
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(page.sha256);
  return bytes;
}

function endOf(bytes: Buffer) {
  return pageEndSchema.parse(JSON.parse(bytes.toString('utf8', bytes.lastIndexOf(0x0a, bytes.length - 2) + 1)));
}

async function fileOfPage(): Promise<string> {
  const directory = join(folder, head.position.epoch);
  const names = (await readdir(directory)).filter((name) => name.endsWith('.rows'));
  expect(names).toHaveLength(1);
  return join(directory, names[0] ?? '');
}

describe('a page in the cache', () => {
  it('is made once for all who ask at the same time, in this process and in others', async () => {
    await fill(1000);
    const directory = join(folder, head.position.epoch);
    await mkdir(directory);
    const parts = new Set<string>();
    const marker = join(directory, 'marker');
    const watcher = watch(directory);
    const heardAll = new Promise<void>((resolve) => {
      watcher.on('change', (_event, name) => {
        if (String(name).endsWith('.part')) parts.add(String(name));
        if (name === 'marker') resolve();
      });
    });
    const [one, other] = [openCache(), openCache()];
    const pages = await Promise.all([one, other, one, other].map(async (cache) => bytesOf(await cache.read(head, 0))));
    await writeFile(marker, '');
    await heardAll;
    watcher.close();
    // One part became the rows, one what is known of them.
    expect(parts.size).toBe(2);
    expect(new Set(pages.map((page) => page.toString('latin1'))).size).toBe(1);
    expect(endOf(pages[0] ?? Buffer.alloc(0))).toMatchObject({ rows: 1000, since: 0, next: 1000 });
  });

  it('is made before it is asked for, once the page before it was', async () => {
    await fill(250);
    const next = `100.${rowsForm}.json`;
    const directory = join(folder, head.position.epoch);
    await mkdir(directory);
    const watcher = watch(directory);
    const isMade = new Promise<void>((resolve) => {
      watcher.on('change', (_event, name) => {
        if (name === next) resolve();
      });
    });
    await createPageCache({ folder, database: test.database, rows: 100 }).read(head, 0);
    await isMade;
    watcher.close();
    // Only that one: whoever reads on makes the next.
    expect((await readdir(directory)).filter((name) => name.endsWith(`${rowsForm}.json`)).toSorted()).toEqual([`0.${rowsForm}.json`, next]);
  });

  it('is looked at once by each process, not again because another one did', async () => {
    await fill(1000);
    const [one, other] = [openCache(), openCache()];
    await one.read(head, 0);
    await other.read(head, 0);
    const looked = await stat(await fileOfPage());
    await one.read(head, 0);
    await other.read(head, 0);
    // Whoever looks at a file notes that it was used.
    expect((await stat(await fileOfPage())).atimeMs).toBe(looked.atimeMs);
  });

  const harms: readonly (readonly [what: string, harm: (path: string) => Promise<void>])[] = [
    ['cut short', (path) => truncate(path, 1000)],
    ['empty', (path) => truncate(path, 0)],
    ['gone', (path) => rm(path)],
    [
      'another in one byte',
      async (path) => {
        const bytes = await readFile(path);
        bytes[500] = (bytes[500] ?? 0) ^ 1;
        await writeFile(path, bytes);
      },
    ],
  ];
  for (const [which, reopen] of [
    ['by the process that made it', false],
    ['by a new process', true],
  ] as const) {
    it.each(harms)(`is never served ${which} when its file is %s`, async (_what, harm) => {
      await fill(1000);
      const cache = openCache();
      const before = await bytesOf(await cache.read(head, 0));
      await harm(await fileOfPage());
      const after = await bytesOf(await (reopen ? openCache() : cache).read(head, 0));
      expect(after.equals(before)).toBe(true);
    });
  }

  it.each(['', '{', '{"sha256":"00"}'])('is made anew when what is known of it reads %j', async (text) => {
    await fill(1000);
    const cache = openCache();
    const before = await bytesOf(await cache.read(head, 0));
    await writeFile(join(folder, head.position.epoch, `0.${rowsForm}.json`), text);
    expect((await bytesOf(await cache.read(head, 0))).equals(before)).toBe(true);
  });

  it('of a history that was lost with the database isn’t served by the backup that was restored', async () => {
    await fill(30);
    await test.database.destroy();
    const admin = openDatabase(inject('clusterUrl'), { applicationName: 'test', poolSize: 1 });
    const name = new URL(test.url).pathname.slice(1);
    const restored = openDatabase(test.url.replace(name, `${name}_backup`), { applicationName: 'test', poolSize: 2 });
    const lost = openDatabase(test.url, { applicationName: 'test', poolSize: 2 });
    try {
      await admin.raw(`create database ${name}_backup template ${name}`);
      /** What a reader holds of the list after dossiers at these places were given a name. */
      const namesAfter = async (database: Database, text: string, changed: readonly number[]): Promise<string[]> => {
        for (const at of changed)
          await query(database, `update dossiers set name = :text where id = (select id from dossiers order by id offset :at limit 1)`, {
            text,
            at,
          });
        head = (await readHead(database, head.listId)) ?? head;
        const cache = createPageCache({ folder, database, rows: 10 });
        const names = new Map<string, string>();
        for (let since = 0; since < head.position.revision;) {
          const bytes = await bytesOf(await cache.read(head, since));
          for (const row of rowsOf(blocksOf(bytes).rows)) {
            const fields = fieldsOf(row);
            names.set(fields[0]?.toString('hex') ?? '', fields[rowColumns.indexOf('name')]?.toString() ?? '');
          }
          since = endOf(bytes).next;
        }
        return names.values().toArray();
      };
      expect((await namesAfter(lost, 'lost', [0])).filter((each) => each === 'lost')).toHaveLength(1);
      // The list has gone on for longer than it had, so that by their revisions the pages of then would do.
      const found = await namesAfter(restored, 'made anew', [20, 21]);
      expect(found).toHaveLength(30);
      expect(found.filter((each) => !each.startsWith('tab'))).toEqual(['made anew', 'made anew']);
    } finally {
      await Promise.all([lost, restored].map((database) => database.destroy()));
      await admin.raw(`drop database if exists ${name}_backup with (force)`);
      await admin.destroy();
    }
  });

  it('is made anew beside one in the form of an older version', async () => {
    await fill(1000);
    const directory = join(folder, head.position.epoch);
    await mkdir(directory);
    const old = Buffer.from('rows\n');
    const sha256 = createHash('sha256').update(old).digest('hex');
    await writeFile(join(directory, `${sha256}.rows`), old);
    const entry = { sha256, bytes: old.length, next: 1000, head: 1000, full: false, made: Date.now() };
    await writeFile(join(directory, '0.json'), JSON.stringify(entry));
    expect(endOf(await bytesOf(await openCache().read(head, 0)))).toMatchObject({ rows: 1000, next: 1000 });
  });

  it('is made anew once half of the list was changed, so that nobody reads much more than the list', async () => {
    await fill(1000);
    const cache = createPageCache({ folder, database: test.database, rows: 100 });
    const readAll = async (): Promise<{ fetched: number; names: Set<string> }> => {
      const names = new Map<string, string>();
      let fetched = 0;
      for (let since = 0; since < head.position.revision;) {
        const bytes = await bytesOf(await cache.read(head, since));
        const end = endOf(bytes);
        for (const row of rowsOf(blocksOf(bytes).rows)) {
          const fields = fieldsOf(row);
          names.set(fields[0]?.toString('hex') ?? '', fields[rowColumns.indexOf('name')]?.toString() ?? '');
        }
        fetched += end.rows;
        since = end.next;
      }
      return { fetched, names: new Set(names.values()) };
    };
    const change = async (count: number, name: string): Promise<void> => {
      await query(test.database, `update dossiers set name = :name where uuid in (select uuid from dossiers order by id limit :count)`, {
        count,
        name,
      });
      head = (await readHead(test.database, head.listId)) ?? head;
    };
    expect((await readAll()).fetched).toBe(1000);
    await change(400, 'four hundred');
    expect((await readAll()).fetched).toBe(1400);
    for (const name of ['first', 'second', 'third']) await change(1000, name);
    expect(await readAll()).toEqual({ fetched: 1000, names: new Set(['third']) });
  });

  it('of an earlier head is made up for by later ones, and not used by whom it would leave without a removal', async () => {
    await fill(30);
    const cache = createPageCache({ folder, database: test.database, rows: 10 });
    const first = await bytesOf(await cache.read(head, 0));
    const uuids = readRowsPage(first).uuids();
    const change = async (sql: string, uuid = ''): Promise<void> => {
      await query(test.database, sql, { uuid });
      head = (await readHead(test.database, head.listId)) ?? head;
    };
    await change(`delete from dossiers where uuid = :uuid`, uuids[0]);
    await change(`update dossiers set name = 'changed' where uuid = :uuid`, uuids[1]);
    expect((await bytesOf(await cache.read(head, 0))).equals(first)).toBe(true);
    const held = new Map<string, number>();
    let last: RowsPage['end'] | null = null;
    for (let since = 0; since < head.position.revision; since = last.next) {
      const { end, removed, uuids: named } = readRowsPage(await bytesOf(await cache.read(head, since)));
      for (const uuid of named()) held.set(uuid, since);
      for (const uuid of removed) held.delete(uuid);
      last = end;
    }
    expect(held.size).toBe(head.position.count);
    expect(held.has(uuids[0] ?? '')).toBe(false);
    expect(held.get(uuids[1] ?? '')).toBeGreaterThan(0);
    expect(last?.head).toEqual(head.position);
    // The tombstone is forgotten: pages of before it was written would leave a reader with the dossier.
    await change(`delete from tombstones where uuid = :uuid`, uuids[0]);
    await change(`update list_positions set floor = revision where :uuid = ''`);
    for (let since = 0; since < head.position.revision; since = last.next) {
      const later = readRowsPage(await bytesOf(await cache.read(head, since)));
      expect(later.uuids()).not.toContain(uuids[0]);
      last = later.end;
    }
  });

  it('ends before it grows too long', async () => {
    await fill(2000, 5000);
    const cache = openCache();
    const names: string[] = [];
    let since = 0;
    while (since < 2000) {
      const bytes = await bytesOf(await cache.read(head, since));
      const end = endOf(bytes);
      expect(end).toMatchObject({ since, rows: end.next - since });
      expect(bytes.length).toBeLessThan(17 * 2 ** 20);
      const rows = rowsOf(blocksOf(bytes).rows);
      names.push(...rows.map((row) => fieldsOf(row)[rowColumns.indexOf('name')]?.toString() ?? ''));
      since = end.next;
    }
    const all = Array.from({ length: 2000 }, (_, index) => `tab\t and \\ ${index + 1}`);
    expect(names.toSorted()).toEqual(all.toSorted());
  });
});

describe('a compressed page', () => {
  const compressedOf = async (cache = openCache()): Promise<Buffer> => bytesOf((await (await cache.read(head, 0))?.compressed()) ?? null);
  const path = async (): Promise<string> => `${await fileOfPage()}.zst`;

  it('is the page, smaller, and is made once', async () => {
    await fill(1000);
    const cache = openCache();
    const page = await bytesOf(await cache.read(head, 0));
    const [one, other] = await Promise.all([compressedOf(cache), compressedOf(cache)]);
    expect(zstdDecompressSync(one).equals(page)).toBe(true);
    expect(one.length).toBeLessThan(page.length / 2);
    expect(other.equals(one)).toBe(true);
    const made = await stat(await path());
    await compressedOf(openCache());
    expect((await stat(await path())).ino).toBe(made.ino);
  });

  it.each([
    ['cut short', (file: string) => truncate(file, 1000)],
    ['gone', (file: string) => rm(file)],
    ['described by nonsense', (file: string) => writeFile(`${file}.json`, '{')],
  ])('is made anew when its file is %s', async (_what, harm) => {
    await fill(1000);
    const cache = openCache();
    const before = await compressedOf(cache);
    await harm(await path());
    expect((await compressedOf(cache)).equals(before)).toBe(true);
    expect((await compressedOf()).equals(before)).toBe(true);
  });
});
