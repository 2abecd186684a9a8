import type { Knex } from 'knex';
import { setAsideBound } from '@dossier/domain/set-aside.ts';
import type { RefusalCode } from '@dossier/domain/set-aside.ts';
import type { SetAside } from '@dossier/protocol/held.ts';
import { exchange, query, queryOne } from '@dossier/postgres/database.ts';
import type { Connection } from '@dossier/postgres/database.ts';
import type { StagedRun } from './difference.ts';
import { standing } from './holds.ts';

/** A dossier that a run can't hold as it is. */
export interface Refusal {
  dossier: string;
  code: RefusalCode;
  sentence: string;
}

/** A run with what is known of it before it is applied. */
export interface RefusingRun extends StagedRun {
  /** Dossiers whose hash isn't the one of their content. */
  forged: readonly string[];
  master: { node: string };
  target: { count: number };
}

/** What stands in the way of a staged run. */
export interface Obstacles {
  refused: Refusal[];
  /** Whether dossiers of other lists have to give up their external ids (`takeExternalIds`). */
  takes: boolean;
}

/**
 * Marks the staged dossiers that can't be held as they are: forged ones, those with another content in a list of another master, and those
 * whose external id belongs to another dossier here that stays and is not out of date. As soon as they are too many to be set aside it looks no
 * further. Changes nothing but staging.
 */
export async function markRefused(tx: Knex.Transaction, run: RefusingRun): Promise<Obstacles> {
  const forged = run.forged.length > 0 ? await markForged(tx, run) : [];
  const [others = [], takens = []] = await exchange(tx, [markOtherMasters, markTaken(run)], parametersOf(run));
  const refused = [...forged, ...(others as Refusal[])];
  let taken = takens[0] as Obstacles | undefined;
  const bound = setAsideBound(run.target.count);
  for (;;) {
    if (!taken) throw new Error('a select without a condition gave no row');
    refused.push(...taken.refused);
    if (taken.refused.length === 0 || refused.length > bound) return { refused, takes: taken.takes };
    // What is set aside keeps its older external id, which may be the one that another dossier was to get.
    taken = (await exchange(tx, [markTaken(run)], parametersOf(run)))[0]?.[0] as Obstacles | undefined;
  }
}

function parametersOf({ runId, listId, master }: RefusingRun): { runId: number; listId: number; node: string } {
  return { runId, listId, node: master.node };
}

function markForged(tx: Knex.Transaction, run: RefusingRun): Promise<Refusal[]> {
  return query<Refusal>(
    tx,
    `update staged_dossiers s set refusal = 'HASH_DIFFERS', refusal_sentence = 'Its hash is not the one of its content.'
     where s.run_id = :runId and not s.removed and s.dossier = any(:forged::uuid[]) returning ${returned}`,
    { runId: run.runId, forged: run.forged },
  );
}

const returned = `s.dossier, s.refusal as code, s.refusal_sentence as sentence`;

/**
 * True for a dossier `d` that only other lists replicated from the same master keep here: where one of this list is to have its external id, that
 * master gave it away, and the other lists haven't heard of it yet. What a person has a say in keeps what it has.
 */
const outOfDate = `not exists (select from memberships m where m.list_id <> :listId and m.dossier = d.uuid and not exists (
  select from links k where k.slave_list_id = m.list_id and k.remote_node = :node and k.epoch is not null and k.state <> 'unlinking'
    and not exists (select from holds h where h.slave_list_id = k.slave_list_id and h.${standing})))`;

const markOtherMasters = `
  update staged_dossiers s set refusal = 'DOSSIER_OF_ANOTHER_MASTER',
    refusal_sentence = 'It is dossier ' || d.id || ' here, also replicated from ' || k.remote_url || ', with another content.'
  from dossiers d join memberships m on m.dossier = d.uuid and m.list_id <> :listId
  join links k on k.slave_list_id = m.list_id and k.remote_node <> :node
  where s.run_id = :runId and not s.removed and s.refusal is null and d.uuid = s.dossier and d.hash <> s.hash
    -- Mostly there is no other master, and no dossier has to be looked at.
    and exists (select from links where remote_node <> :node) returning ${returned}`;

