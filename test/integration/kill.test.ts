import { query } from '@dossier/postgres/database.ts';
import { describe, expect, it } from 'vitest';
import { contentOf } from '../kit/engine.ts';
import { createEnginePair } from '../kit/engine-pair.ts';

const { master, slave } = await createEnginePair();

/** Where PostgreSQL ends the slave's connection, as when the process behind it is killed. */
const places = ['cursors', 'incoming', 'differences', 'dossiers', 'tree_nodes', 'links'];

describe('a sync that is killed', () => {
  it.each(places)('while it writes %s leaves the old list, and the next attempt goes on', async (table) => {
    const remote = await master.makeList(table);
    await master.makeDossiers([remote], ['Ada', 'Bob', 'Cid']);
    const local = await slave.makeList(table);
    await slave.link(master, remote, local);
    const before = await contentOf(slave.database, local);
    await query(master.database, `update dossiers set comment = 'edited' where set_id = set_of(:remote)`, { remote });
    await master.makeDossiers([remote], ['Dan']);
    await slave.database.raw(`
      create function die() returns trigger language plpgsql as $$ begin
        perform pg_terminate_backend(pg_backend_pid()); return null; end $$;
      create trigger die after insert or update on ${table} for each statement execute function die();`);
    const killed = slave.sync(local);
    await expect(killed).rejects.toThrow();
    // The pool may give out a connection before it has heard that it was killed.
    const heal = async (): Promise<void> => void (await slave.database.raw(`drop function die() cascade`));
    await heal().catch(heal);
    expect(await contentOf(slave.database, local)).toEqual(before);
    expect(await slave.sync(local)).toMatchObject({ state: 'synced', added: 1, changed: 3 });
    expect(await contentOf(slave.database, local)).toEqual(await contentOf(master.database, remote));
  });
});
