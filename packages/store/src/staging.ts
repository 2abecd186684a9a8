import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Knex } from 'knex';
import { from as copyFrom } from 'pg-copy-streams';
import type { CopyStreamQuery } from 'pg-copy-streams';
import type { Failure } from '@dossier/domain/failure.ts';
import { photosText } from '@dossier/domain/photo.ts';
import type { RunMethod } from '@dossier/domain/run.ts';
import type { Position } from '@dossier/domain/position.ts';
import type { Change, Put } from '@dossier/protocol/feed.ts';
import { dossierRowColumns, photoRowColumns } from '@dossier/protocol/rows.ts';
import { copyLine } from './copy-line.ts';
import type { Cell } from './copy-line.ts';
import { exchange, preparedOne, query, queryOne, sqlState, transaction } from './database.ts';
import { shownInItsList } from './missing-photos.ts';
import { photoStoreLock } from './photo-garbage.ts';
import type { Connection, Database } from './database.ts';

/** Thrown when a worker's fence is not the link's any more: another one has taken the run, or it was cancelled. Nothing was changed. */
export class FencedError extends Error implements Failure {
  override readonly name = 'FencedError';
  readonly code = 'SUPERSEDED';
  readonly kind = 'stop';
  readonly remedy = 'Nothing: another worker goes on with this run, or its link was cancelled.';

  constructor() {
    super('Another worker has taken this run, or its link was cancelled.');
  }
}

/** What a master sent is well formed, but can't be stored: a date that is none, one dossier twice. Nothing was staged. */
export class UnfitPageError extends Error implements Failure {
  override readonly name = 'UnfitPageError';
  readonly code = 'DOSSIER_MALFORMED';
  readonly kind = 'retry';
  readonly remedy =
    'Verify the list on the master (a program may have written to its database by hand); otherwise compare the versions of both nodes and report it as a defect of the master.';

  constructor(cause: unknown) {
    super("The master's answer holds what can't be stored. Nothing was changed: the watch list keeps what it had.", { cause });
  }
}

/** Data exceptions and broken constraints (classes 22 and 23 of SQLSTATE) while staging are the master's, everything else is thrown as it is. */
export async function refuseUnfit<Result>(staging: Promise<Result>): Promise<Result> {
  try {
    return await staging;
  } catch (error) {
    throw /^2[23]/.test(sqlState(error) ?? '') ? new UnfitPageError(error) : error;
  }
}

/** A run as a worker has taken it. */
export interface TakenRun {
  runId: number;
  listId: number;
  fence: number;
}

/** How far the staging of a run is. Lives beside the staged rows in an unlogged table, so both are there or neither. */
export interface StagingCursor {
  method: RunMethod;
  phase: 'fetching' | 'complete';
  /** The feed is staged up to here. */
  revision: number;
  head: Position;
  /** Whether the rows go into tables of the run's own, which take the place of the node's (loading.ts). */
  loading?: boolean;
}

/** Holds the link's row in share mode until the commit and refuses a worker that was fenced out. */
export async function requireFence(tx: Knex.Transaction, taken: TakenRun): Promise<void> {
  const link = await queryOne<{ fence: number }>(
    tx,
    `select fence from links where slave_list_id = :listId and state <> 'unlinking' for share`,
    { listId: taken.listId },
  );
  if (link?.fence !== taken.fence) throw new FencedError();
}

/**
 * Begins to stage: what `requireFence` does, and in the same exchange until the commit no photo is collected as garbage (afterwards the collector sees
 * what the staged rows refer to). The commit doesn't wait for the disk: after a crash of PostgreSQL all that was staged is gone anyway. `revision`:
 * that of staged rows which don't tell their own.
 */
export async function enterStaging(tx: Knex.Transaction, taken: TakenRun, revision = 0): Promise<void> {
  const link = await preparedOne<{ fence: number }>(tx, 'enter staging', {
    sql: `select fence, pg_advisory_xact_lock_shared(:photoStoreLock), set_config('synchronous_commit', 'off', true),
       set_config('dossier.staging_run', :run, true), set_config('dossier.staging_revision', :revision, true)
     from links where slave_list_id = :listId and state <> 'unlinking' for share`,
    parameters: { listId: taken.listId, photoStoreLock, run: String(taken.runId), revision: String(revision) },
  });
  if (link?.fence !== taken.fence) throw new FencedError();
}

