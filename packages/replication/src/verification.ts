import { requestBuckets } from '@dossier/protocol/feed.ts';
import type { Head } from '@dossier/protocol/feed.ts';
import type { Difference } from '@dossier/protocol/sync.ts';
import { compareBuckets, stageHashesOf } from './fetching.ts';
import type { FetchContext } from './fetching.ts';
import { keepAlive } from './heartbeat.ts';
import type { PhotoTarget } from './ports.ts';
import type { SyncOutcome } from './sync-run.ts';

/** As many differing dossiers as a report names. */
const maximumDifferences = 100;
const photoBatch = 500;

/**
 * Compares a replica with its master without changing either: every row's hash is recomputed from its columns, the file of
 * every photo is read and hashed, then both sides are compared bucket by bucket. Rows whose stored hash was wrong are booked anew, so that the next
 * sync sees and mends them.
 */
export async function verifyReplica(
  context: FetchContext & { photos: PhotoTarget; signal: AbortSignal },
  head: Head,
): Promise<SyncOutcome> {
  const { store, taken } = context;
  await store.saveProgress(taken, { state: 'fetching', method: 'verify', total: head.position.count });
  await store.beginStaging(taken, { method: 'verify', phase: 'fetching', revision: 0, head: head.position });
  const rehashed = await keepAlive(context, () => store.rehashList(taken));
  const intact = rehashed.length === 0 && (await store.holdsPosition(taken.listId));
  const photoless = await findPhotolessDossiers(context);
  const found = [
    ...(await compareAll(context)),
    ...(await store.nameDossiers(rehashed.slice(0, maximumDifferences))),
    ...photoless.dossiers,
  ];
  const refused = await store.listRefused(taken.listId);
  for (const { dossier, name } of refused) found.push({ kind: 'set-aside', dossier, id: null, name });
  const differences = [...new Map(found.map((difference) => [difference.dossier, difference])).values()];
  await store.clearStaging(taken.runId);
  const corrupted = !intact || photoless.dossiers.length > 0;
  const { photosMissing, photosDamaged } = photoless;
  await store.finishVerification(taken, { differences, corrupted, photosMissing, photosDamaged, headRevision: head.position.revision });
  return { state: differences.length > 0 ? 'differs' : 'synced', disturbedLists: [] };
}

/**
 * Looks at every row and photo of a replica without asking the master: what was changed behind the system's back is booked as it is, so that
 * the comparison by content which follows finds exactly that. Says how the replica stands then.
 */
export async function examineReplica(context: PhotoContext): Promise<{ intact: boolean; lacksPhotos: boolean }> {
  const { store, taken } = context;
  await store.saveProgress(taken, { state: 'fetching' });
  await keepAlive(context, () => store.rehashList(taken));
  await findPhotolessDossiers(context);
  return { intact: await store.holdsPosition(taken.listId), lacksPhotos: true };
}

async function compareAll(context: FetchContext): Promise<Difference[]> {
  const { store, taken } = context;
  const buckets = (await compareBuckets(context)).map(([bucket]) => bucket);
  for (let at = 0; at < buckets.length; at += requestBuckets) await stageHashesOf(context, buckets.slice(at, at + requestBuckets));
  return store.listDifferences(taken, { buckets, limit: maximumDifferences });
}

interface PhotoContext extends Pick<FetchContext, 'store' | 'taken'> {
  photos: PhotoTarget;
  signal: AbortSignal;
}

interface Photoless {
  /** One for each photo, at most as many as a report names. */
  dossiers: Difference[];
  photosMissing: number;
  photosDamaged: number;
}

/** Photos that dossiers of the list show and that aren't whole here; noted, so that the next run fetches them. */
async function findPhotolessDossiers({ store, photos, taken, signal }: PhotoContext): Promise<Photoless> {
  const found: Photoless = { dossiers: [], photosMissing: 0, photosDamaged: 0 };
  let after = '';
  for (;;) {
    const held = await store.listHeldPhotos(taken.listId, { after, limit: photoBatch });
    const last = held.at(-1);
    if (!last) return found;
    after = last.sha256;
    const findings = await keepAlive({ store, taken }, () => photos.lacking(held, signal));
    if (findings.length === 0) continue;
    await photos.bookAbsent(findings);
    await store.saveMissingPhotos(taken, { missing: findings, present: [] });
    const faults = new Map(findings.map(({ sha256, fault }) => [sha256, fault]));
    for (const { sha256, dossier, id, name } of held) {
      const fault = faults.get(sha256);
      if (fault === undefined) continue;
      found[fault === 'absent' ? 'photosMissing' : 'photosDamaged'] += 1;
      if (found.dossiers.length < maximumDifferences)
        found.dossiers.push({ kind: fault === 'absent' ? 'photo-missing' : 'photo-damaged', dossier, id, name });
    }
  }
}