function markTaken({ method }: RefusingRun): string {
  const stays =
    method === 'full'
      ? `exists (select from staged_dossiers o where o.run_id = :runId and o.dossier = d.uuid and not o.removed)`
      : `not exists (select from staged_dossiers o where o.run_id = :runId and o.dossier = d.uuid and o.removed)`;
  return `with taken as materialized (
       select s.dossier, d.id, exists (select from memberships m where m.list_id <> :listId and m.dossier = d.uuid) as elsewhere,
         exists (select from memberships m where m.list_id = :listId and m.dossier = d.uuid) and ${stays} or not ${outOfDate} as refused
       from staged_dossiers s join dossiers d on d.external_id = s.external_id and d.uuid <> s.dossier
       where s.run_id = :runId and not s.removed and s.refusal is null
         and not exists (select from staged_dossiers o where o.run_id = :runId and o.dossier = d.uuid and not o.removed and o.refusal is null)
     ),
     marked as (
       update staged_dossiers s set refusal = 'EXTERNAL_ID_TAKEN',
         refusal_sentence = 'Its external_id ' || to_json(s.external_id) || ' belongs to dossier ' || t.id || ' here.'
       from taken t where s.run_id = :runId and s.dossier = t.dossier and t.refused returning ${returned}
     )
     select (select coalesce(jsonb_agg(marked), '[]') from marked) as refused,
       exists (select from taken where elsewhere and not refused) as takes`;
}

/**
 * Takes the external ids that dossiers of the run have got from the dossiers of other lists that are out of date. Those lists aren't what their
 * positions say any more, and are to be synced. Part of the apply, when what it changes and removes is done; constraints are deferred.
 */
export async function takeExternalIds(tx: Knex.Transaction, run: RefusingRun): Promise<void> {
  await query(
    tx,
    `update dossiers d set external_id = null from staged_dossiers s
     where s.run_id = :runId and not s.removed and d.external_id = s.external_id and d.uuid <> s.dossier and ${outOfDate}`,
    { runId: run.runId, listId: run.listId, node: run.master.node },
  );
}

/**
 * Statements that set the refused dossiers of a run aside, each with what the master says of it, and forget those of earlier runs that it brings in
 * order. What the replica holds of them stays. Part of the apply, after the judgement.
 */
export const setRefusedAside: readonly string[] = [
  `delete from set_aside a using staged_dossiers s
   where a.list_id = :listId and a.reason <> 'kept-deleted' and s.run_id = :runId and s.dossier = a.dossier and s.refusal is null`,
  `insert into set_aside (list_id, dossier, reason, hash_high, hash_low, name, external_id, sentence)
   select :listId, dossier, refusal, hash_high(coalesce(remote_hash, hash)), hash_low(coalesce(remote_hash, hash)), name, external_id, refusal_sentence
   from staged_dossiers where run_id = :runId and refusal is not null
   on conflict (list_id, dossier) do update set reason = excluded.reason, hash_high = excluded.hash_high, hash_low = excluded.hash_low,
     name = excluded.name, external_id = excluded.external_id, sentence = excluded.sentence`,
  `delete from staged_dossiers where run_id = :runId and refusal is not null`,
];

/** The statement that notes which of the dossiers that are set aside the replica holds in an older version. */
export const noteKept = `
  update set_aside a set kept = k.hash_high is not null, kept_high = coalesce(k.hash_high, 0), kept_low = coalesce(k.hash_low, 0)
  from set_aside s left join memberships k on k.list_id = s.list_id and k.dossier = s.dossier
  where a.list_id = :listId and s.list_id = a.list_id and s.dossier = a.dossier`;

/** The dossiers of a list that are set aside because they can't be held, by uuid; at most 100. */
export async function listRefused(connection: Connection, listId: number): Promise<SetAside[]> {
  const row = await queryOne<{ set_aside: SetAside[] }>(connection, `select ${refusedOf(':listId')} as set_aside`, { listId });
  return row?.set_aside ?? [];
}

/** The same as JSON, for a list of columns; `list` is an expression. */
export function refusedOf(list: string): string {
  return `(select coalesce(jsonb_agg(jsonb_build_object('dossier', a.dossier, 'name', a.name, 'external_id', a.external_id, 'code', a.reason,
      'reason', a.sentence) order by a.dossier), '[]')
    from (select * from set_aside where list_id = ${list} and reason <> 'kept-deleted' order by dossier limit 100) a)`;
}
