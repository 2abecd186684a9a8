import { query } from '@dossier/postgres/database.ts';
import type { Database } from '@dossier/postgres/database.ts';
import { pruneTombstones } from '@dossier/replication/upkeep.ts';

const tables = ['watch_lists', 'list_positions', 'dossiers', 'tombstones', 'tree_nodes', 'readings'];

/** Watch lists that consumers follow, written by hand, in a database that can be restored. */
export class FollowedLists {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Makes a list of so many dossiers. */
  async make(name: string, dossiers: number): Promise<number> {
    const [made] = await query<{ id: number }>(this.#database, `insert into watch_lists (name) values (:name) returning id`, { name });
    const list = made?.id ?? 0;
    if (dossiers > 0) await this.add(list, dossiers);
    return list;
  }

  async add(list: number, dossiers: number, prefix = 'dossier'): Promise<void> {
    await query(
      this.#database,
      `insert into dossiers (set_id, name) select set_of(:list), :prefix || ' ' || n from generate_series(1, :dossiers) n`,
      { list, dossiers, prefix },
    );
  }

  /** Removes every dossier of the list whose name ends so. */
  async remove(list: number, end: string): Promise<void> {
    await query(this.#database, `delete from dossiers where set_id = set_of(:list) and name like '%' || :end`, { list, end });
  }

  /** Gives every dossier of the list whose name ends so another one. */
  async rename(list: number, end: string, name: string): Promise<void> {
    await query(this.#database, `update dossiers set name = :name where set_id = set_of(:list) and name like '%' || :end`, {
      list,
      end,
      name,
    });
  }

  /** Lets the tombstones of the list grow old and be forgotten. */
  async forgetTombstones(list: number): Promise<void> {
    await query(this.#database, `update tombstones set removed_date = now() - interval '91 days' where set_id = set_of(:list)`, { list });
    await pruneTombstones(this.#database, 90);
  }

  /** Names by the dossiers' uuids, in order. */
  async contentOf(list: number): Promise<[string, string][]> {
    const rows = await query<{ uuid: string; name: string }>(
      this.#database,
      `select uuid, name from dossiers where set_id = set_of(:list) order by uuid`,
      { list },
    );
    return rows.map(({ uuid, name }) => [uuid, name]);
  }

  async backUp(): Promise<void> {
    await query(this.#database, 'drop schema if exists backup cascade');
    await query(this.#database, 'create schema backup');
    for (const table of tables) await query(this.#database, `create table backup.${table} as table public.${table}`);
    await query(this.#database, `create table backup.revision as select last_value as value from dossier_revisions`);
  }

  /** As pg_restore does: under the same epochs and revisions. */
  async restore(): Promise<void> {
    await this.#database.transaction(async (tx) => {
      await query(tx, `set local session_replication_role = replica`);
      for (const table of tables) {
        await query(tx, `delete from public.${table}`);
        await query(tx, `insert into public.${table} overriding system value select * from backup.${table}`);
      }
      await query(tx, `select setval('dossier_revisions', value) from backup.revision`);
    });
  }
}
