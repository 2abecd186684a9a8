import type { Knex } from 'knex';
import type { Difference } from '@dossier/protocol/sync.ts';
import { recordAudit } from '@dossier/accounts/audit.ts';
import { query } from '@dossier/postgres/database.ts';
import { differenceRows } from './difference.ts';
import type { StagedRun } from './difference.ts';

/** As many mended dossiers as are named. */
const named = 100;

/**
 * What the apply of a staged run is about to mend: rows that were changed here behind the system's back. Where the master has moved on since,
 * only what it had before tells; dossiers that are only here could be either. Dossiers deleted while the master was away are no damage and
 * are told of elsewhere.
 */
export async function listMended(tx: Knex.Transaction, run: StagedRun, damage: 'everything' | { upTo: number }): Promise<Difference[]> {
  return query<Difference>(
    tx,
    `select case difference.kind when 'adding' then 'missing' when 'removing' then 'unexpected' else 'changed' end as kind,
       difference.dossier, d.id, coalesce(d.name, difference.name) as name
     from (${differenceRows(run)}) difference left join dossiers d on d.uuid = difference.dossier
     where (:everything or difference.revision between 1 and :upTo)
       and not exists (select from offline_deletions o where o.slave_list_id = :listId and o.dossier = difference.dossier and o.settled_as is null)
       and not exists (select from set_aside a where a.list_id = :listId and a.dossier = difference.dossier)
     order by 2 limit ${named}`,
    { runId: run.runId, listId: run.listId, everything: damage === 'everything', upTo: damage === 'everything' ? 0 : damage.upTo },
  );
}

/** Keeps what was mended with the run and in the audit, where it can't be altered. */
export async function recordRepair(tx: Knex.Transaction, run: StagedRun, mended: readonly Difference[]): Promise<void> {
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
