import type { Knex } from 'knex';
import type { Client } from 'pg';
import { query } from '@dossier/postgres/database.ts';
import type { Content } from './content.ts';

/* Statements of somebody who edits a list with psql, as docs tell them to. Whoever writes rows as the product does says so by `booked`. */

const fields = `name, comment, active, external_id, valid_from, valid_until, meta, photos, features`;
const values = `:name::text, :comment::text, :active::boolean, :externalId::text, :validFrom::date, :validUntil::date, :meta::json, :photos::json, :features::json`;
const hash = `dossier_hash(:active::boolean, :externalId::text, :name::text, :comment::text, :validFrom::date, :validUntil::date, :meta::json, :photos::json, :features::json)`;

function parametersOf(list: number, content: Content): Record<string, unknown> {
  const { original: _original, ...columns } = content;
  return { ...columns, list };
}

export async function insertRow(tx: Knex.Transaction, list: number, content: Content): Promise<void> {
  await query(tx, `insert into dossiers (set_id, uuid, ${fields}) values (set_of(:list), :uuid, ${values})`, parametersOf(list, content));
}

/** Whether the row was there. */
export async function updateRow(tx: Knex.Transaction, list: number, content: Content): Promise<boolean> {
  const rows = await query(
    tx,
    `update dossiers set (${fields}) = (select ${values}) where set_id = set_of(:list) and uuid = :uuid returning uuid`,
    parametersOf(list, content),
  );
  return rows.length > 0;
}

/** Whether the row was there. */
export async function deleteRow(tx: Knex.Transaction, list: number, uuid: string): Promise<boolean> {
  const rows = await query(tx, `delete from dossiers where set_id = set_of(:list) and uuid = :uuid returning uuid`, { list, uuid });
  return rows.length > 0;
}

/** As a program of ours does, in a list that is locked: with hash and revision. Whoever calls it books. */
export async function insertBooked(tx: Knex.Transaction, list: number, content: Content): Promise<void> {
  await query(
    tx,
    `insert into dossiers (set_id, uuid, id, hash, ${fields}) select set_of(:list), :uuid, coalesce(
       (select d.id from list_positions p join dossiers d on d.set_id = p.set_id and d.uuid = :uuid limit 1), nextval('dossier_ids')), ${hash}, ${values}`,
    parametersOf(list, content),
  );
  await query(tx, `delete from tombstones where set_id = set_of(:list) and uuid = :uuid`, { list, uuid: content.uuid });
}

/** As a program of ours does, in a list that is locked: with hash and revision. Whoever calls it books. Whether the row was there. */
export async function updateBooked(tx: Knex.Transaction, list: number, content: Content): Promise<boolean> {
  const rows = await query(
    tx,
    `update dossiers set (${fields}, hash, revision) = (select ${values}, ${hash}, nextval('dossier_revisions'))
     where set_id = set_of(:list) and uuid = :uuid returning uuid`,
    parametersOf(list, content),
  );
  return rows.length > 0;
}

/** Changes a comment past all triggers, as a failing disk or somebody who switched them off does: the row keeps its hash and revision. */
export async function spoilRow(admin: Client, list: number, { uuid, comment }: Pick<Content, 'uuid' | 'comment'>): Promise<void> {
  await admin.query(`set session_replication_role = replica`);
  await admin.query(`update dossiers set comment = $1 where set_id = set_of($2) and uuid = $3`, [comment, list, uuid]);
  await admin.query(`reset session_replication_role`);
}
