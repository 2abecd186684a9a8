import type { ReadKind } from '@dossier/domain/audit.ts';
import { query } from '@dossier/postgres/database.ts';
import type { Connection } from '@dossier/postgres/database.ts';
import { toPage } from '@dossier/postgres/keyset.ts';
import type { Page, PageRequest } from '@dossier/postgres/keyset.ts';
import type { Actor } from './audit.ts';

/** Whether any list of the node logs its readers; looked at first, so that reading costs next to nothing where none does. */
const anyLogs = `exists (select from watch_lists where log_reads)`;

/**
 * Keeps who looks at these dossiers, for each of their lists that logs its readers. To be called before they are shown: what can't be logged isn't
 * shown.
 */
export async function recordReads(
  connection: Connection,
  actor: Actor,
  read: { kind: ReadKind; dossiers: readonly number[] },
): Promise<void> {
  if (read.dossiers.length === 0) return;
  await query(
    connection,
    `insert into reads (actor, via, address, kind, list_id, list_uuid, dossiers)
     select :actor, :via, :address, :kind, l.id, l.uuid, array_agg(d.uuid order by d.uuid)
     from dossiers d join list_positions p on p.set_id = d.set_id join watch_lists l on l.id = p.list_id
     where ${anyLogs} and d.id + 0 = any(:dossiers::bigint[]) and l.log_reads group by l.id`,
    { ...actor, kind: read.kind, dossiers: read.dossiers },
  );
}

/** The same for dossiers in the bin, for each list that is still there from which they were taken. */
export async function recordBinReads(
  connection: Connection,
  actor: Actor,
  read: { kind: ReadKind; dossiers: readonly number[] },
): Promise<void> {
  if (read.dossiers.length === 0) return;
  await query(
    connection,
    `insert into reads (actor, via, address, kind, list_id, list_uuid, dossiers)
     select :actor, :via, :address, :kind, l.id, l.uuid, array_agg(distinct d.uuid order by d.uuid)
     from dossiers d join binned_sets b on b.set_id = d.set_id join watch_lists l on l.id = b.list_id and l.uuid = b.list_uuid
     where ${anyLogs} and d.id + 0 = any(:dossiers::bigint[]) and l.log_reads group by l.id`,
    { ...actor, kind: read.kind, dossiers: read.dossiers },
  );
}

/** A dossier that is named by its uuid, and a list of which it is named as one, if that is known. */
export interface NamedDossier {
  readonly uuid: string;
  readonly list: number | null;
}

/** The same for dossiers that may be in no list any more, or not yet, by their uuids; `list`: one of which all of them are named. */
export async function recordFormerReads(
  connection: Connection,
  actor: Actor,
  { kind, dossiers, list = null }: { kind: ReadKind; dossiers: readonly string[]; list?: number | null },
): Promise<void> {
  await recordNamedReads(connection, actor, { kind, dossiers: dossiers.map((uuid) => ({ uuid, list })) });
}

/**
 * The same where they are named of several lists: for each list that has them, is told to have had them by the history or the audit, has them in the bin, or
 * is the one of which they are named.
 */
export async function recordNamedReads(
  connection: Connection,
  actor: Actor,
  read: { kind: ReadKind; dossiers: readonly NamedDossier[] },
): Promise<void> {
  if (read.dossiers.length === 0) return;
  await query(
    connection,
    `insert into reads (actor, via, address, kind, list_id, list_uuid, dossiers)
     select :actor, :via, :address, :kind, l.id, l.uuid, array_agg(distinct n.uuid order by n.uuid)
     from watch_lists l cross join unnest(:uuids::uuid[], :lists::bigint[]) n (uuid, list)
     where ${anyLogs} and l.log_reads and n.uuid <> l.uuid and (l.id = n.list
       or exists (select from list_positions p join dossiers d on d.set_id = p.set_id and d.uuid = n.uuid where p.list_id = l.id)
       or exists (select from history h where h.object = n.uuid and h.list_id = l.id)
       or exists (select from audit a where a.object_uuid = n.uuid and a.details -> 'dossier_lists' @> to_jsonb(l.id))
       or exists (select from binned_sets b join dossiers d on d.set_id = b.set_id and d.uuid = n.uuid where b.list_id = l.id and b.list_uuid = l.uuid))
     group by l.id`,
    { ...actor, kind: read.kind, uuids: read.dossiers.map(({ uuid }) => uuid), lists: read.dossiers.map(({ list }) => list) },
  );
}

