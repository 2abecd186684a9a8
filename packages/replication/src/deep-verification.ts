import { query, transaction } from '@dossier/postgres/database.ts';
import type { Connection, Database } from '@dossier/postgres/database.ts';
import { lockLists, readPosition } from '@dossier/registry/positions.ts';
import { requireFence } from './fence.ts';
import type { TakenRun } from './fence.ts';

/**
 * Recomputes the hash of every row of a list from its columns, its tree, count and digest, and books what was otherwise as it is, so that the list's
 * digest tells the truth. Returns the dossiers whose hash was not the one of their content (none: everything is as the writers left it).
 */
export async function recomputeList(database: Database, taken: TakenRun): Promise<string[]> {
  const position = await readPosition(database, taken.listId);
  if (!position) return [];
  const wrong = await findMishashed(database, position.set_id);
  await transaction(database, async (tx) => {
    await requireFence(tx, taken);
    const [list] = await lockLists(tx, [taken.listId]);
    if (list?.set_id !== position.set_id) return;
    await query(
      tx,
      `update dossiers set hash = ${storedHash}, revision = nextval('dossier_revisions') where set_id = ${list.set_id} and uuid = any(:wrong::uuid[])`,
      { wrong },
    );
    await query(tx, `select build_tree(${list.set_id})`);
    // A head below a row's revision, as of somebody who switched triggers off, would keep followers from that row.
    await query(
      tx,
      `update list_positions p set dossier_count = t.count, digest = t.digest,
         revision = case when p.digest is distinct from t.digest or t.highest > p.revision then nextval('dossier_revisions') else p.revision end
       from (
         select coalesce((select count from tree_nodes where set_id = ${list.set_id} and prefix = ''), 0) as count, set_digest(${list.set_id}) as digest,
           coalesce((select max(revision) from dossiers where set_id = ${list.set_id}), 0) as highest
       ) t
       where p.list_id = :listId and (p.dossier_count <> t.count or p.digest is distinct from t.digest or t.highest > p.revision)`,
      { listId: taken.listId },
    );
    await query(tx, `update list_positions set tree_revision = revision where list_id = :listId`, { listId: taken.listId });
  });
  return wrong;
}

/**
 * The same as dossier_hash(), of the bytes as they are stored: a failing disk may have made them no characters, which convert_to() refuses. textsend()
 * follows the connection's encoding, which is UTF-8 for every connection of ours.
 */
const storedHash = `sha256('\\x01'::bytea || ${[
  'boolsend(active)',
  'textsend(external_id)',
  'textsend(name)',
  'textsend(comment)',
  'date_send(valid_from)',
  'date_send(valid_until)',
  'textsend(meta::text)',
  'textsend(photos::text)',
  'textsend(features::text)',
]
  .map((field) => `copy_field(${field})`)
  .join(' || ')})`;

/** The rows of a set whose stored hash isn't that of their content. */
async function findMishashed(connection: Connection, setId: number): Promise<string[]> {
  const rows = await query<{ uuid: string }>(
    connection,
    `select uuid from dossiers where set_id = ${setId} and hash is distinct from ${storedHash}`,
  );
  return rows.map((row) => row.uuid);
}
