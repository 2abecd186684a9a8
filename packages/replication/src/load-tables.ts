import { setTimeout as delay } from 'node:timers/promises';
import type { Knex } from 'knex';
import type { Failure } from '@dossier/domain/failure.ts';
import { dossierRowColumns, photoRowColumns } from '@dossier/protocol/rows.ts';
import { query, queryOne, serializationFailure, sqlState, transaction } from '@dossier/postgres/database.ts';
import { analysed } from '@dossier/postgres/statistics.ts';
import type { Connection, Database } from '@dossier/postgres/database.ts';
import { findStandingHold } from './holds.ts';
import { clearStaging, copyBytes, copyRows, enterStaging, requireFence, UnfitPageError, writeCursor } from './staging.ts';
import type { RowsPage, StagingCursor, TakenRun } from './staging.ts';

/**
 * Thrown when a load can't be finished, for whatever the rows or this node's tables hold. Nothing of the list was changed. The same run fetches
 * everything again and stages it row by row, which tells exactly what is wrong, if anything is.
 */
export class LoadRefused extends Error implements Failure {
  override readonly name = 'LoadRefused';
  readonly code = 'LOAD_REFUSED';
  readonly kind = 'retry';
  readonly remedy = 'Nothing: the list is staged row by row instead.';
}

/** SQLSTATE classes that speak of the data or of how the tables are made, not of the state of the server. */
const refusals = /^(22|23|3F|42|0A|55000|25006)/;

/** What PostgreSQL refused is a LoadRefused; a lost connection, a full disk or a fence stays what it is. */
function asRefusal(error: unknown): unknown {
  if (error instanceof UnfitPageError) return new LoadRefused(error.message, { cause: error });
  const state = sqlState(error);
  if (state === null || !refusals.test(state) || !(error instanceof Error)) return error;
  return new LoadRefused(`The list can't be loaded as a whole: ${error.message}`, { cause: error });
}

/** The other dossiers of a node that a load takes along; with more of them the list is staged row by row. */
const mostOthers = 10_000;

async function holdsMore(connection: Connection, dossiers: number): Promise<boolean> {
  const row = await queryOne<{ more: boolean }>(connection, `select exists (select from dossiers offset :dossiers limit 1) as more`, {
    dossiers,
  });
  return row?.more ?? false;
}

/** Whether another list is being loaded: once it is adopted, it is most likely more than a load takes along. */
async function loadsAnother(connection: Connection): Promise<boolean> {
  const row = await queryOne<{ loads: boolean }>(connection, `select exists (select from staging_cursors where loading) as loads`);
  return row?.loads ?? false;
}

/** The schema of a run's tables. */
export function loadArea(runId: number): string {
  return `loading_${runId}`;
}

/** Begins the loading of a run anew. False, with nothing begun, if this node's tables can't be replaced. */
export async function beginLoad(database: Database, taken: TakenRun, cursor: StagingCursor): Promise<boolean> {
  try {
    return await transaction(database, async (tx) => {
      await requireFence(tx, taken);
      await clearStaging(tx, taken.runId);
      const refusal = await queryOne<{ reason: string | null }>(tx, `select load_refusal() as reason`);
      if (refusal?.reason !== null || (await holdsMore(tx, mostOthers)) || (await loadsAnother(tx))) return false;
      // What a hold is about is judged row by row.
      if (await findStandingHold(tx, taken.listId)) return false;
      await query(tx, `select begin_load(:runId)`, { runId: taken.runId });
      await writeCursor(tx, taken.runId, { ...cursor, loading: true });
      return true;
    });
  } catch (error) {
    if (asRefusal(error) instanceof LoadRefused) return false;
    throw error;
  }
}

/**
 * Loads one page with the cursor behind it, in one transaction. Its commit doesn't wait for the disk: after a crash of PostgreSQL the cursor is gone,
 * and the adoption's commit waits for all that was loaded. Pages may be loaded side by side on their own connections: `after` is the page
 * before, without whose commit this one isn't committed either. `replaces` says that a dossier of the page may be loaded already, in an older
 * version. Throws FencedError or LoadRefused.
 */
