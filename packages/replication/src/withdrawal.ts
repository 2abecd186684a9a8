import type { Knex } from 'knex';
import { query, queryOne, transaction } from '@dossier/postgres/database.ts';
import type { Database } from '@dossier/postgres/database.ts';
import { emptyList, lockLists, pointAt } from '@dossier/registry/positions.ts';
import { requireFence } from './fence.ts';
import type { TakenRun } from './fence.ts';
import { forgetJournal } from './journal.ts';

/* What becomes of a replica whose master has taken the list from this node, and gives it back. */

/** Of a link, what it loses while its list is withdrawn. */
const position = [
  'epoch',
  'revision',
  'digest',
  'dossier_count',
  'head_tag',
  'own_digest',
  'head_revision',
  'remote_count',
  'verified_at',
] as const;

/**
 * Stops showing a replica: its list is pointed at an empty set, so that no reader of any kind meets a dossier of it. The rows are kept for the day on which
 * the list is granted again, unless the master says `purge`. What could bring them back, an undo or a hold, goes. Can run twice. Throws FencedError.
 */
export async function withdrawReplica(database: Database, taken: TakenRun, { purge }: { purge: boolean }): Promise<void> {
  const { listId } = taken;
  await transaction(database, async (tx) => {
    await requireFence(tx, taken);
    await lockLists(tx, [listId]);
    const link = await queryOne<{ withdrawn: boolean }>(
      tx,
      `select withdrawn_date is not null as withdrawn from links where slave_list_id = :listId for update`,
      {
        listId,
      },
    );
    if (link?.withdrawn === false) await hide(tx, listId);
    if (purge) {
      await query(tx, `update sets set purpose = 'garbage', since = age_moment() where list_id = :listId and purpose = 'withdrawn'`, {
        listId,
      });
      await query(tx, `update links set withdrawn_position = null where slave_list_id = :listId`, { listId });
    }
  });
}

async function hide(tx: Knex.Transaction, listId: number): Promise<void> {
  const former = await queryOne<{ set_id: number }>(tx, `select set_id from list_positions where list_id = :listId`, { listId });
  await forgetJournal(tx, listId);
  await query(
    tx,
    `update holds set state = 'superseded' where slave_list_id = :listId and state in ('waiting', 'approved', 'rejected', 'expired')`,
    { listId },
  );
  await emptyList(tx, listId);
  await query(tx, `update sets set purpose = 'withdrawn' where set_id = :former`, { former: former?.set_id ?? 0 });
  await query(
    tx,
    `update links k set withdrawn_date = now(), withdrawn_position = to_jsonb(k), ${position.map((column) => `${column} = null`).join(', ')}
     where slave_list_id = :listId`,
    { listId },
  );
}

/**
 * Shows a replica again whose master gives the list back: as it was, so that the sync which follows brings what changed meanwhile. Nothing if its rows are gone:
 * then everything is fetched anew. Throws FencedError.
 */
export async function restoreReplica(database: Database, taken: TakenRun): Promise<void> {
  const { listId } = taken;
  await transaction(database, async (tx) => {
    await requireFence(tx, taken);
    await lockLists(tx, [listId]);
    const kept = await queryOne<{ set_id: number }>(
      tx,
      `select s.set_id from sets s join links k on k.slave_list_id = s.list_id
       where s.list_id = :listId and s.purpose = 'withdrawn' and k.withdrawn_position is not null`,
      { listId },
    );
    if (kept) {
      await pointAt(tx, { listId, newSet: kept.set_id, purpose: 'garbage' });
      await query(
        tx,
        `update links k set ${position.map((column) => `${column} = was.${column}`).join(', ')}
         from (select (jsonb_populate_record(null::links, withdrawn_position)).* from links where slave_list_id = :listId) was where k.slave_list_id = :listId`,
        { listId },
      );
    }
    await query(tx, `update links set withdrawn_date = null, withdrawn_position = null where slave_list_id = :listId`, { listId });
  });
}
