import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { to as copyTo } from 'pg-copy-streams';
import type { CopyToStreamQuery } from 'pg-copy-streams';
import { dossierRowColumns, photoRowColumns, rowsPageBytes } from '@dossier/protocol/rows.ts';
import type { RowsEnd } from '@dossier/protocol/rows.ts';
import type { Database } from './database.ts';
import { readHead } from './feed.ts';
import { query, queryOne } from './database.ts';

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

/**
 * Writes a page in its fast form, rows as they come out of PostgreSQL, in one snapshot. `begin` gives where to write to, anew for each try: a page
 * that grows too long is begun again with fewer rows. Null if the list or its history is another one by now.
 */
export async function writeRows(
  database: Database,
  request: RowsRequest,
  begin: () => Promise<Writable> | Writable,
): Promise<WrittenRows | null> {
  for (let rows = request.rows; ; rows = Math.ceil(rows / 8)) {
    try {
      return await writePage(database, { ...request, rows, bytes: rows === 1 ? Number.POSITIVE_INFINITY : rowsPageBytes }, await begin());
    } catch (error) {
      if (!(error instanceof PageTooLong)) throw error;
    }
  }
}

type RawConnection = { processID: number; query(stream: CopyToStreamQuery): CopyToStreamQuery };

async function writePage(
  database: Database,
  { listId, epoch, since, rows, bytes }: RowsRequest & { bytes: number },
  target: Writable,
): Promise<WrittenRows | null> {
  return database.transaction(
    async (snapshot) => {
      // Whatever this role or database was set to, rows are spelt alike.
      await query(snapshot, `set local datestyle = 'iso, mdy'; set local timezone = 'UTC'; set local bytea_output = 'hex'`);
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
      const cancel = () => query(database, `select pg_cancel_backend(:pid)`, { pid: connection.processID });
      const copy = (statement: string, left: number) => copyOut(connection, { statement, target, left, cancel });
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
      const tombstones = since > 0 ? await copy(`select dossier from tombstones where ${range} order by revision`, bytes) : null;
      // How many rows a COPY had is told after its last byte; with the next answer it has come.
      await query(snapshot, 'select');
      const end: RowsEnd = {
        kind: 'end',
        dossier_list: head.listUuid,
        dossiers: dossiers.source.rowCount,
        photos: photos.source.rowCount,
        tombstones: tombstones?.source.rowCount ?? 0,
        dossier_bytes: dossiers.bytes,
        photo_bytes: photos.bytes,
        since,
        next,
        head: head.position,
      };
      await new Promise<void>((resolve, reject) => {
        target.once('error', reject);
        target.end(`${JSON.stringify(end)}\n`, resolve);
      });
      return { end, full };
    },
    { isolationLevel: 'repeatable read', readOnly: true },
  );
}

async function copyOut(
  connection: RawConnection,
  copy: { statement: string; target: Writable; left: number; cancel: () => Promise<unknown> },
): Promise<{ source: CopyToStreamQuery; bytes: number }> {
  let bytes = 0;
  async function* measured(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      const wasTooLong = bytes > copy.left;
      bytes += chunk.length;
      if (bytes <= copy.left) yield chunk;
      // The rest of what is on its way is read; the server is told to send no more.
      else if (!wasTooLong) await copy.cancel();
    }
  }
  const source = connection.query(copyTo(`copy (${copy.statement}) to stdout (format text, encoding 'UTF8')`));
  try {
    await pipeline(source, measured, copy.target, { end: false });
  } catch (error) {
    throw bytes > copy.left ? new PageTooLong('too long', { cause: error }) : error;
  }
  if (bytes > copy.left) throw new PageTooLong('too long');
  return { source, bytes };
}

function prefixed(alias: string, columns: readonly string[]): string {
  return columns.map((column) => `${alias}.${column}`).join(', ');
}

function wholeNumber(value: number): string {
  if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is no whole number`);
  return String(value);
}
