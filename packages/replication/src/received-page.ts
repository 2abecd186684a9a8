import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Knex } from 'knex';
import { from as copyFrom } from 'pg-copy-streams';
import type { CopyStreamQuery } from 'pg-copy-streams';
import type { Failure } from '@dossier/domain/failure.ts';
import { rowColumns } from '@dossier/protocol/rows.ts';
import { query, sqlState, transaction } from '@dossier/postgres/database.ts';
import type { Database } from '@dossier/postgres/database.ts';
import { writeCursor } from './cursors.ts';
import type { RunCursor } from './cursors.ts';
import { requireFence } from './fence.ts';
import type { TakenRun } from './fence.ts';
import type { RowsPage } from './master.ts';

/** What a master sent is well formed, but can't be stored: a date that is none, a text that is no UTF-8. Nothing of the page was kept. */
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

export interface ReceivedPage {
  page: Pick<RowsPage, 'rows' | 'count' | 'removed' | 'refused' | 'uuids' | 'wanted'>;
  /** Where the run stands with it. */
  cursor: RunCursor;
  /** Whether dossiers of the page may be here already, in an older version. */
  replaces: boolean;
}

/**
 * Keeps one page where no reader looks, with the cursor behind it, in one transaction: after a kill at any point the run goes on at the cursor. Pages are
 * kept one after another: rows of two pages may meet in an index, where one of them would wait for the other. Throws FencedError and UnfitPageError.
 */
export async function keepPage(database: Database, taken: TakenRun, received: ReceivedPage): Promise<void> {
  await refuseUnfit(
    transaction(database, async (tx) => {
      await requireFence(tx, taken);
      // After a crash of PostgreSQL all of it is fetched anew: nobody has to wait for the disk.
      await query(tx, `set local synchronous_commit = off`);
      await writePage(tx, taken, received);
      await writeCursor(tx, taken.runId, received.cursor);
    }),
  );
}

/** Data exceptions and broken constraints (classes 22 and 23 of SQLSTATE) while pages are kept are the master's, everything else is thrown as it is. */
export async function refuseUnfit<Result>(keeping: Promise<Result>): Promise<Result> {
  try {
    return await keeping;
  } catch (error) {
    throw /^2[23]/.test(sqlState(error) ?? '') ? new UnfitPageError(error) : error;
  }
}

/** Writes a page into the run's set, or to the incoming changes of a run that merges. Part of a transaction that holds the fence. */
export async function writePage(tx: Knex.Transaction, taken: TakenRun, { page, cursor, replaces }: ReceivedPage): Promise<void> {
  const { setId } = cursor;
  await query(
    tx,
    `select set_config('dossier.writer', 'on', true), set_config('dossier.run', :run, true), set_config('dossier.set', :set, true)`,
    { run: String(taken.runId), set: String(setId ?? '') },
  );
  if (replaces) await forget(tx, taken, { setId, uuids: page.uuids() });
  if (setId === null || replaces) {
    await copyRows(tx, 'incoming', page);
    if (setId !== null) await moveIncoming(tx, taken, setId);
  } else {
    await copyRows(tx, 'dossiers', page);
  }
  if (setId === null && page.removed.length > 0) {
    await query(
      tx,
      `insert into incoming (run_id, uuid, removed) select :runId, uuid, true from unnest(:removed::uuid[]) as removed (uuid)`,
      {
        runId: taken.runId,
        removed: page.removed,
      },
    );
  }
  if (page.refused.length > 0) await keepRefusals(tx, taken, page.refused);
  if (page.wanted.length > 0) await keepWanted(tx, taken, page.wanted);
}

/** Forgets older versions of the dossiers of a page. */
async function forget(
  tx: Knex.Transaction,
  { runId }: TakenRun,
  { setId, uuids }: { setId: number | null; uuids: readonly string[] },
): Promise<void> {
  if (setId === null) await query(tx, `delete from incoming where run_id = :runId and uuid = any(:uuids::uuid[])`, { runId, uuids });
  else await query(tx, `delete from dossiers where set_id = ${setId} and uuid = any(:uuids::uuid[])`, { uuids });
  await query(tx, `delete from refusals where run_id = :runId and uuid = any(:uuids::uuid[])`, { runId, uuids });
}

/**
 * Moves a page's rows into the run's set. A dossier that another one of the set took the external id from goes: it changed after that on the master, so
 * it comes once more.
 */
async function moveIncoming(tx: Knex.Transaction, { runId }: TakenRun, setId: number): Promise<void> {
  await query(
    tx,
    `delete from dossiers d using incoming i
     where i.run_id = :runId and d.set_id = ${setId} and d.external_id = i.external_id and d.uuid <> i.uuid`,
    { runId },
  );
  const columns = rowColumns.join(', ');
  await query(tx, `insert into dossiers (set_id, ${columns}) select ${setId}, ${columns} from incoming where run_id = :runId`, { runId });
  await query(tx, `delete from incoming where run_id = :runId`, { runId });
}

/** Hands a block of rows in COPY's binary format on as it is; the server counts them. */
async function copyRows(
  tx: Knex.Transaction,
  table: 'incoming' | 'dossiers',
  { rows, count }: Pick<RowsPage, 'rows' | 'count'>,
): Promise<void> {
  if (count === 0) return;
  const connection = (await tx.client.acquireConnection()) as { query(stream: CopyStreamQuery): CopyStreamQuery };
  const stream = connection.query(copyFrom(`copy ${table} (${rowColumns.join(', ')}) from stdin (format binary)`));
  await pipeline(Readable.from([rows]), stream);
  if (stream.rowCount !== count) throw new UnfitPageError(new Error(`a page of ${count} rows was read as ${stream.rowCount}`));
}

async function keepRefusals(tx: Knex.Transaction, { runId }: TakenRun, refused: RowsPage['refused']): Promise<void> {
  await query(
    tx,
    `insert into refusals (run_id, uuid, hash, name, external_id, code, sentence)
     select :runId, uuid, decode(hash, 'hex'), name, external_id, code, sentence
     from unnest(:uuids::uuid[], :hashes::text[], :names::text[], :externalIds::text[], :codes::text[], :sentences::text[])
       as r (uuid, hash, name, external_id, code, sentence)
     on conflict (run_id, uuid) do update set hash = excluded.hash, name = excluded.name, external_id = excluded.external_id,
       code = excluded.code, sentence = excluded.sentence`,
    {
      runId,
      uuids: refused.map((row) => row.uuid),
      hashes: refused.map((row) => row.hash),
      names: refused.map((row) => row.name),
      externalIds: refused.map((row) => row.externalId),
      codes: refused.map((row) => row.code),
      sentences: refused.map((row) => row.sentence),
    },
  );
}

async function keepWanted(tx: Knex.Transaction, { runId }: TakenRun, wanted: RowsPage['wanted']): Promise<void> {
  await query(
    tx,
    `insert into wanted_photos (run_id, sha256, bytes, dossier)
     select :runId, decode(sha256, 'hex'), bytes, dossier from unnest(:sha256s::text[], :bytes::int[], :dossiers::uuid[]) as w (sha256, bytes, dossier)
     order by 2 on conflict (run_id, sha256) do update set dossier = excluded.dossier`,
    {
      runId,
      sha256s: wanted.map((photo) => photo.sha256),
      bytes: wanted.map((photo) => photo.bytes),
      dossiers: wanted.map((photo) => photo.dossier),
    },
  );
}