export async function loadPage(
  database: Database,
  taken: TakenRun,
  page: { rows: RowsPage; cursor: StagingCursor; replaces: boolean; after: Promise<unknown> },
): Promise<void> {
  try {
    await transaction(database, async (tx) => {
      await enterStaging(tx, taken);
      if (page.replaces) {
        // What it replaces has to be there before it can be found.
        await page.after;
        await unload(tx, taken.runId, page.rows.uuids());
      }
      const area = loadArea(taken.runId);
      await copyBytes(tx, {
        target: `${area}.dossiers (${dossierRowColumns.join(', ')})`,
        bytes: page.rows.dossiers,
        rows: page.rows.dossierCount,
      });
      await copyBytes(tx, {
        target: `${area}.photos (${photoRowColumns.join(', ')})`,
        bytes: page.rows.photos,
        rows: page.rows.photoCount,
      });
      await page.after;
      await stageWanted(tx, taken.runId, page.rows.wanted);
      await writeCursor(tx, taken.runId, { ...page.cursor, loading: true });
    });
  } catch (error) {
    throw asRefusal(error);
  }
}

async function unload(tx: Knex.Transaction, runId: number, dossiers: readonly string[]): Promise<void> {
  const area = loadArea(runId);
  for (const [table, key] of [
    ['dossiers', 'uuid'],
    ['photos', 'dossier'],
  ]) {
    await query(tx, `select index_load(:runId, :table, true)`, { runId, table });
    await query(tx, `delete from ${area}.${table} where ${key} = any(:dossiers::uuid[])`, { dossiers });
  }
}

/** Stands in staged rows for the photos of all loaded dossiers, so that they are fetched, and kept from the collection of garbage. */
const anyDossier = '00000000-0000-0000-0000-000000000000';

async function stageWanted(tx: Knex.Transaction, runId: number, wanted: RowsPage['wanted']): Promise<void> {
  const known = await query<{ sha256: string }>(
    tx,
    `select encode(sha256, 'hex') as sha256 from staged_photos
     where run_id = :runId and dossier = :anyDossier and sha256 in (select decode(x, 'hex') from unnest(:addresses::text[]) x)`,
    { runId, anyDossier, addresses: wanted.map((photo) => photo.sha256) },
  );
  const staged = new Set(known.map((row) => row.sha256));
  await copyRows(
    tx,
    'staged_photos (run_id, dossier, ordinal, sha256, width, height, bytes, media_type)',
    wanted
      .filter((photo) => !staged.has(photo.sha256))
      .map((photo) => [runId, anyDossier, 0, `\\x${photo.sha256}`, photo.width, photo.height, photo.bytes, photo.media_type]),
  );
}

/** Whether what a run has fetched stands in tables of its own. */
export async function isLoading(connection: Connection, runId: number): Promise<boolean> {
  const row = await queryOne<{ loading: boolean }>(connection, `select loading from staging_cursors where run_id = :runId`, { runId });
  return row?.loading ?? false;
}

/** What was loaded, counted over its rows. */
export interface LoadedList {
  count: number;
  digest: string;
  /** The list's revision here before the first loaded dossier. */
  revision: number;
}

/**
 * Completes the tables of a run: memberships with the hashes that PostgreSQL computed from the loaded columns, indexes, statistics. Invisible to
 * readers, and can be done again. Throws LoadRefused if the rows contradict each other.
 */
export async function completeLoad(database: Database, taken: TakenRun): Promise<LoadedList> {
  try {
    const filling = fillMemberships(database, taken);
    // Two at once, of about the same length. The dossiers are read for the memberships before they are indexed, which locks their table.
    const lanes = [
      filling.then(() => indexTable(database, taken, 'dossiers')),
      indexTable(database, taken, 'photos')
        .then(() => filling)
        .then(() => indexTable(database, taken, 'memberships')),
    ];
    // Nothing may still be at work when the next attempt begins.
    await Promise.allSettled(lanes);
    await Promise.all(lanes);
    return await filling;
  } catch (error) {
    throw asRefusal(error);
  }
}

async function fillMemberships(database: Database, taken: TakenRun): Promise<LoadedList> {
  const area = loadArea(taken.runId);
  return transaction(database, async (tx) => {
    await enterStaging(tx, taken);
    await query(tx, `truncate ${area}.memberships`);
    await query(
      tx,
      `insert into ${area}.memberships (list_id, dossier, revision, hash_high, hash_low)
       select p.list_id, d.uuid, p.revision + row_number() over (), hash_high(d.hash), hash_low(d.hash)
       from ${area}.dossiers d join list_positions p on p.list_id = :listId`,
      { listId: taken.listId },
    );
    const row = await queryOne<LoadedList>(
      tx,
      `select p.revision, s.count, s.digest from list_positions p, (
         select count(*) as count, hash_text(coalesce(bit_xor(hash_high), 0), coalesce(bit_xor(hash_low), 0)) as digest from ${area}.memberships
       ) s where p.list_id = :listId`,
      { listId: taken.listId },
    );
    if (!row) throw new Error('the loaded rows were not counted');
    return row;
  });
}

