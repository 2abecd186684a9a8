import type { Knex } from 'knex';
import { query } from '@dossier/postgres/database.ts';
import type { BulkFields } from './bulk-content.ts';
import { noteGarbage } from './photo-garbage.ts';
import { book } from './positions.ts';

/** A row that is to be written: a copy of another row of the same dossier, with other fields. */
export interface BulkRow {
  readonly uuid: string;
  /** The set that holds the row of which it is a copy. */
  readonly source: number;
  readonly list: number;
  readonly set: number;
  readonly fields: BulkFields;
}

const lines = `
  from unnest(:uuids::uuid[], :sources::bigint[], :sets::bigint[], :actives::boolean[], :comments::text[], :froms::date[], :untils::date[], :metas::json[])
    l (uuid, source, set_id, active, comment, valid_from, valid_until, meta)
  cross join lateral (select * from dossiers where set_id = l.source and uuid = l.uuid limit 1) s`;
const hash = `dossier_hash(l.active, s.external_id, s.name, l.comment, l.valid_from, l.valid_until, l.meta, s.photos, s.features)`;

function parametersOf(rows: readonly BulkRow[]): Record<string, unknown> {
  return {
    uuids: rows.map(({ uuid }) => uuid),
    sources: rows.map(({ source }) => source),
    sets: rows.map(({ set }) => set),
    actives: rows.map(({ fields }) => fields.active),
    comments: rows.map(({ fields }) => fields.comment),
    froms: rows.map(({ fields }) => fields.valid_from),
    untils: rows.map(({ fields }) => fields.valid_until),
    metas: rows.map(({ fields }) => fields.meta),
  };
}

/** Writes rows that are there, each into its list, which is locked; those that are equal stay as they are. */
export async function updateRows(tx: Knex.Transaction, rows: readonly BulkRow[]): Promise<void> {
  if (rows.length === 0) return;
  const written = await query<{ set_id: number; lost: string | null }>(
    tx,
    `update dossiers d set active = r.active, external_id = r.external_id, name = r.name, comment = r.comment, valid_from = r.valid_from,
       valid_until = r.valid_until, meta = r.meta, photos = r.photos, features = r.features, hash = r.hash, revision = nextval('dossier_revisions'),
       modified_date = clock_timestamp()
     from (
       select l.set_id, l.uuid, l.active, s.external_id, s.name, l.comment, l.valid_from, l.valid_until, l.meta, s.photos, s.features, ${hash} as hash
       ${lines}
     ) r, dossiers old
     where d.set_id = r.set_id and d.uuid = r.uuid and d.hash <> r.hash and old.set_id = r.set_id and old.uuid = r.uuid
     returning d.set_id, case when old.photos::text <> r.photos::text then old.photos::text end as lost`,
    parametersOf(rows),
  );
  await bookEach(tx, rows, { sets: written.map((row) => row.set_id), growth: 0 });
  await noteGarbage(
    tx,
    written.flatMap(({ lost }) => lost?.match(/[0-9a-f]{64}/g) ?? []),
  );
}

/** Writes rows that are not there yet, each into its list, which is locked and has nobody else of the same external id. */
export async function insertRows(tx: Knex.Transaction, rows: readonly BulkRow[]): Promise<void> {
  if (rows.length === 0) return;
  const parameters = parametersOf(rows);
  const written = await query<{ set_id: number }>(
    tx,
    `insert into dossiers (set_id, uuid, id, created_date, modified_date, hash, active, external_id, name, comment, valid_from, valid_until, meta, photos, features)
     select l.set_id, l.uuid, s.id, s.created_date, clock_timestamp(), ${hash}, l.active, s.external_id, s.name, l.comment, l.valid_from, l.valid_until, l.meta,
       s.photos, s.features
     ${lines} returning set_id`,
    parameters,
  );
  await query(
    tx,
    `delete from tombstones t using unnest(:sets::bigint[], :uuids::uuid[]) l (set_id, uuid) where t.set_id = l.set_id and t.uuid = l.uuid`,
    { sets: parameters['sets'], uuids: parameters['uuids'] },
  );
  await bookEach(tx, rows, { sets: written.map((row) => row.set_id), growth: 1 });
}

/** Books what was written, once for each list. */
async function bookEach(
  tx: Knex.Transaction,
  rows: readonly BulkRow[],
  { sets, growth }: { sets: readonly number[]; growth: 0 | 1 },
): Promise<void> {
  const listOf = new Map(rows.map(({ set, list }) => [set, list]));
  for (const [set, { length: changes }] of Map.groupBy(sets, (each) => each)) {
    await book(tx, { listId: listOf.get(set) ?? 0, growth: growth * changes, changes });
  }
}

/** Of rows that are to come into lists, those whose external id somebody else has there. */
export async function findTaken(
  tx: Knex.Transaction,
  rows: readonly { readonly set: number; readonly uuid: string; readonly externalId: string | null }[],
): Promise<{ set: number; uuid: string; other: number }[]> {
  const named = rows.filter(({ externalId }) => externalId !== null);
  if (named.length === 0) return [];
  return query(
    tx,
    `select l.set_id as set, l.uuid, d.id as other from unnest(:sets::bigint[], :uuids::uuid[], :externalIds::text[]) l (set_id, uuid, external_id)
     cross join lateral (select id, uuid from dossiers where set_id = l.set_id and external_id = l.external_id limit 1) d where d.uuid <> l.uuid`,
    { sets: named.map(({ set }) => set), uuids: named.map(({ uuid }) => uuid), externalIds: named.map(({ externalId }) => externalId) },
  );
}
