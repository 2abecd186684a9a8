import { isFailure } from '@dossier/domain/failure.ts';
import type { Master } from './master.ts';
import type { PhotoTarget, ReplicaStore, TakenRun, WantedPhoto } from './ports.ts';

const batch = 500;
const concurrency = 8;
/** Photos after which progress is saved: on a slow line they are what a person watches, on a fast one it costs nothing that is felt. */
const progressEvery = 10;

export interface PhotoFetchContext {
  store: ReplicaStore;
  photos: PhotoTarget;
  master: Master;
  signal: AbortSignal;
}

/**
 * Brings the photos that a run wants and this node lacks. One that the master can't deliver is noted for later runs and doesn't stop the
 * list; a fault of the wire does. `already` counts those of earlier attempts.
 */
export async function fetchPhotos(context: PhotoFetchContext, taken: TakenRun, already: number): Promise<void> {
  const { store, photos, signal } = context;
  let wanted = await store.listWantedPhotos(taken, { after: '', limit: batch });
  if (wanted.length === 0) return;
  let fetched = already;
  const total = wanted.length < batch ? wanted.length : await store.countWantedPhotos(taken);
  await store.saveProgress(taken, { state: 'photos', photosTotal: total });
  for (;;) {
    const last = wanted.at(-1);
    if (!last) return;
    const before = fetched;
    const lacking = new Set(await photos.missing(wanted.map((photo) => photo.sha256)));
    const missing: WantedPhoto[] = [];
    await eachOf(
      wanted.filter((photo) => lacking.has(photo.sha256)),
      async (photo) => {
        if (!(await fetchPhoto(context, photo))) {
          missing.push(photo);
          return;
        }
        fetched += 1;
        if (fetched % progressEvery === 0) await store.saveProgress(taken, { photosFetched: fetched });
      },
    );
    signal.throwIfAborted();
    const gone = new Set(missing.map((photo) => photo.sha256));
    const present = wanted.map((photo) => photo.sha256).filter((sha256) => !gone.has(sha256));
    await store.saveMissingPhotos(taken, { missing, present });
    if (fetched > before) await store.saveProgress(taken, { photosFetched: fetched });
    if (wanted.length < batch) return;
    wanted = await store.listWantedPhotos(taken, { after: last.sha256, limit: batch });
  }
}

/** False if the master can't deliver it: it lacks the file, or what it holds isn't what the address says. */
async function fetchPhoto({ master, photos, signal }: PhotoFetchContext, photo: WantedPhoto): Promise<boolean> {
  const source = await master.photo({ ...photo, signal });
  if (!source) return false;
  try {
    await photos.receive(photo.sha256, source, { bytes: photo.bytes, signal });
    return true;
  } catch (error) {
    if (error instanceof Error && error.name === 'PhotoMismatch') return false;
    throw isFailure(error) || !(source.errored && isFailure(source.errored)) ? error : source.errored;
  } finally {
    source.destroy();
  }
}

/** Runs `work` for each item, a bounded number at once; after the first failure no further one is begun. */
async function eachOf<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const queue = items.values();
  let failed = false;
  const workers = Array.from({ length: concurrency }, async () => {
    for (const item of queue) {
      if (failed) return;
      try {
        await work(item);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  });
  const outcomes = await Promise.allSettled(workers);
  const failure = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failure) throw failure.reason;
}
