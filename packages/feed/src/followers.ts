import { query, queryOne } from '@dossier/postgres/database.ts';
import type { Connection } from '@dossier/postgres/database.ts';
import { toPage } from '@dossier/postgres/keyset.ts';
import type { Page, PageRequest } from '@dossier/postgres/keyset.ts';

/** A slave that asked about lists. */
export interface Sighting {
  node: string;
  address: string;
  version: string | null;
}

export interface FollowerRow {
  node: string;
  list_id: number;
  name: string;
  address: string;
  version: string | null;
  first_seen: Date;
  last_seen: Date;
  revision: number | null;
  head_revision: number;
  behind: number | null;
  behind_since: Date | null;
}

/**
 * Notes that a slave was seen, with the positions that it says it holds; where it says none, as in a full sync, the last one stays. A list that is
 * gone meanwhile has no followers. Nobody waits until that is on the disk: the next question tells it anew.
 */
export async function noteFollower(
  connection: Connection,
  sighting: Sighting,
  lists: readonly { listId: number; position: { epoch: string; revision: number } | null }[],
): Promise<void> {
  await query(
    connection,
    `insert into followers (node, list_id, address, version, epoch, revision, behind_since)
     select :node, p.list_id, :address, :version, s.epoch, s.revision, case when s.epoch = p.epoch and s.revision < p.revision then p.changed_date end
     from unnest(:listIds::bigint[], :epochs::uuid[], :revisions::bigint[]) as s (list_id, epoch, revision) join list_positions p on p.list_id = s.list_id
     where set_config('synchronous_commit', 'off', true) is not null
     order by p.list_id
     on conflict (list_id, node) do update set address = excluded.address, version = excluded.version,
       epoch = coalesce(excluded.epoch, followers.epoch), revision = coalesce(excluded.revision, followers.revision), last_seen = now(),
       behind_since = (
         select coalesce(case when coalesce(excluded.revision, followers.revision) <= followers.revision then followers.behind_since end, p.changed_date)
         from list_positions p where p.list_id = followers.list_id
           and p.epoch = coalesce(excluded.epoch, followers.epoch) and p.revision > coalesce(excluded.revision, followers.revision))`,
    {
      ...sighting,
      listIds: lists.map(({ listId }) => listId),
      epochs: lists.map(({ position }) => position?.epoch ?? null),
      revisions: lists.map(({ position }) => position?.revision ?? null),
    },
  );
}

/** More changes are not counted. */
const mostBehind = 100_000;

/**
 * One page of the slaves, by list and then by node. `behind` counts changes. `behind_since` is when the slave was first seen to lack one and has taken none since, or, until it asks
 * again, when the list was last changed here: never a date that a dossier bears, which may be far older than its change here. A slave that stands in another
 * history of the list is behind by an unknown amount.
 */
export async function listFollowers(connection: Connection, page: PageRequest): Promise<Page<FollowerRow>> {
  const backwards = page.cursor?.direction === 'before';
  const direction = backwards ? 'desc' : 'asc';
  const rows = await query<FollowerRow>(
    connection,
    `select f.node, f.list_id, l.name, f.address, f.version, f.first_seen, f.last_seen, f.revision, p.revision as head_revision, c.behind,
       case when c.behind > 0 then coalesce(f.behind_since, p.changed_date) end as behind_since
     from followers f join watch_lists l on l.id = f.list_id join list_positions p on p.list_id = f.list_id
     cross join lateral (
       select case when f.epoch = p.epoch then (
         select count(*) from (
           select from dossiers d where d.set_id = p.set_id and d.revision > f.revision
           union all select from tombstones t where t.set_id = p.set_id and t.revision > f.revision limit ${mostBehind}) c
       ) end as behind
     ) c
     ${page.cursor ? `where (f.list_id, f.node::text) ${backwards ? '<' : '>'} (:id, :node)` : ''}
     order by f.list_id ${direction}, f.node::text ${direction} limit :rows`,
    { id: page.cursor?.id ?? 0, node: page.cursor?.value ?? '', rows: page.limit + 1 },
  );
  return toPage(rows, page, (row) => ({ value: row.node, id: row.list_id }));
}

/** Whether a slave has asked for one of this node's lists within so many days. */
export async function hasFollowers(connection: Connection, days: number): Promise<boolean> {
  const found = await queryOne<{ any: boolean }>(
    connection,
    `select exists (select from followers where last_seen > age_moment() - make_interval(days => :days)) as any`,
    { days },
  );
  return found?.any ?? false;
}

/** Forgets slaves that were not seen for so many days. */
export async function pruneFollowers(connection: Connection, days: number): Promise<void> {
  await query(connection, `delete from followers where last_seen < age_moment() - make_interval(days => :days)`, { days });
}