export async function readCursor(connection: Connection, runId: number): Promise<StagingCursor | null> {
  const row = await queryOne<{
    method: RunMethod;
    phase: 'fetching' | 'complete';
    epoch: string;
    revision: number;
    head_revision: number;
    head_count: number;
    head_digest: string;
    loading: boolean;
  }>(
    connection,
    `select method, phase, epoch, revision, head_revision, head_count, head_digest, loading from staging_cursors where run_id = :runId`,
    {
      runId,
    },
  );
  if (!row) return null;
  const head = { epoch: row.epoch, revision: row.head_revision, count: row.head_count, digest: row.head_digest };
  return { method: row.method, phase: row.phase, revision: row.revision, head, ...(row.loading && { loading: true }) };
}

/** An insert of a run's cursor in the place of the one that it has. */
const insertCursor = (condition: string): string => `
  insert into staging_cursors (run_id, method, phase, epoch, revision, head_revision, head_count, head_digest, loading)
  select :runId::bigint, :method::text, :phase::text, :epoch::uuid, :revision::bigint, :headRevision::bigint, :headCount::bigint, :headDigest::text,
    :loading::bigint = 1
  where ${condition}
  on conflict (run_id) do update set method = excluded.method, phase = excluded.phase, epoch = excluded.epoch, revision = excluded.revision,
    head_revision = excluded.head_revision, head_count = excluded.head_count, head_digest = excluded.head_digest, loading = excluded.loading`;

function cursorParameters(runId: number, cursor: StagingCursor) {
  return {
    runId,
    method: cursor.method,
    phase: cursor.phase,
    epoch: cursor.head.epoch,
    revision: cursor.revision,
    headRevision: cursor.head.revision,
    headCount: cursor.head.count,
    headDigest: cursor.head.digest,
    loading: cursor.loading ? 1 : 0,
  };
}

export async function writeCursor(tx: Knex.Transaction, runId: number, cursor: StagingCursor): Promise<void> {
  await preparedOne(tx, 'write cursor', { sql: insertCursor('true'), parameters: cursorParameters(runId, cursor) });
}

/** Forgets all that a run has staged. */
export async function clearStaging(connection: Connection, runId: number): Promise<void> {
  await query(connection, `select clear_staging(:runId)`, { runId });
}

/**
 * Tells the planner how much is staged, before statements join it with whole lists. Autovacuum would do so a minute later; until then a few rows
 * pass for as many as the last run had, and a plan made for those takes hours.
 */
export async function analyseStaging(database: Database): Promise<void> {
  await exchange(database, [
    `set local synchronous_commit = off`,
    `analyze staged_dossiers (run_id, dossier, removed, revision, external_id), staged_photos (run_id, dossier, sha256)`,
  ]);
}

/** Begins the staging of a run anew, in one exchange: a worker that was fenced out changes nothing by it. Throws FencedError. */
export async function beginStaging(database: Database, taken: TakenRun, cursor: StagingCursor): Promise<void> {
  const mine = `select from links where slave_list_id = :listId and fence = :fence and state <> 'unlinking'`;
  const [, cleared = []] = await exchange(
    database,
    [
      `set local synchronous_commit = off`,
      `select clear_staging(:runId) from (${mine} for share) mine`,
      // The link's row is held since the statement before.
      insertCursor(`exists (${mine})`),
    ],
    { ...cursorParameters(taken.runId, cursor), listId: taken.listId, fence: taken.fence },
  );
  if (cleared.length === 0) throw new FencedError();
}

/**
 * Stages one page with the cursor behind it, in one transaction: after a kill at any point the run goes on at the cursor. `fresh` says
 * that no dossier of the page can be staged already (the head hasn't moved since the staging began).
 */
export async function stagePage(
  database: Database,
  taken: TakenRun,
  page: { changes: readonly Change[]; cursor: StagingCursor; fresh: boolean },
): Promise<void> {
  const staging = transaction(database, async (tx) => {
    await enterStaging(tx, taken);
    if (!page.fresh)
      await unstage(
        tx,
        taken.runId,
        page.changes.map((change) => change.dossier),
      );
    await copyRows(
      tx,
      `staged_dossiers (run_id, dossier, removed, revision, name, comment, active, meta, external_id, photo_count, photos_hash, created_date, modified_date, remote_hash)`,
      page.changes.map((change) => dossierRow(taken.runId, change)),
    );
    const puts = page.changes.filter((change): change is Put => change.kind === 'put');
    await copyRows(
      tx,
      `staged_photos (run_id, dossier, ordinal, sha256, width, height, bytes, media_type, features)`,
      puts.flatMap((put) => photoRows(taken.runId, put)),
    );
    await writeCursor(tx, taken.runId, page.cursor);
  });
  await refuseUnfit(staging);
}

