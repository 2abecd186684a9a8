import type { AuditAction, AuditWay } from '@dossier/domain/audit.ts';
import { query, queryOne, transaction } from '@dossier/postgres/database.ts';
import type { Connection, Database } from '@dossier/postgres/database.ts';
import { toPage } from '@dossier/postgres/keyset.ts';
import type { Page, PageRequest } from '@dossier/postgres/keyset.ts';
import { recordAudit } from './audit.ts';

type Values = Record<string, unknown>;

/** What became of a dossier by one deed. */
export interface HistoryRow {
  id: number;
  date: Date;
  /** `many`: so many dossiers of the list were written at once that it isn't kept whether this was one of them. */
  kind: 'made' | 'changed' | 'removed' | 'many';
  /** The dossier's uuid; of `many` the list's. */
  object: string;
  /** The local number of a dossier that is here. */
  dossier_id: number | null;
  /** What it is called now. */
  name: string | null;
  /** Who did it, by which way and from where; nulls for a sync. */
  actor: string | null;
  via: AuditWay | null;
  address: string | null;
  action: AuditAction | null;
  /** Of an import. */
  file: string | null;
  run_id: number | null;
  master: string | null;
  list_id: number | null;
  /** How many: of many. */
  dossiers: number | null;
  before: Values | null;
  after: Values | null;
  /** Of a merge: the entry of the dossier that was deleted by it. */
  merged: { id: number; object: string; before: Values } | null;
}

const columns = `h.id, h.date, h.kind, h.object, h.run_id, h.master, h.list_id, h.dossiers, h.before, h.after, a.actor, a.via, a.address, a.action,
  a.details ->> 'file' as file,
  case when a.action = 'dossiers-merged' then (
    select json_build_object('id', m.id, 'object', m.object, 'before', m.before) from history m where m.audit_id = h.audit_id and m.id <> h.id and m.kind = 'removed' limit 1
  ) end as merged`;

const placeOf = ({ id }: HistoryRow) => ({ value: null, id });

/** One page of what became of the dossier of this number, newest first. Nothing for a number that isn't here. */
export async function listHistory(
  connection: Connection,
  { dossier, ...page }: PageRequest & { dossier: number },
): Promise<Page<HistoryRow>> {
  const backwards = page.cursor?.direction === 'before';
  const order = backwards ? 'asc' : 'desc';
  const beyond = page.cursor ? `and h.id ${backwards ? '>' : '<'} :id` : '';
  const rows = await query<HistoryRow>(
    connection,
    `with dossier as materialized (
       select d.uuid, min(d.created_date) as since, array_agg(l.uuid) as lists,
         coalesce((select max(m.id) from history m where m.object = d.uuid and m.kind = 'made'), 0) as made
       from rows_of(:dossier) d join list_positions p on p.set_id = d.set_id join watch_lists l on l.id = p.list_id group by d.uuid limit 1
     ),
     found as (
       (select h.* from history h where h.object = (select uuid from dossier) and not is_withdrawn_entry(h) ${beyond} order by h.id ${order} limit :rows)
       union all
       (select h.* from history h, dossier d where h.object = any(d.lists) and h.kind = 'many' and h.date >= d.since and h.id > d.made
          and not exists (select from history o where o.object = d.uuid and o.id < h.id and o.audit_id = h.audit_id)
          ${beyond} order by h.id ${order} limit :rows)
     )
     select ${columns}, :dossier::bigint as dossier_id, null as name from found h left join audit a on a.id = h.audit_id order by h.id ${order} limit :rows`,
    { dossier, id: page.cursor?.id ?? 0, rows: page.limit + 1 },
  );
  return toPage(rows, page, placeOf);
}

/** One page of what a run of a list's link did to its dossiers, and to what the list declares, as far as that is kept, newest first. */
export async function listRunHistory(
  connection: Connection,
  { run, list, ...page }: PageRequest & { run: number; list: number },
): Promise<Page<HistoryRow>> {
  const backwards = page.cursor?.direction === 'before';
  const rows = await query<HistoryRow>(
    connection,
    `select ${columns}, d.id as dossier_id, coalesce(d.name, case when h.kind = 'changed' then (select name from watch_lists l where l.uuid = h.object) end) as name
     from history h left join audit a on a.id = h.audit_id
     left join list_positions p on p.list_id = h.list_id left join dossiers d on d.set_id = p.set_id and d.uuid = h.object
     where h.run_id = :run and h.list_id = :list and not is_withdrawn_entry(h) and ${page.cursor ? `h.id ${backwards ? '>' : '<'} :id` : 'true'} order by h.id ${backwards ? 'asc' : 'desc'} limit :rows`,
    { run, list, id: page.cursor?.id ?? 0, rows: page.limit + 1 },
  );
  return toPage(rows, page, placeOf);
}

