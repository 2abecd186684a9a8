import type { Knex } from 'knex';
import { setAsideBound } from '@dossier/domain/set-aside.ts';
import type { RefusalCode } from '@dossier/domain/set-aside.ts';
import type { SetAside } from '@dossier/protocol/held.ts';
import { query, queryOne } from './database.ts';
import type { Connection } from './database.ts';
import type { StagedRun } from './difference.ts';

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

/**
 * Marks the staged dossiers that can't be held as they are: forged ones, those with another content in a list of another master, and those
 * whose external id belongs to another dossier here that stays. Returns them; as soon as they are too many to be set aside it looks no further.
 */
export async function markRefused(tx: Knex.Transaction, run: RefusingRun): Promise<Refusal[]> {
  const parameters = { runId: run.runId, listId: run.listId };
  const refused = run.forged.length > 0 ? await markForged(tx, run) : [];
  refused.push(
    ...(await query<Refusal>(
      tx,
      `update staged_dossiers s set refusal = 'DOSSIER_OF_ANOTHER_MASTER',
         refusal_sentence = 'It is dossier ' || d.id || ' here, also replicated from ' || k.remote_url || ', with another content.'
       from dossiers d join memberships m on m.dossier = d.uuid and m.list_id <> :listId
       join links k on k.slave_list_id = m.list_id and k.remote_node <> :node
       where s.run_id = :runId and not s.removed and s.refusal is null and d.uuid = s.dossier and d.hash <> s.hash returning ${returned}`,
      { ...parameters, node: run.master.node },
    )),
  );
  const bound = setAsideBound(run.target.count);
  for (;;) {
    // What is set aside keeps its older external id, which may be the one that another dossier was to get.
    const taken = await markTaken(tx, run);
    refused.push(...taken);
    if (taken.length === 0 || refused.length > bound) return refused;
  }
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

async function markTaken(tx: Knex.Transaction, run: StagedRun): Promise<Refusal[]> {
  const leaves =
    run.method === 'full'
      ? `not exists (select from staged_dossiers o where o.run_id = :runId and o.dossier = d.uuid and not o.removed)`
      : `exists (select from staged_dossiers o where o.run_id = :runId and o.dossier = d.uuid and o.removed)`;
  return query<Refusal>(
    tx,
    `update staged_dossiers s set refusal = 'EXTERNAL_ID_TAKEN',
       refusal_sentence = 'Its external_id ' || to_json(s.external_id) || ' belongs to dossier ' || d.id || ' here.'
     from dossiers d
     where s.run_id = :runId and not s.removed and s.refusal is null and d.external_id = s.external_id and d.uuid <> s.dossier
       and not exists (select from staged_dossiers o where o.run_id = :runId and o.dossier = d.uuid and not o.removed and o.refusal is null)
       and not (exists (select from memberships m where m.list_id = :listId and m.dossier = d.uuid) and ${leaves}
         and not exists (select from memberships m where m.list_id <> :listId and m.dossier = d.uuid))
     returning ${returned}`,
    { runId: run.runId, listId: run.listId },
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
