import { requestBuckets } from '@dossier/protocol/feed.ts';
import type { Head } from '@dossier/protocol/feed.ts';
import type { Difference } from '@dossier/protocol/sync.ts';
import { compareBuckets, stageHashesOf } from './fetching.ts';
import type { FetchContext } from './fetching.ts';
import type { PhotoTarget } from './ports.ts';
import type { SyncOutcome } from './sync-run.ts';

/** As many differing dossiers as a report names. */
const maximumDifferences = 100;
const photoBatch = 500;

/**
 * Compares a replica with its master without changing either: every row's hash is recomputed from its columns, the presence of every
 * photo is checked, then both sides are compared bucket by bucket. Rows whose stored hash was wrong are booked anew, so that the next
 * sync sees and mends them.
 */
export async function verifyReplica(context: FetchContext & { photos: PhotoTarget }, head: Head): Promise<SyncOutcome> {
  const { store, taken } = context;
  await store.saveProgress(taken, { state: 'fetching', method: 'verify', total: head.position.count });
  await store.beginStaging(taken, { method: 'verify', phase: 'fetching', revision: 0, head: head.position });
  const rehashed = await rehash(context);
  const intact = rehashed.length === 0 && (await store.holdsPosition(taken.listId));
  const photoless = await findPhotolessDossiers(context);
  const found = [...(await compareAll(context)), ...(await store.nameDossiers(rehashed.slice(0, maximumDifferences))), ...photoless];
  const refused = await store.listRefused(taken.listId);
  for (const { dossier, name } of refused) found.push({ kind: 'set-aside', dossier, id: null, name });
  const differences = [...new Map(found.map((difference) => [difference.dossier, difference])).values()];
  await store.clearStaging(taken.runId);
  const corrupted = !intact || photoless.length > 0;
  await store.finishVerification(taken, { differences, corrupted, headRevision: head.position.revision });
  return { state: differences.length > 0 ? 'differs' : 'synced', disturbedLists: [] };
}

/**
 * Looks at every row and photo of a replica without asking the master: what was changed behind the system's back is booked as it is, so that
 * the comparison by content which follows finds exactly that. Says how the replica stands then.
 */
export async function examineReplica(
  context: Pick<FetchContext, 'store' | 'taken'> & { photos: PhotoTarget },
): Promise<{ intact: boolean; lacksPhotos: boolean }> {
  const { store, taken } = context;
  await store.saveProgress(taken, { state: 'fetching' });
  await rehash(context);
  await findPhotolessDossiers(context);
  return { intact: await store.holdsPosition(taken.listId), lacksPhotos: true };
}

const heartbeatMs = 10_000;

/** Recomputing a large list takes longer than a worker may be silent. */
async function rehash({ store, taken }: Pick<FetchContext, 'store' | 'taken'>): Promise<string[]> {
  const alive = setInterval(() => void store.saveProgress(taken, {}).catch(() => undefined), heartbeatMs);
  try {
    return await store.rehashList(taken);
  } finally {
    clearInterval(alive);
  }
}

async function compareAll(context: FetchContext): Promise<Difference[]> {
  const { store, taken } = context;
  const buckets = (await compareBuckets(context)).map(([bucket]) => bucket);
  for (let at = 0; at < buckets.length; at += requestBuckets) await stageHashesOf(context, buckets.slice(at, at + requestBuckets));
  return store.listDifferences(taken, { buckets, limit: maximumDifferences });
}

/** Photos that dossiers of the list refer to and this node doesn't have; noted, so that the next run fetches them. */
async function findPhotolessDossiers({
  store,
  photos,
  taken,
}: Pick<FetchContext, 'store' | 'taken'> & { photos: PhotoTarget }): Promise<Difference[]> {
  const found: Difference[] = [];
  let after = '';
  for (;;) {
    const held = await store.listHeldPhotos(taken.listId, { after, limit: photoBatch });
    const last = held.at(-1);
    if (!last) return found;
    after = last.sha256;
    const lacking = new Set(await photos.missing(held.map((photo) => photo.sha256)));
    if (lacking.size === 0) continue;
    await store.saveMissingPhotos(taken, { missing: held.filter((photo) => lacking.has(photo.sha256)), present: [] });
    for (const photo of held.filter((item) => lacking.has(item.sha256)).slice(0, maximumDifferences)) {
      found.push({ kind: 'photo-missing', dossier: photo.dossier, id: photo.id, name: photo.name });
    }
  }
}
