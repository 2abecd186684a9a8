import type { Knex } from 'knex';
import type { Position } from '@dossier/domain/position.ts';
import { maximumOrigins } from '@dossier/protocol/feed.ts';
import { preparedOne, query, queryOne, transaction } from '@dossier/postgres/database.ts';
import type { Connection, Database } from '@dossier/postgres/database.ts';
import { settleDigest } from '@dossier/registry/positions.ts';
import { unavailable } from '@dossier/runtime/errors.ts';

/** A watch list as its master offers it, with where it stands. */
export interface ListHead {
  listId: number;
  listUuid: string;
  name: string;
  /** The list's rows are those of this set. */
  setId: number;
  position: Position;
  /** Tombstones up to this revision may be gone: who stands below starts over. */
  floor: number;
  /** Where the list stood in the history that this one goes on from, if it does. */
  former: { epoch: string; revision: number } | null;
  /** The nodes from which the list is replicated, nearest first. */
  origins: string[];
  /** The fields that the list declares, and what to do at the door, as they are kept. */
  declaration: string;
  /** The list is a replica that its master has taken from this node: it has nothing to offer any more, and those who have it from here are told the same. */
  withdrawn: { purge: boolean } | null;
}

interface HeadRow {
  list_id: number;
  list_uuid: string;
  name: string;
  set_id: number;
  epoch: string;
  revision: number;
  floor: number;
  dossier_count: number;
  digest: string | null;
  former_epoch: string | null;
  former_revision: number | null;
  origins: string[];
  declaration: string;
  withdrawn: { purge: boolean } | null;
}

const headColumns = `
  l.id as list_id, l.uuid as list_uuid, l.name, p.set_id, p.epoch, p.revision, p.floor, p.dossier_count, encode(p.digest, 'hex') as digest,
  p.former_epoch, p.former_revision,
  l.declaration::text as declaration, 
  case when is_withdrawn(l.id) then (select json_build_object('purge', w.purge) from withdrawn_lists w where w.list_id = l.id) end as withdrawn,
  case when k.remote_node is null then '{}' else (k.remote_node || k.origins)[1:${maximumOrigins}] end as origins
  from watch_lists l join list_positions p on p.list_id = l.id left join links k on k.slave_list_id = l.id`;

const oneHead = `select ${headColumns} where l.id = :listId`;

function presentHead(row: HeadRow & { digest: string }): ListHead {
  return {
    listId: row.list_id,
    listUuid: row.list_uuid,
    name: row.name,
    setId: row.set_id,
    position: { epoch: row.epoch, revision: row.revision, count: row.dossier_count, digest: row.digest },
    floor: row.floor,
    former: row.former_epoch === null || row.former_revision === null ? null : { epoch: row.former_epoch, revision: row.former_revision },
    origins: row.origins,
    declaration: row.declaration,
    withdrawn: row.withdrawn,
  };
}

function isSettled(row: HeadRow): row is HeadRow & { digest: string } {
  return row.digest !== null;
}

/** The head of one list, or null if there is no such list: one row by its key, whatever the list's size. A digest that isn't known is settled first. */
export async function readHead(database: Connection, listId: number): Promise<ListHead | null> {
  const row = await preparedOne<HeadRow>(database, 'read head', { sql: oneHead, parameters: { listId } });
  if (!row) return null;
  return isSettled(row) ? presentHead(row) : settleHead(database, listId);
}

/** The lock that settling takes is held until the head was read, so that nobody changes the list between the two. */
async function settleHead(database: Connection, listId: number): Promise<ListHead | null> {
  return transaction(database, async (tx) => {
    await settleDigest(tx, listId);
    const row = await queryOne<HeadRow>(tx, oneHead, { listId });
    return row && isSettled(row) ? presentHead(row) : null;
  });
}

/** The heads of the given lists, or of all, by id. */
export async function readHeads(database: Connection, listIds: readonly number[] | null = null): Promise<ListHead[]> {
  const rows = await query<HeadRow>(
    database,
    `select ${headColumns} where :listIds::bigint[] is null or l.id = any(:listIds::bigint[]) order by l.id`,
    { listIds },
  );
  const heads: ListHead[] = [];
  for (const row of rows) {
    const head = isSettled(row) ? presentHead(row) : await settleHead(database, row.list_id);
    if (head) heads.push(head);
  }
  return heads;
}

/** A writer would have to commit thousands of changes in each of so many moments between settling and reading. */
const mostTries = 20;

/**
 * Reads a list in one snapshot, with the head that it has there; null if there is no such list. `read` may be called with no other connection; it writes
 * only if `writes` says so. Throws UNAVAILABLE if the digest is out of date again whenever it was settled.
 */
export async function inSnapshot<Result>(
  database: Database,
  listId: number,
  read: (snapshot: Knex.Transaction, head: ListHead) => Promise<Result>,
  { writes = false } = {},
): Promise<Result | null> {
  for (let tries = 0; tries < mostTries; tries += 1) {
    if (tries > 0) await settleDigest(database, listId);
    const found = await database.transaction(
      async (snapshot) => {
        const row = await preparedOne<HeadRow>(snapshot, 'read head', { sql: oneHead, parameters: { listId } });
        if (!row) return { result: null };
        return isSettled(row) ? { result: await read(snapshot, presentHead(row)) } : null;
      },
      { isolationLevel: 'repeatable read', readOnly: !writes },
    );
    if (found) return found.result;
  }
  throw unavailable('The watch list is being changed all the time. Ask again in a moment.');
}
