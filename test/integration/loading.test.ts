import { createHash } from 'node:crypto';
import { query, transaction } from '@dossier/postgres/database.ts';
import { awaitAdoption } from '@dossier/replication/load-tables.ts';
import { pruneTombstones } from '@dossier/replication/upkeep.ts';
import { clearStaging } from '@dossier/replication/staging.ts';
import { describe, expect, it } from 'vitest';
import { contentOf, createEngineNode } from '../kit/engine.ts';
import type { EngineNode } from '../kit/engine.ts';
import { createEnginePair } from '../kit/engine-pair.ts';

/** Enough for a load. */
const many = 2500;

const { master, slave } = await createEnginePair();

/** A list with every kind of content, photos among it. */
async function fill(node: EngineNode, name: string, count = many): Promise<number> {
  const list = await node.makeList(name);
  await query(
    node.database,
    `with made as (
       insert into dossiers (name, comment, active, meta, external_id)
       select :name || E' "quoted" \\\\ \\t \\n Ž' || n, E'\\\\.\\nA\\\\N' || n, n % 3 > 0, jsonb_build_object('n', 10000000000000000999, 'b', E'a\\\\b'), :name || n
       from generate_series(1, :count::int) n returning uuid)
     insert into memberships (list_id, dossier) select :list, uuid from made`,
    { name, count, list },
  );
  const photo = Buffer.from('a photo');
  await node.photos.put(photo);
  await query(
    node.database,
    `insert into photos (dossier, sha256, width, height, bytes, media_type, features)
     select m.dossier, decode(:sha256, 'hex'), 10, 20, :bytes, 'image/jpeg', case when m.revision % 2 = 0 then E'fea\\\\ture š' end
     from memberships m where m.list_id = :list and m.revision % 5 = 0`,
    { list, sha256: createHash('sha256').update(photo).digest('hex'), bytes: photo.length },
  );
  return list;
}

async function shape(node: EngineNode): Promise<unknown> {
  return {
    indexes: await query(node.database, `select indexdef from pg_indexes where schemaname = 'public' order by 1`),
    constraints: await query(
      node.database,
      `select conrelid::regclass::text as name, conname, pg_get_constraintdef(oid) as definition from pg_constraint
       where connamespace = 'public'::regnamespace order by 1, 2`,
    ),
    triggers: await query(node.database, `select pg_get_triggerdef(oid) as definition from pg_trigger where not tgisinternal order by 1`),
    columns: await query(
      node.database,
      `select table_name, column_name, data_type, is_nullable, is_identity, is_generated, generation_expression, column_default
       from information_schema.columns where table_schema = 'public' order by 1, 2`,
    ),
    options: await query(node.database, `select relname, reloptions from pg_class where relnamespace = 'public'::regnamespace order by 1`),
    functions: await query(
      node.database,
      `select oid::regprocedure::text as name from pg_proc where pronamespace = 'public'::regnamespace order by 1`,
    ),
    schemas: await query(node.database, `select nspname from pg_namespace where nspname !~ '^pg_' order by 1`),
  };
}

/** The tables themselves: other numbers after a load. */
async function tables(node: EngineNode): Promise<unknown[]> {
  return query(
    node.database,
    `select oid from pg_class where oid in ('dossiers'::regclass, 'memberships'::regclass, 'photos'::regclass) order by oid`,
  );
}

