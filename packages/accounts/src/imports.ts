import { liesAhead } from '@dossier/postgres/clock.ts';
import { query, queryOne } from '@dossier/postgres/database.ts';
import type { Connection } from '@dossier/postgres/database.ts';
import { toPage } from '@dossier/postgres/keyset.ts';
import type { Page, PageRequest } from '@dossier/postgres/keyset.ts';
import { ApplicationError, notFound } from '@dossier/runtime/errors.ts';
import type { Actor } from './audit.ts';

/** What is known of an import when it begins. */
export interface ImportBeginning {
  readonly uuid: string;
  readonly auditId: number;
  readonly list: { readonly id: number; readonly name: string };
  readonly actor: Actor;
  readonly file: string | null;
  readonly reading: Readonly<Record<string, unknown>>;
}

export interface ImportCounts {
  readonly lines: number;
  readonly added: number;
  readonly changed: number;
  readonly unchanged: number;
  readonly refused: number;
  readonly scientificIds: number;
  readonly repeatedIds: number;
}

export type ImportState = 'running' | 'done' | 'broken-off';

export interface ImportRow {
  uuid: string;
  audit_id: number;
  list_id: number;
  list_uuid: string;
  list_name: string;
  actor: string;
  via: string;
  file: string | null;
  reading: Record<string, unknown>;
  state: ImportState;
  began: Date;
  heard: Date;
  lines: number;
  added: number;
  changed: number;
  unchanged: number;
  refused: number;
  scientific_ids: number;
  repeated_ids: number;
  /** Refused rows that are still kept. */
  kept_refusals: number;
  can_be_taken_back: boolean;
}

/** A refused row; `given` is JSON: its fields by their columns, or the text that it is. */
export interface ImportRefusal {
  readonly line: number;
  readonly reason: string;
  readonly given: string;
}

/** Beyond that, refused rows are counted but not kept. */
export const mostKeptRefusals = 10_000;
/** Of which nothing is heard for so long has broken off: a batch takes seconds, one of many photos minutes. */
const silentAfter = `interval '10 minutes'`;
const keptFor = `interval '30 days'`;

/** Keeps that an import has begun. CONFLICT for a uuid that was used before: the same import is not to run twice. */
export async function beginImport(connection: Connection, { uuid, auditId, list, actor, file, reading }: ImportBeginning): Promise<void> {
  const begun = await queryOne(
    connection,
    `insert into imports (uuid, audit_id, list_id, list_uuid, list_name, actor, via, file, reading)
     select :uuid, :auditId, id, uuid, name, :actor, :via, :file, :reading::jsonb from watch_lists where id = :listId
     on conflict (uuid) do nothing returning uuid`,
    { uuid, auditId, listId: list.id, actor: actor.actor, via: actor.via, file, reading: JSON.stringify(reading) },
  );
  if (!begun)
    throw new ApplicationError('CONFLICT', `The import ${uuid} was begun before. Nothing was imported again.`, { param: 'import' });
}

/** Keeps how far an import is. */
export async function noteImport(
  connection: Connection,
  uuid: string,
  { state, ...counts }: ImportCounts & { state: ImportState },
): Promise<void> {
  await query(
    connection,
    `update imports set state = :state, heard = clock_timestamp(), lines = :lines, added = :added, changed = :changed, unchanged = :unchanged, refused = :refused,
       scientific_ids = :scientificIds, repeated_ids = :repeatedIds
     where uuid = :uuid`,
    { uuid, state, ...counts },
  );
}

/** Keeps refused rows for people to correct. */
export async function keepRefusals(connection: Connection, uuid: string, refusals: readonly ImportRefusal[]): Promise<void> {
  if (refusals.length === 0) return;
  await query(
    connection,
    `insert into import_refusals (import, line, reason, given)
     select :uuid, line, reason, given from unnest(:lines::bigint[], :reasons::text[], :givens::text[]) r (line, reason, given)`,
    {
      uuid,
      lines: refusals.map(({ line }) => line),
      reasons: refusals.map(({ reason }) => reason),
      givens: refusals.map(({ given }) => given),
    },
  );
}

const columns = `i.uuid, i.audit_id, i.list_id, i.list_uuid, i.list_name, i.actor, i.via, i.file, i.reading, i.began, i.heard, i.lines, i.added, i.changed, i.unchanged,
  i.refused, i.scientific_ids, i.repeated_ids,
  case when i.state = 'running' and (i.heard < clock_timestamp() - ${silentAfter} or ${liesAhead('i.heard')}) then 'broken-off' else i.state end as state,
  (select count(*) from import_refusals r where r.import = i.uuid) as kept_refusals,
  exists (select from import_batches b where b.audit_id = i.audit_id) as can_be_taken_back`;

/** NOT_FOUND without such an import. */
export async function readImport(connection: Connection, uuid: string): Promise<ImportRow> {
  const found = await queryOne<ImportRow>(connection, `select ${columns} from imports i where i.uuid = :uuid`, { uuid });
  if (!found) throw notFound('such import');
  return found;
}

/** One page of imports, of one list or all, newest first. */
export async function listImports(
  connection: Connection,
  { listId, ...page }: PageRequest & { listId: number | undefined },
): Promise<Page<ImportRow>> {
  const backwards = page.cursor?.direction === 'before';
  const asked = listId === undefined ? [] : ['i.list_id = :listId'];
  if (page.cursor) asked.push(backwards ? 'i.audit_id > :id' : 'i.audit_id < :id');
  const rows = await query<ImportRow>(
    connection,
    `select ${columns} from imports i ${asked.length > 0 ? `where ${asked.join(' and ')}` : ''} order by i.audit_id ${backwards ? 'asc' : 'desc'} limit :rows`,
    { listId: listId ?? null, id: page.cursor?.id ?? 0, rows: page.limit + 1 },
  );
  return toPage(rows, page, (row) => ({ value: null, id: row.audit_id }));
}

/** The kept refused rows of an import in the order of the file, in chunks. */
export async function* readRefusals(connection: Connection, uuid: string, rows: number): AsyncGenerator<ImportRefusal[]> {
  let after = 0;
  for (;;) {
    const chunk = await query<ImportRefusal & { id: number }>(
      connection,
      `select id, line, reason, given from import_refusals where import = :uuid and id > :after order by id limit :rows`,
      { uuid, after, rows },
    );
    const last = chunk.at(-1);
    if (last === undefined) return;
    yield chunk;
    after = last.id;
  }
}

/** Drops refused rows after a month, and what is known of imports when the audit drops it. */
export async function pruneImports(connection: Connection): Promise<void> {
  await query(connection, `delete from import_refusals r using imports i where i.uuid = r.import and i.began < age_moment() - ${keptFor}`);
  await query(connection, `delete from imports where began < age_moment() - audit_retention()`);
}
