import { createHash, randomBytes, randomUUID } from 'node:crypto';
import type { Position } from '@dossier/domain/position.ts';
import { digestOf, digestWith, innerHash, leafHash } from '@dossier/domain/tree.ts';
import { maximumAnswerBytes } from '@dossier/protocol/feed.ts';
import { rowColumns } from '@dossier/protocol/rows.ts';
import { query, transaction } from '@dossier/postgres/database.ts';
import { book, lockLists } from '@dossier/registry/positions.ts';
import { readRowHashes, readTreeNodes } from '@dossier/registry/tree.ts';
import { readRowsPage } from '@dossier/replication/rows-page.ts';
import type { RowsPage } from '@dossier/replication/rows-page.ts';
import { fieldsOf, rowsOf } from '@dossier/test/kit/copy-rows.ts';
import { createTestDatabase } from '@dossier/test/kit/database.ts';
import type { TestDatabase } from '@dossier/test/kit/database.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readLines } from './change-lines.ts';
import { renewForkedEpoch } from './epochs.ts';
import { inSnapshot, readHead, readHeads } from './heads.ts';
import type { ListHead } from './heads.ts';
import { writeChanges } from './page-writer.ts';
import { readRows } from './rows-answer.ts';

/* What a master says of its lists, read by a slave's reader. */

let test: TestDatabase;
let listId: number;

beforeEach(async () => {
  test = await createTestDatabase();
  listId = await makeList('list');
});
afterEach(async () => {
  await test.drop();
});

async function makeList(name: string): Promise<number> {
  const [list] = await query<{ id: number }>(test.database, `insert into watch_lists (name) values (:name) returning id`, { name });
  return list?.id ?? 0;
}

interface Row {
  uuid?: string;
  name?: string;
  meta?: string;
  photos?: string;
  features?: string | null;
}

/** Writes rows as this system's own programs do. */
async function write(rows: readonly Row[], into = listId): Promise<string[]> {
  return transaction(test.database, async (tx) => {
    const [held] = await lockLists(tx, [into]);
    const written = await query<{ uuid: string }>(
      tx,
      `insert into dossiers (set_id, uuid, name, meta, photos, features, hash)
       select :setId, uuid, name, meta, photos, features, dossier_hash(true, null, name, '', null, null, meta, photos, features)
       from (select r ->> 'uuid' as id, coalesce((r ->> 'uuid')::uuid, gen_random_uuid()) as uuid, coalesce(r ->> 'name', 'Ada') as name,
           coalesce(r ->> 'meta', '{}')::json as meta, coalesce(r ->> 'photos', '[]')::json as photos, (r ->> 'features')::json as features
         from jsonb_array_elements(:rows::jsonb) with ordinality rows (r, place) order by place) made
       returning uuid`,
      { setId: held?.set_id, rows: JSON.stringify(rows) },
    );
    await book(tx, { listId: into, growth: rows.length, changes: rows.length });
    return written.map(({ uuid }) => uuid);
  });
}

async function head(): Promise<ListHead> {
  const found = await readHead(test.database, listId);
  if (!found) throw new Error('no list');
  return found;
}

async function page(since: number, rows = 5000): Promise<RowsPage & { full: boolean }> {
  const { position } = await head();
  const blocks: Buffer[] = [];
  const written = await writeChanges(test.database, { listId, epoch: position.epoch, since, rows }, (block) => {
    blocks.push(Buffer.from(block));
    return Promise.resolve();
  });
  if (!written) throw new Error('no page');
  const body = Buffer.concat(blocks);
  expect(body.length).toBeLessThan(maximumAnswerBytes);
  return { ...readRowsPage(body), full: written.full };
}

async function rowsOfUuids(uuids: readonly string[]): Promise<RowsPage> {
  const body = await readRows(test.database, { listId, uuids });
  if (!body) throw new Error('no list');
  return readRowsPage(body);
}

const photo = (n: number): object => ({
  bytes: 90_000,
  created_date: '2026-11-30T05:00:00.000Z',
  height: 800,
  media_type: 'image/jpeg',
  sha256: createHash('sha256').update(String(n)).digest('hex'),
  width: 600,
});

