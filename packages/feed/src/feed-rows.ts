import { dossierRowColumns, photoRowColumns, rowsPageBytes, tombstoneRowColumns } from '@dossier/protocol/rows.ts';
import type { RowsEnd } from '@dossier/protocol/rows.ts';
import { CopyOut } from '@dossier/postgres/copy-out.ts';
import type { RawConnection } from '@dossier/postgres/copy-out.ts';
import { query, queryOne } from '@dossier/postgres/database.ts';
import type { Database } from '@dossier/postgres/database.ts';
import { readHead } from './feed.ts';
import { RowBlocks } from '@dossier/postgres/row-blocks.ts';
import type { TakeBlock } from '@dossier/postgres/row-blocks.ts';

/** Which page of a list: what changed above `since` in the history `epoch`. */
export interface RowsRequest {
  listId: number;
  epoch: string;
  since: number;
  /** Most changes in it. */
  rows: number;
}

/** A page of rows that was written, and whether a bound ended it (what the list changes later is on later pages) rather than the list's head. */
export interface WrittenRows {
  end: RowsEnd;
  full: boolean;
}

/** The page has become longer than the bound. */
class PageTooLong extends Error {}

/** A page is looked up row by row: the planner would read whole tables for each of the pages of a list, which only pays when all of it is wanted at once. */
const settings = `set local enable_seqscan = off; set local enable_hashjoin = off; set local enable_mergejoin = off;
  set local max_parallel_workers_per_gather = 0`;

/**
 * Writes a page in its fast form, rows as they come out of PostgreSQL, in one snapshot. `begin` gives who takes its bytes, anew for each try: a page
 * that grows too long is begun again with fewer rows. Null if the list or its history is another one by now.
 */
export async function writeRows(database: Database, request: RowsRequest, begin: () => Promise<TakeBlock>): Promise<WrittenRows | null> {
  for (let rows = request.rows; ; rows = Math.ceil(rows / 8)) {
    try {
      return await writePage(database, { ...request, rows, bytes: rows === 1 ? Number.POSITIVE_INFINITY : rowsPageBytes }, await begin());
    } catch (error) {
      if (!(error instanceof PageTooLong)) throw error;
    }
  }
}

async function writePage(
  database: Database,
  { listId, epoch, since, rows, bytes }: RowsRequest & { bytes: number },
  take: TakeBlock,
): Promise<WrittenRows | null> {
  return database.transaction(
    async (snapshot) => {
      await query(snapshot, settings);
      const head = await readHead(snapshot, listId);
      if (head?.position.epoch !== epoch) return null;
      const bound = await queryOne<{ candidates: number; last: number | null }>(
        snapshot,
        `select count(*) as candidates, max(revision) as last from (
           select revision from (
             (select revision from memberships where list_id = :listId and revision > :since order by revision limit :rows)
             union all
             (select revision from tombstones where list_id = :listId and revision > :since and :since > 0 order by revision limit :rows)
           ) changes order by revision limit :rows
         ) page`,
        { listId, since, rows },
      );
      const full = bound?.candidates === rows;
      const next = full ? (bound.last ?? head.position.revision) : head.position.revision;
      const connection = (await snapshot.client.acquireConnection()) as RawConnection;
      const blocks = new RowBlocks(take);
      const cancel = () => query(database, `select pg_cancel_backend(:pid)`, { pid: connection.processID });
      const copy = (select: string, most: number) => copyOut(connection, { select, blocks, most, cancel });
      // COPY takes no parameters; all three are numbers that were checked to be whole.
      const range = `list_id = ${wholeNumber(listId)} and revision > ${wholeNumber(since)} and revision <= ${wholeNumber(next)}`;
      const dossiers = await copy(
        `select ${prefixed('d', dossierRowColumns)} from memberships m join dossiers d on d.uuid = m.dossier where ${range} order by m.revision`,
        bytes,
      );
      const photos = await copy(
        `select ${prefixed('p', photoRowColumns)} from memberships m join photos p on p.dossier = m.dossier where ${range} order by m.revision, p.id`,
        bytes - dossiers.bytes,
      );
      // Whoever reads the list from its beginning holds nothing that could have left it.
      const tombstones = await copy(
        `select ${tombstoneRowColumns.join(', ')} from tombstones where ${range} and ${wholeNumber(since)} > 0 order by revision`,
        bytes,
      );
      const end: RowsEnd = {
        kind: 'end',
        dossier_list: head.listUuid,
        dossiers: dossiers.rows,
        photos: photos.rows,
        tombstones: tombstones.rows,
        dossier_bytes: dossiers.bytes,
        photo_bytes: photos.bytes,
        since,
        next,
        head: head.position,
      };
      blocks.append(Buffer.from(`\n${JSON.stringify(end)}\n`));
      await blocks.flush();
      return { end, full };
    },
    { isolationLevel: 'repeatable read', readOnly: true },
  );
}

async function copyOut(
  connection: RawConnection,
  { cancel, ...copy }: { select: string; blocks: RowBlocks; most: number; cancel: () => Promise<unknown> },
): Promise<CopyOut> {
  let cancelled: Promise<unknown> = Promise.resolve();
  // The server is told to send no more; if it can't be told, what it sends is read to its end.
  const tellExcess = (): void => {
    cancelled = cancel().catch(() => undefined);
  };
  const statement = connection.query(new CopyOut({ ...copy, tellExcess }));
  try {
    await statement.done;
  } catch (error) {
    throw statement.isExcessive() ? new PageTooLong('too long', { cause: error }) : error;
  } finally {
    await cancelled;
  }
  if (statement.isExcessive()) throw new PageTooLong('too long');
  return statement;
}

function prefixed(alias: string, columns: readonly string[]): string {
  return columns.map((column) => `${alias}.${column}`).join(', ');
}

function wholeNumber(value: number): string {
  if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is no whole number`);
  return String(value);
}