/** A page of the feed in its fast form, whose rows were looked at. */
export interface RowsPage {
  /** Blocks in COPY's binary format (protocol/rows.ts), with the columns of `dossierRowColumns` and `photoRowColumns`. */
  dossiers: Buffer;
  photos: Buffer;
  dossierCount: number;
  photoCount: number;
  /** Dossiers that left the list. */
  removed: readonly string[];
  /** All dossiers of the page, those that left the list too. Made when they are asked for, and not after the rows are written. */
  uuids: () => readonly string[];
  /** The different photos of the page. */
  wanted: readonly { sha256: string; width: number; height: number; bytes: number; media_type: string }[];
}

const stagedColumns = dossierRowColumns.map((column) => (column === 'uuid' ? 'dossier' : column)).join(', ');

/**
 * Stages one page of rows as they came, with the cursor behind it, in one transaction. Pages may be staged side by side: `after` is the page
 * before, without whose commit this one isn't committed either. `replaces` says that a dossier of the page may be staged already, in an older
 * version. Throws FencedError, or UnfitPageError for rows that the tables don't hold.
 */
export async function stageRows(
  database: Database,
  taken: TakenRun,
  page: { rows: RowsPage; cursor: StagingCursor; replaces: boolean; after: Promise<unknown> },
): Promise<void> {
  const { rows, cursor } = page;
  const staging = transaction(database, async (tx) => {
    await enterStaging(tx, taken, cursor.revision);
    if (page.replaces) {
      // What it replaces has to be there before it can be found.
      await page.after;
      await unstage(tx, taken.runId, rows.uuids());
    }
    await copyBytes(tx, { target: `staged_dossiers (${stagedColumns})`, bytes: rows.dossiers, rows: rows.dossierCount });
    await copyBytes(tx, { target: `staged_photos (${photoRowColumns.join(', ')})`, bytes: rows.photos, rows: rows.photoCount });
    await copyRows(
      tx,
      'staged_dossiers (dossier, removed)',
      rows.removed.map((dossier) => [dossier, true]),
    );
    await page.after;
    await writeCursor(tx, taken.runId, cursor);
  });
  await refuseUnfit(staging);
}

async function unstage(tx: Knex.Transaction, runId: number, dossiers: readonly string[]): Promise<void> {
  for (const table of ['staged_dossiers', 'staged_photos']) {
    await query(tx, `delete from ${table} where run_id = :runId and dossier = any(:dossiers::uuid[])`, { runId, dossiers });
  }
}

function dossierRow(runId: number, change: Change): Cell[] {
  if (change.kind === 'tombstone') {
    return [runId, change.dossier, true, change.revision, null, null, null, null, null, null, null, null, null, null];
  }
  const photos = change.photos.map((photo) => ({ ...photo, mediaType: photo.media_type }));
  const photosHash = photos.length === 0 ? '' : createHash('sha256').update(photosText(photos)).digest('hex');
  return [
    runId,
    change.dossier,
    false,
    change.revision,
    change.name,
    change.comment,
    change.active,
    change.meta,
    change.external_id,
    photos.length,
    `\\x${photosHash}`,
    change.created_date,
    change.modified_date,
    `\\x${change.hash}`,
  ];
}

function photoRows(runId: number, put: Put): Cell[][] {
  return put.photos.map((photo, ordinal) => [
    runId,
    put.dossier,
    ordinal,
    `\\x${photo.sha256}`,
    photo.width,
    photo.height,
    photo.bytes,
    photo.media_type,
    photo.features,
  ]);
}

/** Writes rows with COPY on the transaction's own connection. */
export async function copyRows(tx: Knex.Transaction, target: string, rows: readonly Cell[][]): Promise<void> {
  if (rows.length === 0) return;
  const text = rows.map(copyLine).join('');
  const connection = (await tx.client.acquireConnection()) as { query(stream: CopyStreamQuery): CopyStreamQuery };
  await pipeline(Readable.from([Buffer.from(text)]), connection.query(copyFrom(`copy ${target} from stdin`)));
}