describe('the first sync of a big list', () => {
  it('fills fresh tables that are like the old ones in everything', async () => {
    const before = await shape(slave);
    const oldTables = await tables(slave);
    const remote = await fill(master, 'big');
    const local = await slave.makeList('big');
    const run = await slave.link(master, remote, local);
    expect(run).toMatchObject({ state: 'synced', method: 'full', added: many, changed: 0, removed: 0, pages: 1 });
    expect(await contentOf(slave.database, local)).toEqual(await contentOf(master.database, remote));
    expect(await tables(slave)).not.toEqual(oldTables);
    expect(await shape(slave)).toEqual(before);
    const [position] = await query(slave.database, `select revision, dossier_count from list_positions where list_id = :local`, { local });
    expect(position).toEqual({ revision: many, dossier_count: many });
    expect(await slave.sync(local)).toMatchObject({ state: 'unchanged' });
    await query(master.database, `update dossiers set name = 'Changed' where external_id in ('big7', 'big8')`);
    expect(await slave.sync(local)).toMatchObject({ state: 'synced', method: 'delta', changed: 2 });
    expect(await contentOf(slave.database, local)).toEqual(await contentOf(master.database, remote));
  });

  it('takes along what the node holds besides, with its numbers', async () => {
    const node = await createEngineNode();
    const other = await node.makeList('other');
    const uuids = await node.makeDossiers([other], ['Ada', 'Bob']);
    const held = () => query(node.database, `select id, uuid, name from dossiers where uuid = any(:uuids::uuid[]) order by id`, { uuids });
    const before = await held();
    const remote = await fill(master, 'beside');
    const local = await node.makeList('beside');
    const oldTables = await tables(node);
    expect(await node.link(master, remote, local)).toMatchObject({ state: 'synced', added: many });
    expect(await tables(node)).not.toEqual(oldTables);
    expect(await held()).toEqual(before);
    expect(await contentOf(node.database, other)).toHaveLength(2);
    const known = await query(node.database, `select n_distinct from pg_stats where tablename = 'memberships' and attname = 'list_id'`);
    expect(known, 'lists that the planner knows of').toEqual([{ n_distinct: 2 }]);
    const [fresh] = await node.makeDossiers([other], ['Cid']);
    const numbers = await query(
      node.database,
      `select (select id from dossiers where uuid = :fresh) - max(id) as gap from dossiers where uuid <> :fresh`,
      { fresh },
    );
    expect(numbers).toEqual([{ gap: 1 }]);
    await node.close();
  });

  it('is staged row by row where the tables are not to be replaced, or a dossier is here already', async () => {
    const node = await createEngineNode();
    const remote = await fill(master, 'known');
    const [known] = await query<{ uuid: string }>(master.database, `select uuid from dossiers where external_id = 'known3'`);
    const other = await node.makeList('other');
    await query(node.database, `insert into dossiers (uuid, name) values (:uuid, 'Here already')`, { uuid: known?.uuid });
    await query(node.database, `insert into memberships (list_id, dossier) values (:other, :uuid)`, { other, uuid: known?.uuid });
    const oldTables = await tables(node);
    const local = await node.makeList('known');
    expect(await node.link(master, remote, local)).toMatchObject({ state: 'synced' });
    expect(await contentOf(node.database, local)).toEqual(await contentOf(master.database, remote));
    expect(await tables(node)).toEqual(oldTables);
    await query(node.database, `create view reporting as select name from dossiers`);
    const second = await fill(master, 'viewed');
    const viewed = await node.makeList('viewed');
    expect(await node.link(master, second, viewed)).toMatchObject({ state: 'synced', added: many });
    expect(await tables(node)).toEqual(oldTables);
    expect(await query(node.database, `select nspname from pg_namespace where nspname ~ '^(loading|retired)'`)).toEqual([]);
    await node.close();
  });
});

/** Where PostgreSQL ends the connection, as when the process behind it is killed. */
const die = (kind: string) => `create function die() returns ${kind} language plpgsql as $$ begin
  perform pg_terminate_backend(pg_backend_pid()); ${kind === 'trigger' ? 'return null;' : ''} end $$;`;
const places: readonly (readonly [when: string, sql: string])[] = [
  ['a page is loaded', `${die('trigger')} create trigger die after update on staging_cursors for each row execute function die()`],
  [
    'indexes are built',
    `${die('event_trigger')} create event trigger die on ddl_command_end when tag in ('CREATE INDEX') execute function die()`,
  ],
  [
    'the swap begins',
    `${die('event_trigger')} create event trigger die on ddl_command_end when tag in ('CREATE TRIGGER') execute function die()`,
  ],
  [
    'the tables change places',
    `${die('event_trigger')} create event trigger die on ddl_command_end when tag in ('DROP FUNCTION') execute function die()`,
  ],
  [
    'the swap is booked',
    `${die('trigger')} create trigger die after update on links for each row when (new.state = 'synced') execute function die()`,
  ],
];

describe('a first sync that is killed', () => {
  it.each(places)('while %s leaves everything as it was, and the next attempt loads the list', async (when, sql) => {
    const node = await createEngineNode();
    const other = await node.makeList('other');
    await node.makeDossiers([other], ['Ada', 'Bob']);
    const before = { shape: await shape(node), tables: await tables(node), other: await contentOf(node.database, other) };
    const remote = await fill(master, when);
    const local = await node.makeList('killed');
    await node.database.raw(sql);
    await expect(node.link(master, remote, local)).rejects.toThrow();
    // The pool may give out a connection before it has heard that it was killed.
    const heal = async (): Promise<void> =>
      void (await node.database.raw(`drop event trigger if exists die; drop function if exists die() cascade`));
    await heal().catch(heal);
    expect(await contentOf(node.database, local)).toEqual([]);
    expect(await contentOf(node.database, other)).toEqual(before.other);
    expect(await tables(node)).toEqual(before.tables);
    expect(await node.sync(local)).toMatchObject({ state: 'synced', method: 'full', added: many });
    expect(await contentOf(node.database, local)).toEqual(await contentOf(master.database, remote));
    expect(await contentOf(node.database, other)).toEqual(before.other);
    expect(await tables(node)).not.toEqual(before.tables);
    expect(await shape(node)).toEqual(before.shape);
    await node.close();
  });
});