/** Two tables are indexed at once, so that helpers of one build would only be in the way of the other. */
async function indexTable(database: Database, taken: TakenRun, table: keyof typeof analysed): Promise<void> {
  await transaction(database, async (tx) => {
    await query(
      tx,
      `set local synchronous_commit = off; set local maintenance_work_mem = '192MB'; set local max_parallel_maintenance_workers = 0; set local default_statistics_target = 30`,
    );
    await query(tx, `select index_load(:runId, :table, false)`, { runId: taken.runId, table }).catch((error: unknown) => {
      throw afterReplacement(error);
    });
    await query(tx, `analyze ${loadArea(taken.runId)}.${table} (${analysed[table]})`);
  });
}

/** What PostgreSQL says, as an internal error, of a table or index that went away between two of its looks at the catalogue. */
const wentAway = /could not open relation|cache lookup failed/;

/** Another load put its tables into the place of those that indexes are made like: the transaction starts again, and finds the new ones. */
function afterReplacement(error: unknown): unknown {
  if (sqlState(error) !== 'XX000' || !(error instanceof Error) || !wentAway.test(error.message)) return error;
  return Object.assign(new Error("the node's tables were replaced while indexes were made like theirs", { cause: error }), {
    code: serializationFailure,
  });
}

const adoptionTries = 240;
const adoptionPauseMs = 500;

/**
 * Runs `work`, which adopts a load, until the readers of the old tables leave it a moment: a reader that stays in a transaction for minutes makes
 * the load a LoadRefused.
 */
export async function whenReadersAllow<Result>(work: () => Promise<Result>): Promise<Result> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      const state = sqlState(error);
      if (state !== '55P03' && state !== '40P01') throw asRefusal(error);
      if (tries === adoptionTries) throw new LoadRefused('A reader keeps the tables from being replaced.', { cause: error });
      await delay(adoptionPauseMs);
    }
  }
}

/** Held by the transaction that adopts a load. */
const adopting = 0x0f073;

/**
 * Waits for the adoptions of other lists, to be called before the transaction looks at any of the node's tables: two that had looked at them would keep
 * each other from replacing them, again and again.
 */
export async function awaitAdoption(tx: Knex.Transaction): Promise<void> {
  await query(tx, `select pg_advisory_xact_lock(:adopting)`, { adopting });
}

/** Puts what was loaded into the place of the node's tables and books the list's position. Part of the transaction that ends the run. */
export async function adoptLoad(tx: Knex.Transaction, taken: TakenRun, loaded: LoadedList): Promise<void> {
  if (await findStandingHold(tx, taken.listId)) throw new LoadRefused('A person has a say in what becomes of this list.');
  await query(tx, `set local lock_timeout = '2s'`);
  await query(tx, `select adopt_load(:runId, :listId, :mostOthers)`, { runId: taken.runId, listId: taken.listId, mostOthers });
  await query(tx, `set local lock_timeout = '60s'`);
  if (loaded.count > 0) {
    const drawn = await queryOne<{ first: number }>(
      tx,
      `select draw_revisions(:listId, :count, :count, ('x' || left(:digest, 16))::bit(64)::bigint, ('x' || right(:digest, 16))::bit(64)::bigint) as first`,
      { listId: taken.listId, count: loaded.count, digest: loaded.digest },
    );
    if (drawn?.first !== loaded.revision + 1) throw new LoadRefused('The list was changed while it was loaded.');
  }
  await query(
    tx,
    `delete from tombstones t where t.list_id = :listId and exists (select from memberships m where m.list_id = :listId and m.dossier = t.dossier)`,
    { listId: taken.listId },
  );
}

/** Whether the node holds dossiers of other lists than this one. */
export async function holdsOtherLists(connection: Connection, listId: number): Promise<boolean> {
  const row = await queryOne<{ others: boolean }>(
    connection,
    `select exists (select from memberships where list_id < :listId) or exists (select from memberships where list_id > :listId) as others`,
    { listId },
  );
  return row?.others ?? false;
}

/** Drops what loads left behind: replaced tables, and those of runs that are over. */
export async function sweepLoads(database: Database): Promise<void> {
  await query(database, `select sweep_loads()`);
}
