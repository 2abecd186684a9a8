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
 * meanwhile has no followers. Nobody waits until that is on the disk: the next question tells it anew. What somebody held back, and it has said something later since,
 * is not kept.
 * @param saidDate when it said so, by its own clock
 * @returns of each list whether it was overtaken so, and whether it is something else at a revision than this node has told or holds
 */
export async function noteFollower(
  connection: Connection,
  sighting: Sighting,
  lists: readonly Holding[],
  { statement, saidDate }: { statement: Statement | null; saidDate: Date },
): Promise<{ list_id: number; overtaken: boolean; differs: boolean }[]> {
  return query(
    connection,
    `with seen as (
       select s.*, coalesce(f.said_date > :saidDate and f.said_date < now() + interval '10 minutes', false) as overtaken from unnest(:listIds::bigint[], :epochs::uuid[], :revisions::bigint[], :counts::bigint[], :digests::text[],
         :applied::timestamptz[], :states::text[], :setAside::int[], :copies::bigint[])
         as s (list_id, epoch, revision, dossier_count, digest, applied_date, state, set_aside, copy) join watch_lists l on l.id = s.list_id
         left join followers f on f.list_id = s.list_id and f.node = :node
       where set_config('synchronous_commit', 'off', true) is not null
     ), said as (
       insert into statements (site_id, base, signature, key) select :siteId, :base, :signature, :key
       where :base::text is not null and exists (select from seen where not overtaken and (revision is not null or state = 'withdrawn')) returning id
     ), noted as (
       insert into followers (node, list_id, address, version, site_id, epoch, revision, dossier_count, digest, applied_date, state, set_aside,
         copy, statement_id, said_date, behind_since)
       select :node, s.list_id, :address, :version, :siteId, s.epoch, s.revision, s.dossier_count, s.digest, s.applied_date, s.state, s.set_aside,
         s.copy, case when s.revision is not null or s.state = 'withdrawn' then (select id from said) end, :saidDate::timestamptz,
         case when s.epoch = p.epoch and s.revision < p.revision then p.changed_date end
       from seen s join list_positions p on p.list_id = s.list_id where not s.overtaken order by s.list_id
       on conflict (list_id, node) do update set address = excluded.address, version = excluded.version,
         site_id = coalesce(excluded.site_id, followers.site_id), state = coalesce(excluded.state, followers.state),
         copy = coalesce(excluded.copy, followers.copy), statement_id = coalesce(excluded.statement_id, followers.statement_id), last_seen = now(),
         said_date = excluded.said_date,
         (epoch, revision, dossier_count, digest, applied_date, set_aside) = (
           select coalesce(excluded.epoch, followers.epoch), coalesce(excluded.revision, followers.revision),
             coalesce(excluded.dossier_count, followers.dossier_count), coalesce(excluded.digest, followers.digest),
             coalesce(excluded.applied_date, followers.applied_date), coalesce(excluded.set_aside, followers.set_aside)
           where excluded.state is distinct from 'withdrawn'),
         behind_since = (
           select coalesce(case when coalesce(excluded.revision, followers.revision) <= followers.revision then followers.behind_since end, p.changed_date)
           from list_positions p where p.list_id = followers.list_id and excluded.state is distinct from 'withdrawn'
             and p.epoch = coalesce(excluded.epoch, followers.epoch) and p.revision > coalesce(excluded.revision, followers.revision))
     )
     select seen.list_id, seen.overtaken, coalesce(t.digest <> seen.digest or t.dossier_count <> seen.dossier_count, false)
       or coalesce(p.epoch = seen.epoch and p.revision = seen.revision and (encode(p.digest, 'hex') <> seen.digest or p.dossier_count <> seen.dossier_count), false) as differs
     from seen join list_positions p on p.list_id = seen.list_id
       left join told_heads t on t.list_id = seen.list_id and t.epoch = seen.epoch and t.revision = seen.revision`,
    {
      ...sighting,
      saidDate,
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
 * One page of the slaves of these lists (null: all), by list and then by node, without those that gave their copy up. `behind` counts changes. `behind_since` is when the
 * slave was first seen to lack one and has taken none since, or, until it asks again, when the list was last changed here: never a date that a
 * dossier bears, which may be far older than its change here. A slave that stands in another history of the list is behind by an unknown amount.
 */
export async function listFollowers(
  connection: Connection,
  { lists, ...page }: PageRequest & { lists: readonly number[] | null },
): Promise<Page<FollowerRow>> {
  const backwards = page.cursor?.direction === 'before';
  const direction = backwards ? 'desc' : 'asc';
  const rows = await query<FollowerRow>(
    connection,
    `select f.node, f.list_id, l.name, f.site_id, s.name as site_name, f.address, f.version, f.first_seen, f.last_seen, f.revision,
       p.revision as head_revision, c.behind, case when c.behind > 0 then coalesce(f.behind_since, p.changed_date) end as behind_since
     from followers f join watch_lists l on l.id = f.list_id join list_positions p on p.list_id = f.list_id left join sites s on s.id = f.site_id
     cross join lateral (
       select case when f.epoch = p.epoch then (
         select count(*) from (
           select from dossiers d where d.set_id = p.set_id and d.revision > f.revision
           union all select from tombstones t where t.set_id = p.set_id and t.revision > f.revision limit ${mostBehind}) c
       ) end as behind
     ) c
     where f.state is distinct from 'withdrawn' and (:lists::bigint[] is null or f.list_id = any(:lists::bigint[]))
       ${page.cursor ? `and (f.list_id, f.node::text) ${backwards ? '<' : '>'} (:id, :node)` : ''}
     order by f.list_id ${direction}, f.node::text ${direction} limit :rows`,
    { id: page.cursor?.id ?? 0, node: page.cursor?.value ?? '', lists: lists && [...lists], rows: page.limit + 1 },
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
