import { requestBuckets } from '@dossier/protocol/feed.ts';
import type { Master } from './master.ts';
import type { Bucket } from './ports.ts';

/** The local list as a preview needs it. */
export interface LocalList {
  buckets(): Promise<Bucket[]>;
  /** How many dossiers the list holds in these buckets besides the given ones. */
  countOthers(buckets: readonly number[], dossiers: readonly string[]): Promise<number>;
}

/** What a first sync of a list would do; nothing is changed anywhere. */
export interface Preview {
  /** Dossiers of the master's list. */
  remoteCount: number;
  /** Dossiers of the local list that the master's doesn't hold. */
  removed: number;
}

/** Compares a local list with a master's by buckets, asking for the master's dossiers only where both hold some that differ. Throws FeedError or SyncFailure. */
export async function previewFirstSync(
  master: Master,
  remoteList: number,
  context: { local: LocalList; signal: AbortSignal },
): Promise<Preview> {
  const { local, signal } = context;
  const theirs = await master.buckets(remoteList, signal);
  const known = new Map(theirs.buckets.map((bucket) => [bucket[0], bucket]));
  let removed = 0;
  const asked: number[] = [];
  for (const [number, count, digest] of await local.buckets()) {
    const their = known.get(number);
    if (their === undefined) removed += count;
    else if (their[1] !== count || their[2] !== digest) asked.push(number);
  }
  for (let at = 0; at < asked.length; at += requestBuckets) {
    const buckets = asked.slice(at, at + requestBuckets);
    const { hashes } = await master.hashes(remoteList, buckets, signal);
    removed += await local.countOthers(
      buckets,
      hashes.map(([dossier]) => dossier),
    );
  }
  return { remoteCount: theirs.position.count, removed };
}
