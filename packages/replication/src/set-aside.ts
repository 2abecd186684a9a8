import type { Knex } from 'knex';
import { setAsideBound } from '@dossier/domain/set-aside.ts';
import type { RefusalCode } from '@dossier/domain/set-aside.ts';
import type { SetAside } from '@dossier/protocol/held.ts';
import { query, queryOne } from '@dossier/postgres/database.ts';
import type { Connection } from '@dossier/postgres/database.ts';
import { ApplyRefused, verifyOnTheMaster } from './apply-refused.ts';
import type { FetchedRun } from './difference.ts';
import { contentColumns } from './row-columns.ts';

/** A run that knows what was deleted here while its master was away. */
export interface SettingAside extends FetchedRun {
  offlineDeletions: 'restore' | 'keep-deleted';
}

/** Refuses a list of which more dossiers can't be held than may be set aside. Throws ApplyRefused. */
export async function requireFewRefusals(tx: Knex.Transaction, runId: number, count: number): Promise<void> {
  const refused = await query<{ uuid: string; code: RefusalCode; sentence: string }>(
    tx,
    `select uuid, code, sentence from refusals where run_id = :runId order by uuid limit :limit`,
    { runId, limit: setAsideBound(count) + 1 },
  );
  const [first] = refused;
  if (!first || refused.length <= setAsideBound(count)) return;
  throw new ApplyRefused(
    first.code,
    `${refused.length === 1 ? 'A dossier' : `At least ${refused.length} dossiers`} of the master's list can't be held here, more than are set aside one by one. The first is ${first.uuid}: ${first.sentence}`,
    verifyOnTheMaster,
  );
}

/**
 * Brings what is set aside of a list up to date with what a run has fetched, before the difference is written: refused rows, and with `keep-deleted` what
 * was deleted here while the master was away, for as long as the master has it. What is set aside leaves what is to be applied; a set from which it went
 * gets its tree anew.
 */
export async function setAside(tx: Knex.Transaction, run: SettingAside): Promise<void> {
  const { runId, listId, newSet } = run;
  if (newSet === null) {
    await query(
      tx,
      `delete from set_aside a using incoming i where a.list_id = :listId and i.run_id = :runId and i.uuid = a.uuid
       and (i.removed or a.reason <> 'kept-deleted')`,
      { runId, listId },
    );
  } else {
    await query(
      tx,
      `delete from set_aside a where a.list_id = :listId and (a.reason <> 'kept-deleted'
         or not exists (select from dossiers d where d.set_id = ${newSet} and d.uuid = a.uuid))`,
      { listId },
    );
  }
  await query(
    tx,
    `insert into set_aside (list_id, uuid, reason, hash, name, external_id, sentence)
     select :listId, uuid, code, hash, name, external_id, sentence from refusals where run_id = :runId
     on conflict (list_id, uuid) do update set reason = excluded.reason, hash = excluded.hash, name = excluded.name,
       external_id = excluded.external_id, sentence = excluded.sentence`,
    { runId, listId },
  );
  await keepDeleted(tx, run);
  if (newSet === null) return freeExternalIds(tx, run);
  await keepOlderVersions(tx, run, newSet);
  const isTouched = await queryOne(tx, `select from set_aside where list_id = :listId limit 1`, { listId });
  if (isTouched) await query(tx, `select build_tree(${newSet})`);
}

async function keepDeleted(tx: Knex.Transaction, { runId, listId, newSet, offlineDeletions }: SettingAside): Promise<void> {
  if (offlineDeletions === 'restore') {
    await query(tx, `delete from set_aside where list_id = :listId and reason = 'kept-deleted'`, { listId });
    return;
  }
  const offered = newSet === null ? `incoming i where i.run_id = :runId and not i.removed` : `dossiers i where i.set_id = ${newSet}`;
  await query(
    tx,
    `insert into set_aside (list_id, uuid, reason, hash)
     select :listId, i.uuid, 'kept-deleted', i.hash from ${offered} and i.uuid in (
       select o.dossier from offline_deletions o where o.slave_list_id = :listId and o.settled_as is null
       union all select a.uuid from set_aside a where a.list_id = :listId and a.reason = 'kept-deleted')
     on conflict (list_id, uuid) do update set hash = excluded.hash`,
    { runId, listId },
  );
  const kept = `using set_aside a where a.list_id = :listId and a.reason = 'kept-deleted' and a.uuid = i.uuid`;
  await query(
    tx,
    newSet === null ? `delete from incoming i ${kept} and i.run_id = :runId` : `delete from dossiers i ${kept} and i.set_id = ${newSet}`,
    { runId, listId },
  );
}

/** An older version that is kept gives way where its external id goes to another dossier. */
async function freeExternalIds(tx: Knex.Transaction, { runId, listId, setId }: FetchedRun): Promise<void> {
  await query(
    tx,
    `insert into incoming (run_id, uuid, removed)
     select :runId, d.uuid, true from set_aside a join dossiers d on d.set_id = ${setId} and d.uuid = a.uuid
     where a.list_id = :listId and exists (
       select from incoming i where i.run_id = :runId and i.external_id = d.external_id and i.uuid <> d.uuid)
     on conflict (run_id, uuid) do nothing`,
    { runId, listId },
  );
}

/** What the replica holds of a refused dossier goes into the new set, where no other dossier has its external id. */
async function keepOlderVersions(tx: Knex.Transaction, { runId, setId }: FetchedRun, newSet: number): Promise<void> {
  const columns = ['uuid', 'id', ...contentColumns];
  await query(
    tx,
    `insert into dossiers (set_id, ${columns.join(', ')}) select ${newSet}, ${columns.map((column) => `d.${column}`).join(', ')}
     from refusals r join dossiers d on d.set_id = ${setId} and d.uuid = r.uuid
     where r.run_id = :runId and not exists (
       select from dossiers n where n.set_id = ${newSet} and (n.uuid = d.uuid or n.external_id = d.external_id))`,
    { runId },
  );
}

/** Makes what is set aside of a list what it was; `rows` as `readSetAside` gave them. */
export async function putSetAsideBack(tx: Knex.Transaction, listId: number, rows: string): Promise<void> {
  await query(tx, `delete from set_aside where list_id = :listId`, { listId });
  await query(tx, `insert into set_aside select a.* from jsonb_populate_recordset(null::set_aside, :rows::jsonb) a`, { rows });
}

/** All that is set aside of a list, as a JSON array of rows. */
export async function readSetAside(connection: Connection, listId: number): Promise<string> {
  const row = await queryOne<{ rows: string }>(
    connection,
    `select coalesce(jsonb_agg(a), '[]')::text as rows from set_aside a where a.list_id = :listId`,
    { listId },
  );
  return row?.rows ?? '[]';
}

/** The dossiers of a list that are set aside because they can't be held, by uuid; at most 100. */
export async function listRefused(connection: Connection, listId: number): Promise<SetAside[]> {
  const row = await queryOne<{ set_aside: SetAside[] }>(connection, `select ${refusedOf(':listId')} as set_aside`, { listId });
  return row?.set_aside ?? [];
}

/** The same as JSON, for a list of columns; `list` is an expression. */
export function refusedOf(list: string): string {
  return `(select coalesce(jsonb_agg(jsonb_build_object('dossier', a.uuid, 'name', a.name, 'external_id', a.external_id, 'code', a.reason,
      'reason', a.sentence) order by a.uuid), '[]')
    from (select * from set_aside where list_id = ${list} and reason <> 'kept-deleted' order by uuid limit 100) a)`;
}