describe('pages that were made for an earlier reader', () => {
  it('are overridden by what changed, left and came since', async () => {
    const remote = await fill(master, 'aged');
    const [first, second] = [await createEngineNode(), await createEngineNode()];
    expect(await first.link(master, remote, await first.makeList('aged'))).toMatchObject({ state: 'synced', pages: 1 });
    await query(master.database, `update dossiers set name = 'Edited later' where external_id in ('aged1', 'aged2')`);
    await query(master.database, `delete from photos where dossier in (select uuid from dossiers where external_id = 'aged5')`);
    await query(master.database, `delete from dossiers where external_id in ('aged10', 'aged11')`);
    await master.makeDossiers([remote], ['Came later']);
    const local = await second.makeList('aged');
    const oldTables = await tables(second);
    expect(await second.link(master, remote, local)).toMatchObject({ state: 'synced', added: many - 1 });
    expect(await tables(second)).not.toEqual(oldTables);
    expect(await contentOf(second.database, local)).toEqual(await contentOf(master.database, remote));
    await Promise.all([first.close(), second.close()]);
  });

  it('are not used below the floor, where what left is forgotten', async () => {
    const remote = await fill(master, 'pruned');
    const [first, second] = [await createEngineNode(), await createEngineNode()];
    await first.link(master, remote, await first.makeList('pruned'));
    await query(master.database, `delete from dossiers where external_id = 'pruned4'`);
    await query(master.database, `update tombstones set removed_date = now() - interval '91 days' where list_id = :remote`, { remote });
    await pruneTombstones(master.database, 90);
    const local = await second.makeList('pruned');
    expect(await second.link(master, remote, local)).toMatchObject({ state: 'synced', added: many - 1 });
    expect(await contentOf(second.database, local)).toEqual(await contentOf(master.database, remote));
    await Promise.all([first.close(), second.close()]);
  });
});

describe('staging', () => {
  it('leaves no dead rows in the way of later runs, and keeps those of other runs', async () => {
    const stage = (run: number, rows: number) =>
      query(
        slave.database,
        `insert into staged_dossiers (run_id, dossier, removed, revision, name)
         select :run, gen_random_uuid(), true, n, repeat('x', 100) from generate_series(1, :rows::int) n`,
        { run, rows },
      );
    const state = async () => {
      const [row] = await query<{ rows: number; bytes: number }>(
        slave.database,
        `select (select count(*) from staged_dossiers) as rows, pg_relation_size('staged_dossiers') as bytes`,
      );
      return row;
    };
    await stage(1001, 30_000);
    await stage(1002, 1);
    await clearStaging(slave.database, 1001);
    expect(await state()).toMatchObject({ rows: 1 });
    await clearStaging(slave.database, 1002);
    expect(await state()).toEqual({ rows: 0, bytes: 0 });
  });
});

describe('first syncs of several lists at once', () => {
  it('wait for each other without a hold on the tables that the first one is to replace', async () => {
    const node = await createEngineNode();
    try {
      const [remote, local] = [await fill(master, 'waits'), await node.makeList('waits')];
      const linked = await transaction(node.database, async (tx) => {
        await awaitAdoption(tx);
        const linking = node.link(master, remote, local);
        const waiting = () =>
          query<{ tables: number }>(
            node.database,
            `select (select count(*) from pg_locks t where t.pid = l.pid and t.relation in ('dossiers'::regclass, 'memberships'::regclass, 'photos'::regclass)) as tables
             from pg_locks l where l.locktype = 'advisory' and not l.granted`,
          );
        await expect.poll(waiting, { timeout: 20_000 }).toEqual([{ tables: 0 }]);
        // Not awaited: it ends only after this transaction.
        return { linking };
      });
      expect(await linked.linking).toMatchObject({ state: 'synced', added: many });
    } finally {
      await node.close();
    }
  });

  it('do not keep each other from ending', { timeout: 60_000 }, async () => {
    const node = await createEngineNode();
    try {
      const lists = [];
      for (const name of ['one', 'two', 'three', 'four', 'five']) {
        lists.push({ remote: await fill(master, `at once ${name}`), local: await node.makeList(name) });
      }
      await Promise.all(lists.map(({ remote, local }) => node.link(master, remote, local)));
      for (const { remote, local } of lists)
        expect(await contentOf(node.database, local)).toEqual(await contentOf(master.database, remote));
    } finally {
      await node.close();
    }
  });
});
