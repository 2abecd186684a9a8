import { query, queryOne, transaction } from '@dossier/postgres/database.ts';
import type { Connection, Database } from '@dossier/postgres/database.ts';
import { newestFirst, toPage } from '@dossier/postgres/keyset.ts';
import type { Page, PageRequest } from '@dossier/postgres/keyset.ts';
import { requestRun } from './runs.ts';

/** A run that failed for good and waits for a person (or for the next scheduled run to succeed). */
export interface DeadLetterRow {
  id: number;
  slave_list_id: number;
  run_id: number;
  phase: string;
  code: string;
  sentence: string;
  remedy: string;
  first_date: Date;
  last_date: Date;
  count: number;
}

const columns = `id, slave_list_id, run_id, phase, code, sentence, remedy, first_date, last_date, count`;

/** One page of the dead letters, newest first. */
export async function listDeadLetters(connection: Connection, page: PageRequest): Promise<Page<DeadLetterRow>> {
  const { condition, order } = newestFirst(page);
  const rows = await query<DeadLetterRow>(
    connection,
    `select ${columns} from dead_letters where ${condition} order by ${order} limit :rows`,
    { id: page.cursor?.id ?? 0, rows: page.limit + 1 },
  );
  return toPage(rows, page, (row) => ({ value: null, id: row.id }));
}

export async function findDeadLetter(connection: Connection, id: number): Promise<DeadLetterRow | null> {
  return queryOne<DeadLetterRow>(connection, `select ${columns} from dead_letters where id = :id`, { id });
}

/** Drops a dead letter; the link and its list stay as they are. False if there is none. */
export async function discardDeadLetter(connection: Connection, id: number): Promise<boolean> {
  const rows = await query(connection, `delete from dead_letters where id = :id returning id`, { id });
  return rows.length > 0;
}

/**
 * Makes a new run for a dead letter's link; the letter goes when the run succeeds. Null if there is no such letter, or its link is being
 * cancelled.
 */
export async function retryDeadLetter(database: Database, id: number): Promise<{ runId: number; slaveListId: number } | null> {
  return transaction(database, async (tx) => {
    const letter = await queryOne<{ slave_list_id: number }>(tx, `select slave_list_id from dead_letters where id = :id for update`, {
      id,
    });
    if (!letter) return null;
    const requested = await requestRun(tx, { slaveListId: letter.slave_list_id, reason: 'person', mode: 'auto', by: null });
    return requested.outcome === 'run' ? { runId: requested.run.id, slaveListId: letter.slave_list_id } : null;
  });
}

/** Drops all dead letters; returns their ids. */
export async function discardDeadLetters(connection: Connection): Promise<number[]> {
  const rows = await query<{ id: number }>(connection, `delete from dead_letters returning id`);
  return rows.map((row) => row.id);
}

/** The ids of the newest dead letters. */
export async function listDeadLetterIds(connection: Connection, limit: number): Promise<number[]> {
  const rows = await query<{ id: number }>(connection, `select id from dead_letters order by id desc limit :limit`, { limit });
  return rows.map((row) => row.id);
}
