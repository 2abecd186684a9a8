import type { Position } from '@dossier/domain/position.ts';
import { query, queryOne } from '@dossier/postgres/database.ts';
import type { Connection } from '@dossier/postgres/database.ts';
import { toPage } from '@dossier/postgres/keyset.ts';
import type { Page, PageRequest } from '@dossier/postgres/keyset.ts';

/** A slave that asked about lists. `siteId`: null where sites aren't told apart. */
export interface Sighting {
  node: string;
  address: string;
  version: string | null;
  siteId: number | null;
}

/** What a slave says of its copy of a list; without a position it says that it is there. */
export interface Holding {
  listId: number;
  position: Position | null;
  /** Which of its copies it speaks of; null where it doesn't say. */
  copy: number | null;
  /** When it was last brought to that position. */
  appliedDate: string | null;
  state: string | null;
  setAside: number | null;
}

/** What was said, as it was signed by the site's key. */
export interface Statement {
  base: string;
  signature: string;
  key: string;
}

export interface FollowerRow {
  node: string;
  list_id: number;
  name: string;
  site_id: number | null;
  site_name: string | null;
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
 * Notes that a slave was seen, with what it says it holds and how that was signed; where it says nothing, as in a full sync, the last stays. A list that is gone
 * meanwhile has no followers. Nobody waits until that is on the disk: the next question tells it anew.
 * @returns lists of which it said that it holds something else at a revision than this node has told
 */
export async function noteFollower(
  connection: Connection,
  sighting: Sighting,
  lists: readonly Holding[],
  statement: Statement | null,
): Promise<{ list_id: number }[]> {
  return query(
    connection,
    `with seen as (
       select s.* from unnest(:listIds::bigint[], :epochs::uuid[], :revisions::bigint[], :counts::bigint[], :digests::text[], :applied::timestamptz[], :states::text[],
         :setAside::int[], :copies::bigint[])
         as s (list_id, epoch, revision, dossier_count, digest, applied_date, state, set_aside, copy) join watch_lists l on l.id = s.list_id
       where set_config('synchronous_commit', 'off', true) is not null
     ), said as (
       insert into statements (site_id, base, signature, key) select :siteId, :base, :signature, :key
       where :base::text is not null and exists (select from seen where revision is not null or state = 'withdrawn') returning id
     ), noted as (
       insert into followers (node, list_id, address, version, site_id, epoch, revision, dossier_count, digest, applied_date, state, set_aside, copy, statement_id)
       select :node, list_id, :address, :version, :siteId, epoch, revision, dossier_count, digest, applied_date, state, set_aside, copy,
         case when revision is not null or state = 'withdrawn' then (select id from said) end
       from seen order by list_id
       on conflict (list_id, node) do update set address = excluded.address, version = excluded.version, site_id = coalesce(excluded.site_id, followers.site_id),
         epoch = case when excluded.state = 'withdrawn' then null else coalesce(excluded.epoch, followers.epoch) end, revision = case when excluded.state = 'withdrawn' then null else coalesce(excluded.revision, followers.revision) end,
         dossier_count = case when excluded.state = 'withdrawn' then null else coalesce(excluded.dossier_count, followers.dossier_count) end, digest = case when excluded.state = 'withdrawn' then null else coalesce(excluded.digest, followers.digest) end,
         applied_date = case when excluded.state = 'withdrawn' then null else coalesce(excluded.applied_date, followers.applied_date) end, state = coalesce(excluded.state, followers.state),
         set_aside = case when excluded.state = 'withdrawn' then null else coalesce(excluded.set_aside, followers.set_aside) end, copy = coalesce(excluded.copy, followers.copy), statement_id = coalesce(excluded.statement_id, followers.statement_id), last_seen = now()
     )
     select seen.list_id from seen join told_heads t on t.list_id = seen.list_id and t.epoch = seen.epoch and t.revision = seen.revision
     where t.digest <> seen.digest or t.dossier_count <> seen.dossier_count`,
    {
      ...sighting,
      base: statement?.base ?? null,
      signature: statement?.signature ?? null,
      key: statement?.key ?? null,
      listIds: lists.map(({ listId }) => listId),
      epochs: lists.map(({ position }) => position?.epoch ?? null),
      revisions: lists.map(({ position }) => position?.revision ?? null),
      counts: lists.map(({ position }) => position?.count ?? null),
      digests: lists.map(({ position }) => position?.digest ?? null),
      applied: lists.map(({ appliedDate }) => appliedDate),
      states: lists.map(({ state }) => state),
      setAside: lists.map(({ setAside }) => setAside),
      copies: lists.map(({ copy }) => copy),
    },
  );
}

/** Keeps a head that was told, so that a site which says something else of it is noticed. */
export async function noteToldHead(connection: Connection, listId: number, position: Position): Promise<void> {
  await query(
    connection,
    `insert into told_heads (list_id, epoch, revision, dossier_count, digest)
     select :listId, :epoch, :revision, :count, :digest where set_config('synchronous_commit', 'off', true) is not null on conflict do nothing`,
    { listId, ...position },
  );
}

/** More changes are not counted. */
const mostBehind = 100_000;

/**
 * One page of the slaves, by list and then by node, without those that gave their copy up. `behind` counts changes, `behind_since` is when the first of them was
 * made. A slave that stands in another history of the list is behind by an unknown amount.
 */
export async function listFollowers(connection: Connection, page: PageRequest): Promise<Page<FollowerRow>> {
  const backwards = page.cursor?.direction === 'before';
  const direction = backwards ? 'desc' : 'asc';
  const rows = await query<FollowerRow>(
    connection,
    `select f.node, f.list_id, l.name, f.site_id, s.name as site_name, f.address, f.version, f.first_seen, f.last_seen, f.revision, p.revision as head_revision,
       case when f.epoch = p.epoch then (
         select count(*) from (
           select from dossiers d where d.set_id = p.set_id and d.revision > f.revision
           union all select from tombstones t where t.set_id = p.set_id and t.revision > f.revision limit ${mostBehind}) c
       ) end as behind,
       case when f.epoch = p.epoch then least(
         (select d.modified_date from dossiers d where d.set_id = p.set_id and d.revision > f.revision order by d.revision limit 1),
         (select t.removed_date from tombstones t where t.set_id = p.set_id and t.revision > f.revision order by t.revision limit 1)
       ) end as behind_since
     from followers f join watch_lists l on l.id = f.list_id join list_positions p on p.list_id = f.list_id left join sites s on s.id = f.site_id
     where f.state is distinct from 'withdrawn' ${page.cursor ? `and (f.list_id, f.node::text) ${backwards ? '<' : '>'} (:id, :node)` : ''}
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

/** Forgets slaves that were not seen for so many days, statements that others took the place of, and heads that were told longer ago. */
export async function pruneFollowers(connection: Connection, days: number): Promise<void> {
  await query(connection, `delete from followers where last_seen < age_moment() - make_interval(days => :days)`, { days });
  await query(connection, `delete from statements s where not exists (select from followers f where f.statement_id = s.id)`);
  await query(connection, `delete from told_heads where told_date < age_moment() - make_interval(days => :days)`, { days });
}
