import type { Knex } from 'knex';
import { query, queryOne, transaction } from '@dossier/postgres/database.ts';
import type { Connection, Database } from '@dossier/postgres/database.ts';
import { emptyList, lockLists } from '@dossier/registry/positions.ts';
import { requireFence } from './fence.ts';
import type { TakenRun } from './fence.ts';
import type { LinkRow } from './links.ts';
import { findMaster } from './masters.ts';
import { eraseWithdrawn, forgetTraces } from './withdrawn-traces.ts';

/* What becomes of a replica whose master has taken the list from this node. It is given back by an apply alone. */

/**
 * Whether what answers at a link's address may take its list back: the master that the link followed, by the key that is believed of that node. Whoever else
 * says so takes nothing away.
 */
export async function isItsMaster(connection: Connection, link: Pick<LinkRow, 'remote_url' | 'remote_node'>): Promise<boolean> {
  const master = await findMaster(connection, link.remote_url);
  return master !== null && master.node === link.remote_node;
}

/**
 * Stops showing a replica: its list is pointed at an empty set, so that no reader of any kind meets a dossier of it, and its link begins anew. The rows are kept
 * out of sight, unless the master says `purge`. A list that never was brought to the master's state is left as it is: its dossiers are this node's own. Can run twice. Throws
 * FencedError.
 */
export async function withdrawReplica(database: Database, taken: TakenRun, { purge }: { purge: boolean }): Promise<void> {
  const { listId } = taken;
  await transaction(database, async (tx) => {
    await requireFence(tx, taken);
    const [list] = await lockLists(tx, [listId]);
    const former = await markWithdrawn(tx, listId, purge);
    if (former === 'new') {
      await emptyList(tx, listId);
      await query(tx, `update sets set purpose = 'withdrawn' where set_id = :former`, { former: list?.set_id ?? 0 });
      await beginAnew(tx, listId);
    }
    if (former !== 'own') await forgetTraces(tx, listId);
    if (purge) await eraseWithdrawn(tx, listId);
  });
}

/** Notes that a list is withdrawn, `new` if it wasn't before; `own` if it holds nothing of the master's. */
async function markWithdrawn(tx: Knex.Transaction, listId: number, purge: boolean): Promise<'new' | 'known' | 'own'> {
  const known = await query(tx, `update withdrawn_lists set purge = purge or :purge where list_id = :listId returning list_id`, {
    listId,
    purge,
  });
  if (known.length > 0) return 'known';
  const marked = await query(
    tx,
    `insert into withdrawn_lists (list_id, remote_url, purge)
     select slave_list_id, remote_url, :purge from links where slave_list_id = :listId and epoch is not null returning list_id`,
    { listId, purge },
  );
  return marked.length > 0 ? 'new' : 'own';
}

/** The next sync is a first one. */
async function beginAnew(tx: Knex.Transaction, listId: number): Promise<void> {
  await query(
    tx,
    `update links set epoch = null, revision = null, digest = null, dossier_count = null, head_tag = null, own_digest = null, head_revision = null,
       remote_count = null, verified_at = null, deep_verified_at = null
     where slave_list_id = :listId`,
    { listId },
  );
}

/** Part of an apply that was verified: the list is granted, and is shown as it is now. What was kept of it before isn't needed any more. */
export async function showAgain(tx: Knex.Transaction, listId: number): Promise<void> {
  const shown = await queryOne(tx, `delete from withdrawn_lists where list_id = :listId returning list_id`, { listId });
  if (!shown) return;
  await query(tx, `update sets set purpose = 'garbage', since = age_moment() where list_id = :listId and purpose = 'withdrawn'`, {
    listId,
  });
}
