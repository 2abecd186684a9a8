import type { Knex } from 'knex';
import { query, queryOne } from '@dossier/postgres/database.ts';
import { book, settleDigest } from '@dossier/registry/positions.ts';
import { contentColumns, shareIds } from './row-columns.ts';

/** Changes of a list's own set, as the table of differences of a run says. */
export interface Merge {
  runId: number;
  listId: number;
  setId: number;
}

export interface MergeCounts {
  added: number;
  changed: number;
  removed: number;
}

/**
 * Makes the list's set what the incoming changes of a run say, where they differ from it, books that and brings its tree up to date. Part of a transaction that has locked the
 * list.
 */
export async function mergeChanges(tx: Knex.Transaction, merge: Merge): Promise<MergeCounts> {
  const { runId, listId, setId } = merge;
  await query(tx, `set constraints dossiers_external_id_unique deferred`);
  await query(
    tx,
    `select note_lost_photos(d.photos) from differences x join dossiers d on d.set_id = :setId and d.uuid = x.uuid
     left join incoming i on i.run_id = x.run_id and i.uuid = x.uuid and not i.removed
     where x.run_id = :runId and x.kind <> 'adding' and d.photos::text <> '[]' and d.photos::text is distinct from i.photos::text`,
    { runId, setId },
  );
  const removed = await removeRows(tx, merge);
  const changed = await countOf(
    tx,
    `update dossiers d set ${contentColumns.map((column) => `${column} = i.${column}`).join(', ')}, revision = nextval('dossier_revisions')
     from differences x join incoming i on i.run_id = x.run_id and i.uuid = x.uuid
     where x.run_id = :runId and x.kind = 'changing' and d.set_id = :setId and d.uuid = x.uuid`,
    { runId, setId },
  );
  const added = await addRows(tx, merge);
  await query(tx, `set constraints dossiers_external_id_unique immediate`);
  const changes = added + changed + removed;
  if (changes > 0) await book(tx, { listId, growth: added - removed, changes });
  // Of many changes it isn't known yet, and it is compared with the master's next.
  await settleDigest(tx, listId);
  return { added, changed, removed };
}

async function removeRows(tx: Knex.Transaction, { runId, setId }: Merge): Promise<number> {
  return countOf(
    tx,
    `with gone as (
       delete from dossiers d using differences x where x.run_id = :runId and x.kind = 'removing' and d.set_id = :setId and d.uuid = x.uuid
       returning d.uuid
     )
     insert into tombstones (set_id, uuid, revision) select :setId, uuid, nextval('dossier_revisions') from gone
     on conflict (set_id, uuid) do update set revision = excluded.revision, removed_date = excluded.removed_date`,
    { runId, setId },
  );
}

/** A dossier that another list of this node holds, or that was deleted here while the master was away, comes under the id that it has. */
async function addRows(tx: Knex.Transaction, { runId, listId, setId }: Merge): Promise<number> {
  const adding = await queryOne(tx, `select from differences where run_id = :runId and kind = 'adding' limit 1`, { runId });
  if (!adding) return 0;
  await shareIds(tx);
  const added = await countOf(
    tx,
    `insert into dossiers (set_id, uuid, id, ${contentColumns.join(', ')})
     select :setId, i.uuid, coalesce(
         (select d.id from list_positions p join dossiers d on d.set_id = p.set_id and d.uuid = i.uuid
          where p.list_id <> :listId and p.dossier_count > 0 limit 1),
         (select o.dossier_id from offline_deletions o where o.slave_list_id = :listId and o.settled_as is null and o.dossier = i.uuid
          order by o.id desc limit 1),
         nextval('dossier_ids')),
       ${contentColumns.map((column) => `i.${column}`).join(', ')}
     from differences x join incoming i on i.run_id = x.run_id and i.uuid = x.uuid where x.run_id = :runId and x.kind = 'adding'
     order by i.created_date, i.uuid`,
    { runId, listId, setId },
  );
  await query(
    tx,
    `delete from tombstones t using differences x where x.run_id = :runId and x.kind = 'adding' and t.set_id = :setId and t.uuid = x.uuid`,
    { runId, setId },
  );
  return added;
}

async function countOf(tx: Knex.Transaction, statement: string, parameters: Record<string, unknown>): Promise<number> {
  const result = await tx.raw<{ rowCount: number | null }>(statement, parameters as Record<string, Knex.Value>);
  return result.rowCount ?? 0;
}