/**
 * A photo that an entry of the history shows, with the uuid of its dossier, the list that was written, and whether the dossier is nowhere but in the bin; null if
 * the entry shows no such photo.
 */
export async function findRememberedPhoto(
  connection: Connection,
  { entry, sha256 }: { entry: number; sha256: string },
): Promise<{ bytes: number; dossier: string; list: number | null; binned: boolean } | null> {
  return queryOne(
    connection,
    `select (p ->> 'bytes')::int as bytes, h.object as dossier, h.list_id as list,
       not exists (select from list_positions l join dossiers d on d.set_id = l.set_id and d.uuid = h.object)
         and exists (select from binned_sets b join dossiers d on d.set_id = b.set_id and d.uuid = h.object) as binned
     from history h cross join lateral (
       select * from json_array_elements(h.before -> 'photos') union all select * from json_array_elements(h.after -> 'photos')
     ) s (p) where h.id = :entry and not is_withdrawn_entry(h) and p ->> 'sha256' = :sha256 and p ->> 'bytes' is not null limit 1`,
    { entry, sha256 },
  );
}

/** Keeps what a dossier was that was deleted by a deed upon another one, of which that entry of the audit tells. */
export async function rememberRemoval(
  connection: Connection,
  { auditId, uuid, before }: { auditId: number; uuid: string; before: string },
) {
  await query(connection, `insert into history (object, kind, audit_id, before) values (:uuid, 'removed', :auditId, :before::json)`, {
    uuid,
    auditId,
    before,
  });
}

/** So many entries of the audit one entry tells of whose values were erased. */
const erasedAtOnce = 1000;

/**
 * Erases what became of dossiers that no list of this node has had for so many days, and that are not in the bin. The audit keeps a hash of it, and gets an entry that tells which of its
 * entries have lost their values.
 */
export async function eraseHistory(database: Database, days: number): Promise<void> {
  const isOld = `date < age_moment() - make_interval(days => :days)`;
  const old = await queryOne(database, `select from history where ${isOld} limit 1`, { days });
  if (!old) return;
  await transaction(database, async (tx) => {
    const erased = await query<{ audit_id: number }>(
      tx,
      `with gone as (
         select object from history where kind <> 'many' group by object having max(date) < age_moment() - make_interval(days => :days)
         except select object_uuid from audit where object_kind = 'watch-list'
         except select d.uuid from list_positions p join dossiers d on d.set_id = p.set_id
         except select d.uuid from binned_sets b join dossiers d on d.set_id = b.set_id
       ), erased as (
         delete from history h using gone where h.object = gone.object returning h.audit_id, h.salt
       )
       select audit_id from erased where salt is not null order by 1`,
      { days },
    );
    await recordErased(tx, erased);
  });
}

/** Says in the audit which of its entries have lost their values. */
async function recordErased(tx: Connection, erased: readonly { audit_id: number }[]): Promise<void> {
  for (let at = 0; at < erased.length; at += erasedAtOnce) {
    const entries = erased.slice(at, at + erasedAtOnce).map((entry) => entry.audit_id);
    const record = { action: 'history-erased', object: { kind: 'dossier' }, details: { entries } } as const;
    await recordAudit(tx, { actor: 'node', via: 'node', address: null }, record);
  }
}

/** Erases what syncs of a list did to its dossiers, and what became of those that people deleted from it while its master was away, where no other list has them. */
export async function eraseListHistory(tx: Connection, listId: number): Promise<void> {
  const erased = await query<{ audit_id: number }>(
    tx,
    `with gone as (
       delete from history h where h.list_id = :listId and h.run_id is not null
         or h.list_id is null and h.object in (select dossier from offline_deletions where slave_list_id = :listId)
           and not exists (select from list_positions p join dossiers d on d.set_id = p.set_id and d.uuid = h.object)
       returning h.audit_id, h.salt
     )
     select audit_id from gone where salt is not null order by 1`,
    { listId },
  );
  await recordErased(tx, erased);
}
