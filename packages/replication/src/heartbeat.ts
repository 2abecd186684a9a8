import type { ReplicaStore, TakenRun } from './ports.ts';

const heartbeatMs = 10_000;

/** Shows that the run is alive during something that takes longer than a worker may be silent. */
export async function keepAlive<T>(
  { store, taken }: { store: Pick<ReplicaStore, 'saveProgress'>; taken: TakenRun },
  action: () => Promise<T>,
): Promise<T> {
  const alive = setInterval(() => void store.saveProgress(taken, {}).catch(() => undefined), heartbeatMs);
  try {
    return await action();
  } finally {
    clearInterval(alive);
  }
}