/** Hands a block of rows in COPY's binary format on as it is; the server counts them. The texts in it are UTF-8, as pg says of all that it sends. */
export async function copyBytes(tx: Knex.Transaction, copy: { target: string; bytes: Buffer; rows: number }): Promise<void> {
  if (copy.rows === 0) return;
  const connection = (await tx.client.acquireConnection()) as { query(stream: CopyStreamQuery): CopyStreamQuery };
  const stream = connection.query(copyFrom(`copy ${copy.target} from stdin (format binary)`));
  await pipeline(Readable.from([copy.bytes]), stream);
  if (stream.rowCount !== copy.rows) throw new UnfitPageError(new Error(`a page of ${copy.rows} rows was read as ${stream.rowCount}`));
}

/** Dossiers that arrived with a hash that is not the one of their content; at most 20. */
export async function findForgedDossiers(connection: Connection, runId: number): Promise<string[]> {
  const rows = await query<{ dossier: string }>(
    connection,
    `select dossier from staged_dossiers where run_id = :runId and not removed and hash <> remote_hash limit 20`,
    { runId },
  );
  return rows.map((row) => row.dossier);
}

/** A photo that a run needs: its address and its length in bytes. */
export interface WantedPhoto {
  sha256: string;
  bytes: number;
}

/** The addresses that a run's staged dossiers want, or those that the list shows and an earlier run couldn't get; in order, above `after`. */
export async function listWantedPhotos(
  connection: Connection,
  taken: TakenRun,
  page: { after: string; limit: number },
): Promise<WantedPhoto[]> {
  return query<WantedPhoto>(
    connection,
    `select encode(sha256, 'hex') as sha256, max(bytes) as bytes from (
       (select sha256, bytes from staged_photos where run_id = :runId and sha256 > decode(:after, 'hex') order by sha256)
       union all
       (select sha256, bytes from missing_photos m where slave_list_id = :listId and sha256 > decode(:after, 'hex') and ${shownInItsList})
     ) wanted group by sha256 order by sha256 limit :limit`,
    { ...taken, ...page },
  );
}

/** How many different photos a run wants. */
export async function countWantedPhotos(connection: Connection, taken: TakenRun): Promise<number> {
  const row = await queryOne<{ count: number }>(
    connection,
    `select count(*) as count from (
       select sha256 from staged_photos where run_id = :runId
       union select sha256 from missing_photos m where slave_list_id = :listId and ${shownInItsList}
     ) wanted`,
    { ...taken },
  );
  return row?.count ?? 0;
}

/** So many missing photos a run names; a master that lost its folder of photos would fill the row. */
const namedPhotos = 100;

/**
 * Books which of the wanted photos the master couldn't deliver, so that later runs ask again, and forgets those that came. The run names those
 * that are missing. Nothing is written where nothing is missing and nothing was.
 */
export async function saveMissingPhotos(
  connection: Connection,
  { runId, listId }: Pick<TakenRun, 'runId' | 'listId'>,
  photos: { missing: WantedPhoto[]; present: string[] },
): Promise<void> {
  await query(
    connection,
    `with came as (
       delete from missing_photos where slave_list_id = :listId and sha256 in (select decode(x, 'hex') from unnest(:present::text[]) x)
     ),
     mended as (delete from damaged_photos where sha256 in (select decode(x, 'hex') from unnest(:present::text[]) x)),
     noted as (
       insert into missing_photos (slave_list_id, sha256, bytes)
       select :listId, decode(sha256, 'hex'), bytes from unnest(:missing::text[], :bytes::int[]) as m (sha256, bytes) on conflict do nothing
     )
     update runs set photos_missing = to_jsonb(array(
       select x from (select jsonb_array_elements_text(photos_missing) union select unnest(:missing::text[])) named (x)
       where x <> all (:present::text[]) order by x limit :namedPhotos))
     where id = :runId and (photos_missing <> '[]' or cardinality(:missing::text[]) > 0)`,
    {
      runId,
      listId,
      present: photos.present,
      missing: photos.missing.map((photo) => photo.sha256),
      bytes: photos.missing.map((photo) => photo.bytes),
      namedPhotos,
    },
  );
}
