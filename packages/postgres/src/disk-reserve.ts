import { query, transaction } from './database.ts';
import type { Database } from './database.ts';

/** Held by whoever makes the reserve or gives it up, until the commit: nobody looks for space while it is being taken. */
const reserveLock = 0x0d15c;
/** 512 pages: each table and index that notes something needs one now and then. */
const reserveRows = 46_000;
const reserveBytes = 4 * 1024 * 1024;
/** A backup may have the table locked. */
const patience = '5s';

/**
 * Takes the space that is kept for noting what goes wrong once the disk is full, unless it is taken already. Whoever is about to write much calls this first:
 * what was given up to note that the disk is full isn't for them. Throws the database's error where there is no such space (`isDiskFull`).
 */
export async function keepReserve(database: Database): Promise<void> {
  if (await isKept(database)) return;
  await transaction(database, async (tx) => {
    await query(tx, `select pg_advisory_xact_lock(${reserveLock})`);
    if (await isKept(tx)) return;
    await query(tx, `insert into disk_reserve (filler) select '' from generate_series(1, ${reserveRows})`);
  });
}

/**
 * Does a small piece of work for which there has to be space: where the disk is full it is done again with the space that was kept. The work may
 * run twice.
 */
export async function withReserve<Result>(database: Database, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!isDiskFull(error)) throw error;
    await giveReserve(database);
    return work();
  }
}

/** Gives the reserve up, for others who have said that the disk is full and will try again. */
export async function giveReserve(database: Database): Promise<void> {
  await transaction(database, async (tx) => {
    await query(tx, `set local lock_timeout = '${patience}'`);
    await query(tx, `select pg_advisory_xact_lock(${reserveLock})`);
    await query(tx, `truncate disk_reserve`);
  });
}

async function isKept(connection: Parameters<typeof query>[0]): Promise<boolean> {
  const rows = await query<{ kept: boolean }>(
    connection,
    `select coalesce(pg_relation_size('disk_reserve') >= ${reserveBytes}, false) as kept`,
  );
  return rows[0]?.kept === true;
}

const noSpace = new Set(['53100', 'ENOSPC', 'EDQUOT']);

/** Whether an error, or what it came of, says that a disk is full. */
export function isDiskFull(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ('code' in error && typeof error.code === 'string' && noSpace.has(error.code)) return true;
  return isDiskFull(error.cause) || (error instanceof AggregateError && error.errors.some(isDiskFull));
}
