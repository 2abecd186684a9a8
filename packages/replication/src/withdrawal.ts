import type { Knex } from 'knex';
import { recordAudit } from '@dossier/accounts/audit.ts';
import { query, queryOne, transaction } from '@dossier/postgres/database.ts';
import type { Connection, Database } from '@dossier/postgres/database.ts';
import { emptyList, lockLists } from '@dossier/registry/positions.ts';
import { requireFence } from './fence.ts';
import type { TakenRun } from './fence.ts';
import { forgetJournal } from './journal.ts';
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
 * out of sight; where the master says `purge`, for a day, within which it may take its word back. A list that never was brought to the master's state is left as it is: its dossiers are this node's own. Can run twice. Throws
 * FencedError.
 */
export async function withdrawReplica(
  database: Database,
  taken: TakenRun,
  { purge }: { purge: boolean },
): Promise<{ erases_date: Date | null; erased_date: Date | null } | null> {
  const { listId } = taken;
  return transaction(database, async (tx) => {
    await requireFence(tx, taken);
    const [list] = await lockLists(tx, [listId]);
    const former = await markWithdrawn(tx, listId, purge);
    if (former === 'new') {
      await emptyList(tx, listId);
      await query(tx, `update sets set purpose = 'withdrawn' where set_id = :former`, { former: list?.set_id ?? 0 });
      await beginAnew(tx, listId);
      await recordWithdrawal(tx, listId, 'list-withdrawn');
    }
    if (former !== 'own') await forgetTraces(tx, listId);
    return queryOne(tx, `select erases_date, erased_date from withdrawn_lists where list_id = :listId`, { listId });
  });
}

/** For so long the rows of a list stay hidden that its master wants deleted. */
const delay = `interval '1 day'`;

/** Notes that a list is withdrawn, `new` if it wasn't before; `own` if it holds nothing of the master's. */
async function markWithdrawn(tx: Knex.Transaction, listId: number, purge: boolean): Promise<'new' | 'known' | 'own'> {
  const known = await query(
    tx,
    `update withdrawn_lists set purge = purge or :purge, told_date = now(),
       erases_date = case when purge or :purge then coalesce(erases_date, now() + ${delay}) end
     where list_id = :listId returning list_id`,
    { listId, purge },
  );
  if (known.length > 0) return 'known';
  const marked = await query(
    tx,
    `insert into withdrawn_lists (list_id, remote_url, purge, erases_date, epoch, revision, digest, dossier_count, own_epoch, own_revision, set_id)
     select k.slave_list_id, k.remote_url, :purge, case when :purge then now() + ${delay} end, k.epoch, k.revision, k.digest, k.dossier_count, p.epoch, p.revision, p.set_id
     from links k join list_positions p on p.list_id = k.slave_list_id where k.slave_list_id = :listId and k.epoch is not null returning list_id`,
    { listId, purge },
  );
  return marked.length > 0 ? 'new' : 'own';
}

/** The master has spoken of the list as one that this node may have: nothing of it is erased any more. */
export async function keepWithdrawn(connection: Connection, listId: number): Promise<void> {
  await query(
    connection,
    `update withdrawn_lists set purge = false, erases_date = null where list_id = :listId and erases_date is not null`,
    {
      listId,
    },
  );
}

/**
 * Erases what is hidden of lists whose master wants that: after the day in which it may take its word back, as soon as it says so once more. A master that isn't
 * heard for two days more is not waited for. Returns how many lists that were.
 */
export async function eraseDue(database: Database): Promise<number> {
  const due = await query<{ list_id: number }>(
    database,
    `select list_id from withdrawn_lists where erased_date is null and erases_date <= age_moment()
       and (told_date >= erases_date or erases_date <= age_moment() - interval '2 days') order by list_id`,
  );
  for (const { list_id: listId } of due) {
    await transaction(database, async (tx) => {
      await lockLists(tx, [listId]);
      const still = await query(tx, `select from withdrawn_lists where list_id = :listId and erases_date is not null for update`, {
        listId,
      });
      if (still.length === 0) return;
      await eraseWithdrawn(tx, listId);
      await recordWithdrawal(tx, listId, 'withdrawn-list-erased');
    });
  }
  return due.length;
}

async function recordWithdrawal(tx: Knex.Transaction, listId: number, action: 'list-withdrawn' | 'withdrawn-list-erased'): Promise<void> {
  const list = await queryOne<{ name: string; remote_url: string; purge: boolean; dossiers: number | null }>(
    tx,
    `select l.name, w.remote_url, w.purge, w.dossier_count as dossiers from withdrawn_lists w join watch_lists l on l.id = w.list_id where w.list_id = :listId`,
    { listId },
  );
  if (!list) return;
  const { name, remote_url: master, purge, dossiers } = list;
  await recordAudit(
    tx,
    { actor: 'node', via: 'node', address: null },
    { action, object: { kind: 'link', id: listId, name }, details: { master, dossiers, purge } },
  );
}

/** What is fetched next is all of it. */
async function beginAnew(tx: Knex.Transaction, listId: number): Promise<void> {
  await query(
    tx,
    `update links set epoch = null, revision = null, digest = null, dossier_count = null, head_tag = null, own_digest = null, head_revision = null,
       remote_count = null, verified_at = null, deep_verified_at = null,
       applied_date = null
     where slave_list_id = :listId`,
    { listId },
  );
}

/** Part of an apply that was verified: the list is granted, and is shown as it is now. What was kept of it before isn't needed any more. */
export async function showAgain(tx: Knex.Transaction, listId: number): Promise<void> {
  // Those who have the list from here knew it as it was, and go on from there.
  const shown = await queryOne(
    tx,
    `with withdrawn as (delete from withdrawn_lists where list_id = :listId returning list_id, own_epoch, own_revision)
     update list_positions p set former_epoch = w.own_epoch, former_revision = w.own_revision from withdrawn w where p.list_id = w.list_id returning p.list_id`,
    { listId },
  );
  if (!shown) return;
  // To take that back would leave an empty list that says nobody is listed.
  await forgetJournal(tx, listId);
  await query(tx, `update sets set purpose = 'garbage', since = age_moment() where list_id = :listId and purpose = 'withdrawn'`, {
    listId,
  });
}
