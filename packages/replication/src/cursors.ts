import type { Knex } from 'knex';
import type { Position } from '@dossier/domain/position.ts';
import type { RunMethod } from '@dossier/domain/run.ts';
import { exchange, preparedOne, query, queryOne, transaction } from '@dossier/postgres/database.ts';
import type { Connection, Database } from '@dossier/postgres/database.ts';
import { requireFence } from './fence.ts';
import type { TakenRun } from './fence.ts';

/** How far a run is with what it fetches. Lives beside the fetched rows in unlogged tables: after a crash of PostgreSQL both are gone. */
export interface RunCursor {
  method: RunMethod;
  phase: 'fetching' | 'complete';
  /** The set that the run fills; null where changes are merged into the list's own. */
  setId: number | null;
  /** The feed is here up to this revision. */
  revision: number;
  /** What the list has to equal when all is here. */
  head: Position;
}

interface CursorRow {
  method: RunMethod;
  phase: RunCursor['phase'];
  set_id: number | null;
  epoch: string;
  revision: number;
  head_revision: number;
  head_count: number;
  head_digest: string;
}

/** The cursor of a run, or null before it has fetched anything. */
export async function readCursor(connection: Connection, runId: number): Promise<RunCursor | null> {
  const row = await preparedOne<CursorRow>(connection, 'read cursor', {
    sql: `select method, phase, set_id, epoch, revision, head_revision, head_count, head_digest from cursors where run_id = :runId`,
    parameters: { runId },
  });
  if (!row) return null;
  const head = { epoch: row.epoch, revision: row.head_revision, count: row.head_count, digest: row.head_digest };
  return { method: row.method, phase: row.phase, setId: row.set_id, revision: row.revision, head };
}

/** Sets a run's cursor, in the transaction of the rows that are behind it. */
export async function writeCursor(tx: Knex.Transaction, runId: number, { method, phase, setId, revision, head }: RunCursor): Promise<void> {
  await preparedOne(tx, 'write cursor', {
    sql: `insert into cursors (run_id, method, phase, set_id, epoch, revision, head_revision, head_count, head_digest)
      values (:runId, :method, :phase, :setId, :epoch, :revision, :headRevision, :headCount, :headDigest)
      on conflict (run_id) do update set method = excluded.method, phase = excluded.phase, set_id = excluded.set_id, epoch = excluded.epoch,
        revision = excluded.revision, head_revision = excluded.head_revision, head_count = excluded.head_count, head_digest = excluded.head_digest`,
    parameters: {
      runId,
      method,
      phase,
      setId,
      epoch: head.epoch,
      revision,
      headRevision: head.revision,
      headCount: head.count,
      headDigest: head.digest,
    },
  });
}

/** Begins a run's fetching anew: what it had is forgotten, and one that fetches everything gets a new set. Returns its cursor. Throws FencedError. */
export async function beginFetching(
  database: Database,
  taken: TakenRun,
  { method, revision, head }: Pick<RunCursor, 'method' | 'revision' | 'head'>,
): Promise<RunCursor> {
  return transaction(database, async (tx) => {
    await requireFence(tx, taken);
    // After a crash of PostgreSQL the cursor is gone in any case, and with it what the run has fetched.
    await query(tx, `set local synchronous_commit = off`);
    await clearRun(tx, taken.runId);
    const setId = method === 'full' ? await createSet(tx, taken) : null;
    const cursor: RunCursor = { method, phase: 'fetching', setId, revision, head };
    await writeCursor(tx, taken.runId, cursor);
    return cursor;
  });
}

/** Forgets what this worker's run has fetched, which was of no use: its next attempt begins anew. Throws FencedError. */
export async function forgetFetched(database: Database, taken: TakenRun): Promise<void> {
  await transaction(database, async (tx) => {
    await requireFence(tx, taken);
    await clearRun(tx, taken.runId);
  });
}

async function createSet(tx: Knex.Transaction, { runId, listId }: TakenRun): Promise<number> {
  const made = await queryOne<{ set_id: number }>(
    tx,
    `insert into sets (set_id, list_id, run_id, purpose) values (nextval('set_ids'), :listId, :runId, 'filling') returning set_id`,
    { listId, runId },
  );
  if (!made) throw new Error('a set was not inserted');
  return made.set_id;
}

const clearing = [
  `update sets set purpose = 'garbage', since = age_moment() where run_id = :runId and purpose = 'filling'`,
  ...['cursors', 'incoming', 'refusals', 'differences', 'wanted_photos'].map((table) => `delete from ${table} where run_id = :runId`),
];

/** Forgets all that a run has fetched; a set that it filled and that nothing else keeps is left to upkeep. */
export async function clearRun(connection: Connection, runId: number): Promise<void> {
  await exchange(connection, clearing, { runId });
}

/** Forgets what runs have fetched that are over. */
export async function clearFinishedRuns(database: Database): Promise<void> {
  for (const table of ['cursors', 'incoming', 'refusals', 'differences', 'wanted_photos']) {
    await query(database, `delete from ${table} t where not exists (select from runs r where r.id = t.run_id and r.finished_date is null)`);
  }
}
