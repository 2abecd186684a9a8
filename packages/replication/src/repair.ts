import type { Knex } from 'knex';
import type { Difference } from '@dossier/protocol/sync.ts';
import { recordAudit } from '@dossier/accounts/audit.ts';
import { query } from '@dossier/postgres/database.ts';
import type { FetchedRun } from './difference.ts';

/** As many mended dossiers as are named. */
const named = 100;

/**
 * What the apply of a run is about to mend: rows that were changed here behind the system's back. Where the master has moved on since, only what it
 * had before tells: contents that are no newer than those here, and dossiers that it has had since before the last verified sync. Dossiers deleted while
 * the master was away are no damage and are told of elsewhere.
 */
export async function listMended(tx: Knex.Transaction, run: FetchedRun, damage: 'everything' | 'older'): Promise<Difference[]> {
  const offered = run.newSet === null ? `incoming n on n.run_id = x.run_id` : `dossiers n on n.set_id = ${run.newSet}`;
  return query<Difference>(
    tx,
    `select case x.kind when 'adding' then 'missing' when 'removing' then 'unexpected' else 'changed' end as kind,
       x.uuid as dossier, d.id, coalesce(d.name, x.name) as name
     from differences x join links k on k.slave_list_id = :listId
     left join dossiers d on d.set_id = ${run.setId} and d.uuid = x.uuid left join ${offered} and n.uuid = x.uuid
     where x.run_id = :runId
       and (:everything or case x.kind when 'adding' then n.modified_date <= k.verified_at when 'changing' then n.modified_date <= d.modified_date end)
       and not exists (select from offline_deletions o where o.slave_list_id = :listId and o.dossier = x.uuid and o.settled_as is null)
       and not exists (select from set_aside a where a.list_id = :listId and a.uuid = x.uuid)
     order by 2 limit ${named}`,
    { runId: run.runId, listId: run.listId, everything: damage === 'everything' },
  );
}

/** Keeps what was mended with the run and in the audit, where it can't be altered. */
export async function recordRepair(tx: Knex.Transaction, run: FetchedRun, mended: readonly Difference[]): Promise<void> {
  await query(tx, `update runs set differences = :differences::jsonb where id = :runId`, {
    runId: run.runId,
    differences: JSON.stringify(mended),
  });
  await recordAudit(
    tx,
    { actor: 'node', via: 'node', address: null },
    { action: 'repaired', object: { kind: 'link', id: run.listId }, details: { run: run.runId, dossiers: mended } },
  );
}