/**
 * Keeps who gets lists as a whole, or learns of a part of them that isn't known by name, for each that logs its readers.
 * @param read.lists their ids; null: all lists
 * @param read.dossiers the uuids of those of the lists that are shown, where it is known that no others are
 */
export async function recordListReads(
  connection: Connection,
  actor: Actor,
  read: { kind: ReadKind; lists: readonly number[] | null; dossiers?: readonly string[] },
): Promise<void> {
  await query(
    connection,
    `insert into reads (actor, via, address, kind, list_id, list_uuid, dossiers)
     select :actor, :via, :address, :kind, id, uuid, :dossiers::uuid[] from watch_lists
     where log_reads and (:lists::bigint[] is null or id = any(:lists::bigint[]))`,
    { ...actor, ...read, dossiers: read.dossiers ?? null },
  );
}

export interface ReadRow extends Actor {
  id: number;
  date: Date;
  kind: ReadKind;
  list_id: number;
  list_uuid: string;
  list_name: string | null;
  /** Uuids; null: anybody of the list. */
  dossiers: string[] | null;
}

export interface ReadFilter {
  /** The local number of a dossier that is here, or a uuid: what showed it by name, and what gave its list as a whole. */
  dossier?: string | undefined;
  list?: number | undefined;
  actor?: string | undefined;
  kind?: ReadKind | undefined;
  /** Included. */
  since?: string | undefined;
  /** Not included. */
  until?: string | undefined;
}

const uuidOf = `(case when :dossier::text ~ '^[0-9]+$' then (select uuid from dossiers where id + 0 = (:dossier::text)::bigint limit 1) else (:dossier::text)::uuid end)`;

const conditions: Record<keyof ReadFilter, string> = {
  dossier: `(r.dossiers @> array[${uuidOf}] or (r.dossiers is null and exists (
    select from dossiers d join list_positions p on p.set_id = d.set_id where p.list_id = r.list_id and d.uuid = ${uuidOf})))`,
  list: 'r.list_id = :list',
  actor: 'r.actor = :actor',
  kind: 'r.kind = :kind',
  since: 'r.date >= :since::timestamptz',
  until: 'r.date < :until::timestamptz',
};

/** One page of who looked at whom and passes the filter, newest first. */
export async function listReads(connection: Connection, { filter, ...page }: PageRequest & { filter: ReadFilter }): Promise<Page<ReadRow>> {
  const backwards = page.cursor?.direction === 'before';
  const asked = (Object.keys(conditions) as (keyof ReadFilter)[]).filter((key) => filter[key] !== undefined).map((key) => conditions[key]);
  if (page.cursor) asked.push(backwards ? 'r.id > :id' : 'r.id < :id');
  const rows = await query<ReadRow>(
    connection,
    `select r.id, r.date, r.actor, r.via, r.address, r.kind, r.list_id, r.list_uuid, r.dossiers, l.name as list_name
     from reads r left join watch_lists l on l.uuid = r.list_uuid
     ${asked.length > 0 ? `where ${asked.join(' and ')}` : ''} order by r.id ${backwards ? 'asc' : 'desc'} limit :rows`,
    { ...filter, id: page.cursor?.id ?? 0, rows: page.limit + 1 },
  );
  return toPage(rows, page, (row) => ({ value: null, id: row.id }));
}

/** Drops the entries that are older than so many days. */
export async function pruneReads(connection: Connection, days: number): Promise<void> {
  await query(connection, `delete from reads where date < age_moment() - make_interval(days => :days)`, { days });
}
