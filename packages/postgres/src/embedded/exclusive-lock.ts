import { setTimeout as sleep } from 'node:timers/promises';
import { DatabaseSync } from 'node:sqlite';

export interface ExclusiveLock {
  release(): void;
}

const sqliteBusy = 5;
const pollMs = 50;

/**
 * Takes the lock at `path` against all processes of this host, or answers null after `timeoutMs`. The lock is SQLite's
 * on an empty database file: the kernel holds it, so it ends with the process however that ends, and nobody ever has
 * to guess whether a lock file is stale.
 */
export async function acquireLock(path: string, timeoutMs: number): Promise<ExclusiveLock | null> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const lock = tryLock(path);
    if (lock !== null) return lock;
    if (performance.now() > deadline) return null;
    await sleep(pollMs);
  }
}

/** Takes the lock now, or answers null. */
export function tryLock(path: string): ExclusiveLock | null {
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    database.exec('BEGIN EXCLUSIVE');
    return { release: () => database.close() };
  } catch (error) {
    database.close();
    if (error instanceof Error && 'errcode' in error && error.errcode === sqliteBusy) return null;
    throw error;
  }
}
