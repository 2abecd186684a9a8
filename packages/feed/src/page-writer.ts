import type { Knex } from 'knex';
import { longestRowBytes, rowColumns, rowsAnswerBytes, tombstoneColumns } from '@dossier/protocol/rows.ts';
import type { PageEnd } from '@dossier/protocol/rows.ts';
import { CopyOut } from '@dossier/postgres/copy-out.ts';
import type { RawConnection } from '@dossier/postgres/copy-out.ts';
import { preparedOne, query, queryOne } from '@dossier/postgres/database.ts';
import type { Connection, Database } from '@dossier/postgres/database.ts';
import { RowBlocks } from '@dossier/postgres/row-blocks.ts';
import type { TakeBlock } from '@dossier/postgres/row-blocks.ts';
import { inSnapshot } from './heads.ts';
import type { ListHead } from './heads.ts';
import { cutChanges, cutRows } from './page-cut.ts';

/** Which page of a list: what changed above `since` in the history `epoch`. */
export interface PageRequest {
  listId: number;
  epoch: string;
  since: number;
  /** Most changes in it. */
  rows: number;
}

/** A page that was written, and whether a bound ended it (what the list changes later is on later pages) rather than the list's head. */
export interface WrittenPage {
  end: PageEnd;
  full: boolean;
  /** Known to the database for as long as it knows what is in the page (isKnown). */
  mark: string;
}

/**
 * Writes a page of changes, rows as they come out of PostgreSQL, in one snapshot. It is cut before it is made. Null if the list or its history is another
 * one by now.
 */
export async function writeChanges(database: Database, request: PageRequest, take: TakeBlock): Promise<WrittenPage | null> {
  return inSnapshot(
    database,
    request.listId,
    async (snapshot, head) => {
      if (head.position.epoch !== request.epoch) return null;
      const { since } = request;
      const cut = await cutChanges(snapshot, head, { since, rows: request.rows, bytes: rowsAnswerBytes });
      const next = cut.full ? cut.last : head.position.revision;
      // COPY takes no parameters; all three are numbers that were checked to be whole.
      const range = `set_id = ${wholeNumber(head.setId)} and revision > ${wholeNumber(since)} and revision <= ${wholeNumber(next)}`;
      const tombstones = `select ${tombstoneColumns.join(', ')} from tombstones where ${range} and ${wholeNumber(since)} > 0 order by revision`;
      const end = await writeBlocks(snapshot, take, {
        rows: `select ${columnsOf(cut.bytes)} from dossiers where ${range} order by revision`,
        tombstones,
        end: endOf(head, { since, next, left: 0 }),
      });
      const made = await queryOne<{ mark: string }>(snapshot, `insert into made_pages default values returning mark`);
      return { end, full: cut.full, mark: made?.mark ?? '' };
    },
    { writes: true },
  );
}

/**
 * Whether the database knows all that is in a page, by its mark. A backup that was restored doesn't know a page of what was lost: the mark was committed with
 * the snapshot that the page was read in.
 */
export async function isKnown(connection: Connection, mark: string): Promise<boolean> {
  return (
    (await preparedOne(connection, 'find made page', { sql: `select from made_pages where mark = :mark`, parameters: { mark } })) !== null
  );
}

/** Forgets the marks of pages that were made so many days ago. */
export async function pruneMadePages(connection: Connection, days: number): Promise<void> {
  await query(connection, `delete from made_pages where made_date < age_moment() - make_interval(days => :days)`, { days });
}

/** Writes the rows of these dossiers as they are now, as many of the first ones as fit an answer. Null if there is no such list. */
export async function writeRows(
  database: Database,
  { listId, uuids }: { listId: number; uuids: readonly string[] },
  take: TakeBlock,
): Promise<PageEnd | null> {
  return inSnapshot(database, listId, async (snapshot, head) => {
    const cut = await cutRows(snapshot, head, { uuids, bytes: rowsAnswerBytes });
    const { revision } = head.position;
    // Uuids were checked to be such.
    const named = uuids.slice(0, cut.taken).map((uuid) => `'${uuid}'`);
    const which = `set_id = ${wholeNumber(head.setId)} and uuid = any(array[${named.join(', ')}]::uuid[])`;
    return writeBlocks(snapshot, take, {
      rows: `select ${columnsOf(cut.bytes)} from dossiers where ${which} order by uuid`,
      tombstones: `select ${tombstoneColumns.join(', ')} from tombstones where false`,
      end: endOf(head, { since: revision, next: revision, left: uuids.length - cut.taken }),
    });
  });
}

/** A row alone that is longer than any answer goes without what makes it so. */
function columnsOf(bytes: number): string {
  const isTooLong = bytes > longestRowBytes;
  const left = new Set<string>(isTooLong ? ['meta', 'photos', 'features'] : []);
  return rowColumns.map((column) => (left.has(column) ? 'null::json' : column)).join(', ');
}

function endOf(head: ListHead, covers: Pick<PageEnd, 'since' | 'next' | 'left'>): Omit<PageEnd, 'rows' | 'tombstones' | 'row_bytes'> {
  return { kind: 'end', dossier_list: head.listUuid, ...covers, head: head.position };
}

async function writeBlocks(
  snapshot: Knex.Transaction,
  take: TakeBlock,
  answer: { rows: string; tombstones: string; end: Omit<PageEnd, 'rows' | 'tombstones' | 'row_bytes'> },
): Promise<PageEnd> {
  const connection = (await snapshot.client.acquireConnection()) as RawConnection;
  const blocks = new RowBlocks(take);
  const rows = connection.query(new CopyOut(answer.rows, blocks));
  await rows.done;
  const tombstones = connection.query(new CopyOut(answer.tombstones, blocks));
  await tombstones.done;
  const end: PageEnd = { ...answer.end, rows: rows.rows, tombstones: tombstones.rows, row_bytes: rows.bytes };
  blocks.append(Buffer.from(`\n${JSON.stringify(end)}\n`));
  await blocks.flush();
  return end;
}

function wholeNumber(value: number): string {
  if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is no whole number`);
  return String(value);
}
