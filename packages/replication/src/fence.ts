import type { Knex } from 'knex';
import type { Failure } from '@dossier/domain/failure.ts';
import { preparedOne } from '@dossier/postgres/database.ts';

/** A run as a worker has taken it; the fence makes the worker harmless once another one has taken the run. */
export interface TakenRun {
  runId: number;
  listId: number;
  fence: number;
}

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

/** Holds the link's row in share mode until the commit and refuses a worker that was fenced out. Throws FencedError. */
export async function requireFence(tx: Knex.Transaction, taken: TakenRun): Promise<void> {
  const link = await preparedOne<{ fence: number }>(tx, 'require fence', {
    sql: `select fence from links where slave_list_id = :listId and state <> 'unlinking' for share`,
    parameters: { listId: taken.listId },
  });
  if (link?.fence !== taken.fence) throw new FencedError();
}