describe('a page of changes', () => {
  it('is cut by rows, and the pages together are the list at its head', async () => {
    const uuids = await write(Array.from({ length: 25 }, (_, n) => ({ name: `Person ${n}`, photos: JSON.stringify([photo(n)]) })));
    const read: RowsPage[] = [];
    for (let since = 0; since < (await head()).position.revision;) {
      const next = await page(since, 10);
      read.push(next);
      expect(next.end).toMatchObject({ since, left: 0 });
      since = next.end.next;
    }
    expect(read.map(({ count }) => count)).toEqual([10, 10, 5]);
    expect(read.flatMap((one) => one.uuids())).toEqual(uuids);
    expect(read.flatMap((one) => one.refused)).toEqual([]);
    expect(read.flatMap(({ wanted }) => wanted.map(({ dossier }) => dossier))).toEqual(uuids);
    const last = read.at(-1)?.end;
    expect(last?.head).toEqual((await head()).position);
    expect(last?.next).toBe(last?.head.revision);
  });

  it('bears the hashes that SQL makes of every kind of content, also by hand', async () => {
    await query(
      test.database,
      `insert into dossiers (set_id, name, comment, active, external_id, valid_from, valid_until, meta, photos, features)
       select set_id, 'Ада 😀', 'a' || chr(10) || 'b', false, 'x''1', '0044-03-15', '9999-12-31', ' {"b": 1.50, "a" : "\\u00e9"}', :photos::json, '["AAAA", null]'
       from list_positions where list_id = :listId`,
      { listId, photos: JSON.stringify([photo(1), photo(2)]) },
    );
    const [row, ...others] = rowsOf((await page(0)).rows).map(fieldsOf);
    expect(others).toEqual([]);
    expect(row?.[rowColumns.indexOf('meta')]?.toString()).toBe(' {"b": 1.50, "a" : "\\u00e9"}');
  });

  it('says who left, but not to who reads the list from its beginning', async () => {
    const [gone = '', stays = ''] = await write([{ name: 'Gone' }, { name: 'Stays' }]);
    const before = (await head()).position.revision;
    await query(test.database, `delete from dossiers where uuid = :gone`, { gone });
    const later = await page(before);
    expect([later.count, later.removed]).toEqual([0, [gone]]);
    const all = await page(0);
    expect([all.uuids(), all.removed, all.end.next]).toEqual([[stays], [], (await head()).position.revision]);
    await write([{ uuid: gone, name: 'Back' }]);
    await query(test.database, `delete from tombstones where uuid = :gone`, { gone });
    expect((await page(before)).uuids()).toEqual([gone]);
  });

  it('holds only rows of the set that is the list’s', async () => {
    const mine = await write([{ name: 'Mine' }]);
    await write([{ name: 'Theirs' }], await makeList('other'));
    await transaction(test.database, async (tx) => {
      await lockLists(tx, [listId]);
      await query(tx, `insert into dossiers (set_id, name, hash) values (nextval('set_ids'), 'Nobody’s', sha256('x'))`);
    });
    expect((await page(0)).uuids()).toEqual(mine);
  });

  it('ends before it grows too long, whatever the rows hold, and is never empty', async () => {
    const features = JSON.stringify(Array.from({ length: 500 }, () => randomBytes(8190).toString('base64')));
    const photos = JSON.stringify(Array.from({ length: 500 }, (_, n) => photo(n)));
    // Dossiers with 500 photos each, with the longest features there may be.
    const [first = ''] = await write([{ photos, features }]);
    await transaction(test.database, async (tx) => {
      await lockLists(tx, [listId]);
      await query(
        tx,
        `insert into dossiers (set_id, name, meta, photos, features, hash)
         select d.set_id, d.name, d.meta, d.photos, d.features, d.hash from dossiers d cross join generate_series(2, 40) where d.uuid = :first`,
        { first },
      );
      await book(tx, { listId, growth: 39, changes: 39 });
    });
    const named = new Set<string>();
    for (let since = 0; since < (await head()).position.revision;) {
      const { rows, count, refused, end, uuids } = await page(since);
      expect(refused).toEqual([]);
      expect(count).toBeGreaterThan(0);
      expect(rows.length).toBeLessThan(17 * 2 ** 20);
      for (const uuid of uuids()) named.add(uuid);
      since = end.next;
    }
    expect(named.size).toBe(40);
    const some = [...named].slice(0, 20);
    const answer = await rowsOfUuids(some);
    expect(answer.count).toBeGreaterThan(1);
    expect(answer.end.left).toBe(20 - answer.count);
    expect(new Set(answer.uuids())).toEqual(new Set(some.slice(0, answer.count)));
  });

  it('is cut by what compressed rows have once they are unpacked', async () => {
    const meta = JSON.stringify({ text: 'a'.repeat(500_000) });
    await write(Array.from({ length: 60 }, () => ({ meta })));
    const first = await page(0);
    expect(first.full).toBe(true);
    expect(first.rows.length).toBeLessThan(16.1 * 2 ** 20);
    expect(first.count + (await page(first.end.next)).count).toBe(60);
  });

  it('leaves out what makes a row longer than any answer, so that it is refused by its name and the others come', async () => {
    const [, long = ''] = await write([
      { name: 'Before' },
      { name: 'Long', meta: JSON.stringify({ text: 'a'.repeat(70_000_000) }) },
      { name: 'After' },
    ]);
    const read = [await page(0)];
    while (read.at(-1)?.full === true) read.push(await page(read.at(-1)?.end.next ?? 0));
    expect(read.map(({ count }) => count)).toEqual([1, 0, 1]);
    expect(read.flatMap(({ refused }) => refused)).toMatchObject([{ uuid: long, name: 'Long', code: 'DOSSIER_MALFORMED' }]);
    expect((await rowsOfUuids([long])).refused).toMatchObject([{ uuid: long }]);
  });
});

