import { randomBytes } from 'node:crypto';
import type { AuditAction, AuditObject, AuditWay } from '@dossier/domain/audit.ts';
import { query } from '@dossier/postgres/database.ts';
import type { Connection } from '@dossier/postgres/database.ts';
import { toPage } from '@dossier/postgres/keyset.ts';
import type { Page, PageRequest } from '@dossier/postgres/keyset.ts';
import type { Change } from '@dossier/registry/history-values.ts';

/** Who acts, by which way and from where. */
export interface Actor {
  /** A user's name, or the account on the host. */
  actor: string;
  via: AuditWay;
  /** IP address; null on the host itself. */
  address: string | null;
}

export interface AuditRecord {
  action: AuditAction;
  /** `uuid` of what isn't here any more, or isn't yet; otherwise it is looked up. */
  object: { kind: AuditObject; id?: number | string | null; uuid?: string | null; name?: string | null };
  /** Never a secret. */
  details?: Readonly<Record<string, unknown>>;
  /** What became of it (of a photo: of its dossier); kept beside the audit, which holds a hash of it. */
  change?: Change | null;
}

export interface AuditRow extends Actor {
  id: number;
  date: Date;
  action: AuditAction;
  object_kind: AuditObject;
  object_id: string | null;
  /** The same on all nodes; of dossiers, photos, watch lists and links. */
  object_uuid: string | null;
  object_name: string | null;
  details: Record<string, unknown>;
  /** The entry of the history that holds it; null where there is none. */
  history_id: number | null;
  /** What became of it, where that is known and not erased. */
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
}

const uuidOfList = `(select uuid from watch_lists where id = (:id)::bigint)`;
/** What names a thing on all nodes. A photo's id begins with its dossier's. */
const uuidOfKind: Partial<Record<AuditObject, string>> = {
  dossier: `(select uuid from dossiers where id + 0 = (:id)::bigint limit 1)`,
  photo: `(select uuid from dossiers where id + 0 = nullif(split_part(:id, '-', 1), '')::bigint limit 1)`,
  'watch-list': uuidOfList,
  link: uuidOfList,
};

/**
 * Keeps that somebody did something, and returns the entry's id. To be called in the transaction that does it: then neither is there without the other.
 */
export async function recordAudit(
  transaction: Connection,
  actor: Actor,
  { action, object, details = {}, change }: AuditRecord,
): Promise<number> {
  const [entry] = await query<{ id: number }>(
    transaction,
    `with entry as (
       insert into audit (actor, via, address, action, object_kind, object_id, object_uuid, object_name, details, values_hash)
       values (:actor, :via, :address, :action, :kind, :id, coalesce(:objectUuid::uuid, ${uuidOfKind[object.kind] ?? 'null'}), :name, :details::jsonb,
         audit_values_hash(:salt::bytea, :before::json, :after::json))
       returning id, object_uuid
     ), remembered as (
       insert into history (object, kind, audit_id, salt, before, after)
       select object_uuid, case when :before::json is null then 'made' when :after::json is null then 'removed' else 'changed' end, id, :salt::bytea,
         :before::json, :after::json
       from entry where :salt::bytea is not null
     )
     select id from entry`,
    {
      ...actor,
      action,
      kind: object.kind,
      id: object.id === undefined || object.id === null ? null : String(object.id),
      objectUuid: object.uuid ?? null,
      name: object.name ?? null,
      details: JSON.stringify(details),
      salt: change ? randomBytes(saltBytes) : null,
      before: change?.before ?? null,
      after: change?.after ?? null,
    },
  );
  if (!entry) throw new Error('insert returned no row');
  return entry.id;
}

const saltBytes = 16;

export interface AuditFilter {
  actor?: string | undefined;
  action?: AuditAction | undefined;
  object?: AuditObject | undefined;
  objectId?: string | undefined;
  objectUuid?: string | undefined;
  via?: AuditWay | undefined;
  /** Included. */
  since?: string | undefined;
  /** Not included. */
  until?: string | undefined;
}

const conditions: Record<keyof AuditFilter, string> = {
  actor: 'actor = :actor',
  action: 'action = :action',
  object: 'object_kind = :object',
  objectId: 'object_id = :objectId',
  objectUuid: 'object_uuid = :objectUuid::uuid',
  via: 'via = :via',
  since: 'date >= :since::timestamptz',
  until: 'date < :until::timestamptz',
};

/** One page of what was done and passes the filter, newest first. */
export async function listAudit(
  connection: Connection,
  { filter, ...page }: PageRequest & { filter: AuditFilter },
): Promise<Page<AuditRow>> {
  const backwards = page.cursor?.direction === 'before';
  const asked = (Object.keys(conditions) as (keyof AuditFilter)[]).filter((key) => filter[key] !== undefined).map((key) => conditions[key]);
  if (page.cursor) asked.push(backwards ? 'id > :id' : 'id < :id');
  const rows = await query<AuditRow>(
    connection,
    `select a.id, a.date, a.actor, a.via, a.address, a.action, a.object_kind, a.object_id, a.object_uuid, a.object_name, a.details, h.id as history_id, h.before, h.after
     from (
       select * from audit ${asked.length > 0 ? `where ${asked.join(' and ')}` : ''} order by id ${backwards ? 'asc' : 'desc'} limit :rows
     ) a left join history h on h.audit_id = a.id and h.salt is not null and not is_withdrawn_entry(h)
     order by a.id ${backwards ? 'asc' : 'desc'}`,
    { ...filter, id: page.cursor?.id ?? 0, rows: page.limit + 1 },
  );
  return toPage(rows, page, (row) => ({ value: null, id: row.id }));
}

/** Drops the entries whose time is over, and after them what became of things then. */
export async function pruneAudit(connection: Connection): Promise<void> {
  for (const table of ['audit', 'history']) await query(connection, `delete from ${table} where date < age_moment() - audit_retention()`);
}

/** Keeps that a photo was found damaged on this node. */
export async function recordDamage(connection: Connection, { sha256, fault }: { sha256: string; fault: string }): Promise<void> {
  const record = { action: 'photo-damaged', object: { kind: 'photo' }, details: { sha256, fault } } as const;
  await recordAudit(connection, { actor: 'node', via: 'node', address: null }, record);
}
