import type { Readable } from 'node:stream';
import { isFailure } from '@dossier/domain/failure.ts';
import { BundleSize, bundlesOf } from './bundle-size.ts';
import type { LinkRow } from './links.ts';
import type { Master } from './master.ts';
import { PageMemory } from './page-memory.ts';
import type { PhotoTarget } from './photo-target.ts';
import type { PhotoFinding } from '@dossier/photos/guarded-photos.ts';
import type { PhotoIdentity } from '@dossier/photos/photo-damaged.ts';
import { noteGarbage, renewNotes } from '@dossier/registry/photo-garbage.ts';
import type { Database } from '@dossier/postgres/database.ts';
import type { TakenRun } from './fence.ts';
import { countWantedPhotos, listWantedPhotos, saveMissingPhotos } from './missing-photos.ts';
import type { WantedPhoto } from './missing-photos.ts';
import { saveProgress } from './runs.ts';

const batch = 2000;
/** So many questions at once, each for one large photo or for a bundle of small ones: the next one is answered while photos are written. */
const questions = 2;
/** Of one bundle, as many are written at once: each is waited for until it is on the disk. */
const writes = 8;
/** How often progress is saved at most: a person watches it on a slow line. */
const progressEveryMs = 250;

export interface PhotoFetchContext {
  database: Database;
  link: Pick<LinkRow, 'remote_list_id'>;
  photos: PhotoTarget;
  master: Master;
  signal: AbortSignal;
}

interface BundleContext extends PhotoFetchContext {
  memory: PageMemory;
  size: BundleSize;
}

/**
 * Brings the photos that a run wants and this node lacks. One that the master can't deliver is noted for later runs and doesn't stop the
 * list; a fault of the wire does. `already` counts those of earlier attempts.
 */
export async function fetchPhotos(context: PhotoFetchContext, taken: TakenRun, already: number): Promise<void> {
  const { database, signal } = context;
  let wanted = await listWantedPhotos(database, taken, { after: '', limit: batch });
  if (wanted.length === 0) return;
  const memory = new PageMemory();
  const size = new BundleSize();
  const tellProgress = progressSaver(context, taken);
  let fetched = already;
  const total = wanted.length < batch ? wanted.length : await countWantedPhotos(database, taken);
  await saveProgress(database, taken, { state: 'photos', photosTotal: total });
  for (;;) {
    const last = wanted.at(-1);
    if (!last) return;
    const before = fetched;
    const lacking = new Set((await findLacking(context, wanted)).map((photo) => photo.sha256));
    // Noted before they come: if no row ever refers to them, they are found.
    await noteGarbage(database, [...lacking]);
    const missing: WantedPhoto[] = [];
    const note: Note = async (photo, came) => {
      if (!came) {
        missing.push(photo);
        return;
      }
      fetched += 1;
      await tellProgress(fetched);
    };
    const asked = wanted.filter((photo) => lacking.has(photo.sha256));
    await eachOf(bundlesOf(asked, size), questions, (bundle) => fetchBundle({ ...context, memory, size }, bundle, note));
    signal.throwIfAborted();
    const gone = new Set(missing.map((photo) => photo.sha256));
    const present = wanted.map((photo) => photo.sha256).filter((sha256) => !gone.has(sha256));
    await saveMissingPhotos(database, taken, { missing, present });
    if (fetched > before) await saveProgress(database, taken, { photosFetched: fetched });
    if (wanted.length < batch) return;
    wanted = await listWantedPhotos(database, taken, { after: last.sha256, limit: batch });
  }
}

/**
 * The photos that aren't whole here. A file that is there already may be another one than it was, so it is read. Those that are here stay, though no row may
 * refer to them yet.
 */
export async function findLacking(
  { database, photos, signal }: Pick<PhotoFetchContext, 'database' | 'photos' | 'signal'>,
  wanted: readonly PhotoIdentity[],
): Promise<PhotoFinding[]> {
  await renewNotes(
    database,
    wanted.map((photo) => photo.sha256),
  );
  return photos.lacking(wanted, signal);
}

/** Saves how many photos were fetched, unless it did so a moment ago. */
function progressSaver({ database }: PhotoFetchContext, taken: TakenRun): (photosFetched: number) => Promise<void> {
  let savedAt = performance.now();
  return async (photosFetched) => {
    if (performance.now() - savedAt < progressEveryMs) return;
    savedAt = performance.now();
    await saveProgress(database, taken, { photosFetched });
  };
}

type Note = (photo: WantedPhoto, came: boolean) => Promise<void>;

/** Tells of each photo of a bundle whether it came. What the master leaves out of its answer is asked for alone. */
async function fetchBundle(context: BundleContext, bundle: readonly WantedPhoto[], note: Note): Promise<void> {
  const { master, memory, size, signal } = context;
  const [first] = bundle;
  const begun = performance.now();
  if (first && bundle.length === 1) {
    const came = await fetchPhoto(context, first);
    if (came) size.adapt(first.bytes, performance.now() - begun);
    return note(first, came);
  }
  const answer = await master.photos(context.link.remote_list_id, bundle, { signal, memory: memory.take });
  size.adapt(answer.body.length, performance.now() - begun);
  await eachOf(bundle.values(), writes, async (photo) => {
    const bytes = answer.photos.get(photo.sha256);
    if (bytes === null) return note(photo, false);
    await note(photo, bytes ? await keepPhoto(context, photo, bytes) : await fetchPhoto(context, photo));
  });
  memory.giveBack(answer.body);
}

async function fetchPhoto(context: PhotoFetchContext, photo: WantedPhoto): Promise<boolean> {
  const source = await context.master.photo(context.link.remote_list_id, { ...photo, signal: context.signal });
  if (!source) return false;
  try {
    return await keepPhoto(context, photo, source);
  } catch (error) {
    throw isFailure(error) || !(source.errored && isFailure(source.errored)) ? error : source.errored;
  } finally {
    source.destroy();
  }
}

/** False if what the master holds isn't what the address says. */
async function keepPhoto({ photos, signal }: PhotoFetchContext, photo: WantedPhoto, source: Readable | Uint8Array): Promise<boolean> {
  try {
    await photos.receive(photo.sha256, source, { bytes: photo.bytes, signal });
    return true;
  } catch (error) {
    if (error instanceof Error && error.name === 'PhotoMismatch') return false;
    throw error;
  }
}

/** Runs `work` for each item of a queue, so many at once, taken when their turn comes; after the first failure no further one is begun. */
async function eachOf<Item>(queue: IteratorObject<Item>, concurrency: number, work: (item: Item) => Promise<void>): Promise<void> {
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