describe('rows by their uuids', () => {
  it('are those of the list as they are now; one that left is in none, and was looked at', async () => {
    const [one = '', other = ''] = await write([{ name: 'One' }, { name: 'Other' }]);
    await query(test.database, `delete from dossiers where uuid = :other`, { other });
    const answer = await rowsOfUuids([other, randomUUID(), one]);
    expect(answer.uuids()).toEqual([one]);
    const { revision } = (await head()).position;
    expect(answer.end).toMatchObject({ left: 0, since: revision, next: revision });
    expect(await readRows(test.database, { listId: 987_654, uuids: [one] })).toBeNull();
  });
});

describe('the tree', () => {
  it('is whole in each answer, and has the digest of the head', async () => {
    await write(Array.from({ length: 700 }, (_, n) => ({ name: `Person ${n}` })));
    // Crowded where one digit is not enough.
    await write(Array.from({ length: 40 }, (_, n) => ({ uuid: `abcdef00-0000-4000-8000-${n.toString(16).padStart(12, '0')}` })));
    const tree = await inSnapshot(test.database, listId, async (snapshot, { setId, position }) => {
      const nodes = [];
      for (let waiting = ['']; waiting.length > 0;) {
        const found = await readTreeNodes(snapshot, setId, waiting);
        expect(found.map(({ prefix }) => prefix)).toEqual(waiting);
        nodes.push(...found);
        waiting = found.flatMap(({ prefix, children = [] }) => children.map(([digit]) => prefix + digit));
      }
      return { nodes, position, setId };
    });
    if (!tree) throw new Error('no list');
    for (const { prefix, count, hash, rows, children } of tree.nodes) {
      expect(hash).toBe(rows ? leafHash(prefix, rows) : innerHash(prefix, children ?? []));
      expect(count).toBe(rows ? rows.length : (children ?? []).reduce((sum, child) => sum + child[1], 0));
    }
    const [root] = tree.nodes;
    expect(digestOf(740, root?.hash ?? null)).toBe(tree.position.digest);
    const all = tree.nodes.flatMap(({ rows = [] }) => rows);
    expect(all).toHaveLength(740);
    // What the list would be with some rows exchanged is what SQL makes of it once they are.
    const leaving = all.slice(5, 735).map(([uuid]) => uuid);
    const source = {
      nodes: (prefixes: readonly string[]) => readTreeNodes(test.database, tree.setId, prefixes),
      rows: (prefix: string, limit: number) => readRowHashes(test.database, tree.setId, { prefix, limit }),
    };
    const foretold = await digestWith(new Map(leaving.map((uuid) => [uuid, null])), source);
    await query(test.database, `delete from dossiers where uuid = any(:leaving::uuid[])`, { leaving });
    expect(foretold).toEqual({ count: 10, digest: (await head()).position.digest });
  });
});

describe('a head', () => {
  it('has its digest, also when nobody has settled it yet', async () => {
    const other = await makeList('other');
    await write(Array.from({ length: 1500 }, (_, n) => ({ name: `Person ${n}` })));
    await write(
      Array.from({ length: 1500 }, (_, n) => ({ name: `Person ${n}` })),
      other,
    );
    const unsettled = await query(test.database, `select from list_positions where digest is null`);
    expect(unsettled).toHaveLength(2);
    expect((await page(0)).end.head.digest).toMatch(/^[0-9a-f]{64}$/);
    const heads = await readHeads(test.database);
    expect(heads.map(({ position }) => position.count)).toEqual([1500, 1500]);
    for (const { position } of heads) expect(position.digest).toMatch(/^[0-9a-f]{64}$/);
  });

  it('says in which history the list stood before', async () => {
    expect((await head()).former).toBeNull();
    const epoch = randomUUID();
    await query(test.database, `update list_positions set former_epoch = :epoch, former_revision = 17 where list_id = :listId`, {
      epoch,
      listId,
    });
    expect((await head()).former).toEqual({ epoch, revision: 17 });
  });

  it('is read while the list is written to all the time', async () => {
    let done = false;
    const writing = (async () => {
      while (!done) await write(Array.from({ length: 1001 }, () => ({})));
    })();
    for (let read = 0; read < 10; read += 1) {
      const { end } = await page(0, 100);
      expect(end.head.count % 1001).toBe(0);
    }
    done = true;
    await writing;
  });
});

