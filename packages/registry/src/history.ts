import type { Knex } from 'knex';
import type { StoredContent } from '@dossier/domain/dossier-hash.ts';
import { query } from '@dossier/postgres/database.ts';
import { changeOf } from './history-values.ts';
import type { Change } from './history-values.ts';

/** Of so many dossiers an import or a sync keeps what became of each; beyond that, only that there were more. */
export const mostRemembered = 10_000;

/** What an import is remembered by, while it goes on batch by batch. */
export interface ImportOrigin {
  /** The entry of the audit that tells of it. */
  readonly auditId: number;
  /** How many dossiers may still be remembered one by one. */
  room: number;
  /** Whether what it changes is kept as it was before. */
  readonly canBeTakenBack: boolean;
}

/** A dossier that a batch of an import wrote. */
export interface ImportedRow {
  readonly uuid: string;
  /** Null for a new one. */
  readonly former: StoredContent | null;
  readonly content: StoredContent;
}

/** Keeps what a batch of an import made and changed, as long as there is room for it; of new dossiers only that they came with it. */
export async function rememberImport(
  tx: Knex.Transaction,
  origin: ImportOrigin,
  { listId, rows }: { listId: number; rows: readonly ImportedRow[] },
): Promise<void> {
  const kept = rows
    .slice(0, origin.room)
    .map(({ uuid, former, content }) => ({ uuid, former, change: former && changeOf(former, content) }));
  origin.room -= kept.length;
  if (kept.length > 0) {
    await query(
      tx,
      `insert into history (object, kind, audit_id, list_id, before, after)
       select uuid, kind, :auditId, :listId, before, after from unnest(:uuids::uuid[], :kinds::text[], :befores::json[], :afters::json[]) c (uuid, kind, before, after)`,
      {
        auditId: origin.auditId,
        listId,
        uuids: kept.map(({ uuid }) => uuid),
        kinds: kept.map(({ former }) => (former === null ? 'made' : 'changed')),
        befores: kept.map(({ change }) => change?.before ?? null),
        afters: kept.map(({ change }) => change?.after ?? null),
      },
    );
  }
  await rememberMany(tx, origin.auditId, new Map([[listId, rows.length - kept.length]]));
}

/** Keeps how many dossiers of lists a deed wrote that aren't remembered one by one; numbers of one deed add up. */
export async function rememberMany(tx: Knex.Transaction, auditId: number, counts: ReadonlyMap<number, number>): Promise<void> {
  const told = [...counts].filter(([, dossiers]) => dossiers > 0);
  if (told.length === 0) return;
  await query(
    tx,
    `insert into history (object, kind, audit_id, list_id, dossiers)
     select l.uuid, 'many', :auditId, l.id, m.dossiers from unnest(:lists::bigint[], :counts::bigint[]) m (list, dossiers)
     join watch_lists l on l.id = m.list
     on conflict (object, audit_id) where kind = 'many' and audit_id is not null
     do update set dossiers = history.dossiers + excluded.dossiers, date = excluded.date`,
    { auditId, lists: told.map(([list]) => list), counts: told.map(([, dossiers]) => dossiers) },
  );
}

/** What a deed with many dossiers is remembered by, while it goes on. */
export interface DeedOrigin {
  /** The entry of the audit that tells of it. */
  readonly auditId: number;
  /** How many dossiers may still be remembered one by one. */
  readonly room: number;
}

/** What became of a dossier by a deed with many. */
export interface RememberedDossier {
  readonly uuid: string;
  /** The lists that held it, before or after. */
  readonly lists: readonly number[];
  readonly change: Change | null;
}

/** Keeps what became of dossiers, as long as there is room for it; of the others, how many of each list they were. */
export async function rememberBulk(tx: Knex.Transaction, origin: DeedOrigin, dossiers: readonly RememberedDossier[]): Promise<void> {
  const kept = dossiers.slice(0, Math.max(0, origin.room)).filter(({ change }) => change !== null);
  if (kept.length > 0) {
    await query(
      tx,
      `insert into history (object, kind, audit_id, before, after)
       select uuid, case when after is null then 'removed' else 'changed' end, :auditId, before, after
       from unnest(:uuids::uuid[], :befores::json[], :afters::json[]) c (uuid, before, after)`,
      {
        auditId: origin.auditId,
        uuids: kept.map(({ uuid }) => uuid),
        befores: kept.map(({ change }) => change?.before ?? null),
        afters: kept.map(({ change }) => change?.after ?? null),
      },
    );
  }
  const more = Map.groupBy(
    dossiers.slice(Math.max(0, origin.room)).flatMap(({ lists }) => lists),
    (list) => list,
  );
  await rememberMany(tx, origin.auditId, new Map([...more].map(([list, { length }]) => [list, length])));
}