describe('an epoch', () => {
  const now = new Date('2026-11-30T12:00:00Z');
  const later = new Date('2026-11-30T13:00:01Z');
  const renew = (known: Position, at = now) => renewForkedEpoch(test.database, listId, { known, site: null, now: at });

  it('is renewed for who proves a later or another history, once, and at most once an hour', async () => {
    await write([{ name: 'Ada' }]);
    const { position } = await head();
    expect(await renew(position)).toBe('none');
    expect(await renew({ ...position, revision: position.revision - 1, digest: 'a'.repeat(64) })).toBe('none');
    expect(await renew({ ...position, epoch: randomUUID(), revision: 99 })).toBe('none');
    const proof = { ...position, revision: 99 };
    expect((await Promise.all([renew(proof), renew(proof), renew(proof)])).toSorted()).toEqual(['none', 'none', 'renewed']);
    const renewed = (await head()).position;
    expect(renewed).toEqual({ ...position, epoch: expect.not.stringContaining(position.epoch) as string });
    expect(await renew({ ...renewed, digest: 'a'.repeat(64) })).toBe('kept');
    expect((await head()).position).toEqual(renewed);
    expect(await renew({ ...renewed, digest: 'a'.repeat(64) }, later)).toBe('renewed');
  });

  it('of a replica is not renewed', async () => {
    await query(test.database, `insert into links (slave_list_id, remote_url, remote_list_id) values (:listId, 'http://master', 1)`, {
      listId,
    });
    const { position } = await head();
    expect(await renew({ ...position, revision: 99 })).toBe('none');
    expect((await head()).position).toEqual(position);
  });
});

describe('changes as lines', () => {
  interface Line {
    kind: string;
    revision: number;
    dossier: string;
    [field: string]: unknown;
  }
  async function follow(since: number, bounds: { rows: number; bytes?: number }) {
    const read = await readLines(test.database, { listId, since, ...bounds });
    if (!read) throw new Error('no list');
    const lines = read.body.split('\n').filter((line) => line !== '');
    expect(lines).toHaveLength(read.count);
    return { ...read, lines: lines.map((line) => JSON.parse(line) as Line) };
  }

  it('say all that a dossier holds, with each photo its features', async () => {
    const photos = JSON.stringify([photo(1), photo(2)]);
    const [uuid] = await write([{ name: 'Ada', meta: '{"n": 12345678901234567890}', photos, features: '[null,"AAAA"]' }]);
    const { lines, next, more } = await follow(0, { rows: 10 });
    expect(lines).toMatchObject([
      {
        kind: 'put',
        dossier: uuid,
        id: expect.any(Number) as number,
        hash: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
        name: 'Ada',
        comment: '',
        active: true,
        external_id: null,
        valid_from: null,
        valid_until: null,
        meta: '{"n": 12345678901234567890}',
        photos: [
          { ...photo(1), features: null },
          { ...photo(2), features: 'AAAA' },
        ],
      },
    ]);
    expect([next, more]).toEqual([(await head()).position.revision, false]);
  });

  it('are cut by rows and by bytes, and go on where they were cut', async () => {
    const uuids = await write(
      Array.from({ length: 7 }, (_, n) => ({ name: `Person ${n}`, meta: JSON.stringify({ text: 'x'.repeat(1000) }) })),
    );
    const begun = (await head()).position.revision;
    await query(test.database, `delete from dossiers where uuid = :uuid`, { uuid: uuids[0] });
    const byRows = await follow(0, { rows: 4 });
    expect([byRows.count, byRows.more]).toEqual([4, true]);
    const byBytes = await follow(byRows.next, { rows: 100, bytes: 1500 });
    expect([byBytes.count, byBytes.more]).toEqual([1, true]);
    const rest = await follow(byBytes.next, { rows: 100 });
    expect(rest.more).toBe(false);
    expect([...byRows.lines, ...byBytes.lines, ...rest.lines].map(({ dossier }) => dossier)).toEqual([...uuids.slice(1), uuids[0]]);
    expect((await follow(begun, { rows: 100 })).lines).toMatchObject([{ kind: 'tombstone', dossier: uuids[0] }]);
  });
});
