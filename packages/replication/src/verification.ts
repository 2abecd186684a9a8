import type { PhotoFinding } from '@dossier/photos/guarded-photos.ts';
import type { PhotoIdentity } from '@dossier/photos/photo-damaged.ts';
import type { Head } from '@dossier/protocol/feed.ts';
import type { Difference } from '@dossier/protocol/sync.ts';
import type { PhotoTarget } from './photo-target.ts';
import { query, queryOne } from '@dossier/postgres/database.ts';
import type { Connection, Database } from '@dossier/postgres/database.ts';
import { settleDigest } from '@dossier/registry/positions.ts';
import { compareRows, walkDifferences } from './comparison.ts';
import { recomputeList } from './deep-verification.ts';
import type { TakenRun } from './fence.ts';
import { readDeclarationHash } from './list-declaration.ts';
import { saveMissingPhotos } from './missing-photos.ts';
import type { WantedPhoto } from './missing-photos.ts';
import type { FetchContext } from './receive.ts';
import { finishVerification } from './run-endings.ts';
import { saveProgress } from './runs.ts';
import { listRefused } from './set-aside.ts';

/** As many differing dossiers as a report names. */
const maximumDifferences = 100;
const photoRows = 2000;
/**
 * So many photos aren't read again for other dossiers that show them: a picture that stands for a missing one is shown by many, and what is damaged is set
 * apart at the first look.
 */
const photosInMind = 10_000;

type Verified = Pick<FetchContext, 'database' | 'taken' | 'signal'> & { photos: PhotoTarget };

/**
 * Compares a replica with its master without changing either: every row's hash is recomputed from its columns, the file of every
 * photo is read and hashed, then the trees of both sides are walked where they differ. Rows whose stored hash was wrong are booked anew, so that the next
 * sync sees and mends them. True if nothing differs.
 */
export async function verifyReplica(context: FetchContext & { photos: PhotoTarget }, head: Head): Promise<boolean> {
  const { database, taken } = context;
  await saveProgress(database, taken, { state: 'fetching', method: 'verify', total: head.position.count });
  const rehashed = await recomputeList(database, taken);
  const intact = rehashed.length === 0 && (await holdsPosition(database, taken.listId));
  const photoless = await findPhotolessDossiers(context);
  const found = [
    ...(await compareAll(context)),
    ...(await nameDossiers(database, taken.listId, rehashed.slice(0, maximumDifferences), 'changed')),
    ...photoless.dossiers,
  ];
  const refused = await listRefused(database, taken.listId);
  for (const { dossier, name } of refused) found.push({ kind: 'set-aside', dossier, id: null, name });
  const differences = [...new Map(found.map((difference) => [difference.dossier, difference])).values()];
  const corrupted = !intact || photoless.dossiers.length > 0;
  const declarationDiffers = (await readDeclarationHash(database, taken.listId)) !== head.declaration_hash;
  const { photosMissing, photosDamaged } = photoless;
  await finishVerification(database, taken, {
    differences,
    declarationDiffers,
    corrupted,
    photosMissing,
    photosDamaged,
    headRevision: head.position.revision,
  });
  return differences.length === 0 && !declarationDiffers;
}

/**
 * Looks at every row and photo of a replica without asking the master: what was changed behind the system's back is booked as it is, so that
 * the comparison by content which follows finds exactly that. Says how the replica stands then.
 */
export async function examineReplica({ database, taken, photos, signal }: Verified): Promise<{ intact: boolean; lacksPhotos: boolean }> {
  await saveProgress(database, taken, { state: 'fetching' });
  await recomputeList(database, taken);
  await findPhotolessDossiers({ database, taken, photos, signal });
  return { intact: await holdsPosition(database, taken.listId), lacksPhotos: true };
}

/** Whether the list's rows still are what its last verified sync left; false before the first one. */
async function holdsPosition(connection: Connection, listId: number): Promise<boolean> {
  const row = await queryOne<{ holds: boolean }>(
    connection,
    `select holds_position(k) as holds from links k where slave_list_id = :listId`,
    {
      listId,
    },
  );
  return row?.holds ?? false;
}

async function compareAll({ database, taken, master, link, signal }: FetchContext): Promise<Difference[]> {
  await settleDigest(database, taken.listId);
  const setId = await readSet(database, taken);
  const found: Difference[] = [];
  for await (const part of walkDifferences({ master, link, setId, connection: database, signal })) {
    const { extra, missing, changed } = await compareRows(database, { setId, listId: taken.listId, part });
    const left = maximumDifferences - found.length;
    found.push(
      ...(await nameDossiers(database, taken.listId, changed.slice(0, left), 'changed')),
      ...(await nameDossiers(database, taken.listId, extra.slice(0, left), 'unexpected')),
      ...missing.slice(0, left).map((dossier): Difference => ({ kind: 'missing', dossier, id: null, name: null })),
    );
    if (found.length >= maximumDifferences) break;
  }
  return found.slice(0, maximumDifferences);
}

async function readSet(connection: Connection, { listId }: TakenRun): Promise<number> {
  const row = await queryOne<{ set_id: number }>(connection, `select set_id from list_positions where list_id = :listId`, { listId });
  if (!row) throw new Error(`list ${listId} has no position`);
  return row.set_id;
}

/** The given dossiers of a list as differences of one kind. */
async function nameDossiers(
  connection: Connection,
  listId: number,
  dossiers: readonly string[],
  kind: 'changed' | 'unexpected' | 'photo-missing' | 'photo-damaged',
): Promise<Difference[]> {
  if (dossiers.length === 0) return [];
  return query<Difference>(
    connection,
    `select :kind as kind, u.dossier, d.id, d.name
     from unnest(:dossiers::uuid[]) as u (dossier) join list_positions p on p.list_id = :listId
     left join dossiers d on d.set_id = p.set_id and d.uuid = u.dossier`,
    { kind, dossiers, listId },
  );
}

interface Photoless {
  /** As many as a report names. */
  dossiers: Difference[];
  photosMissing: number;
  photosDamaged: number;
}

/**
 * Photos that dossiers of the list show and that aren't whole here; noted, so that the next run fetches them. A photo counts once, and is told for each
 * dossier that shows it.
 */
async function findPhotolessDossiers({ database, taken, photos, signal }: Verified): Promise<Photoless> {
  const found: Photoless = { dossiers: [], photosMissing: 0, photosDamaged: 0 };
  const setId = await readSet(database, taken);
  const known = new Map<string, PhotoFinding['fault'] | null>();
  let after = '00000000-0000-0000-0000-000000000000';
  for (;;) {
    const rows = await listShownPhotos(database, { setId, after, limit: photoRows });
    const last = rows.at(-1);
    if (!last) return found;
    after = last.dossier;
    const shown = rows.flatMap(({ dossier, photos: entries }) => entries.map((entry): WantedPhoto => ({ ...entry, dossier })));
    const unknown = new Map(shown.filter((photo) => !known.has(keyOf(photo))).map((photo) => [keyOf(photo), photo]));
    const findings = await photos.lacking([...unknown.values()], signal);
    const faults = new Map(findings.map((finding) => [keyOf(finding), finding.fault]));
    const faultOf = (photo: PhotoIdentity) => faults.get(keyOf(photo)) ?? known.get(keyOf(photo)) ?? null;
    if (findings.length > 0) {
      await photos.bookAbsent(findings);
      const missing = new Map(findings.flatMap((finding) => unknown.get(keyOf(finding)) ?? []).map((photo) => [photo.sha256, photo]));
      await saveMissingPhotos(database, taken, { missing: [...missing.values()], present: [] });
      const absent = findings.filter(({ fault }) => fault === 'absent').length;
      found.photosMissing += absent;
      found.photosDamaged += findings.length - absent;
    }
    const photoless = shown.filter((photo) => faultOf(photo) !== null);
    for (const kind of ['photo-missing', 'photo-damaged'] as const) {
      const ofKind = photoless.filter((photo) => (faultOf(photo) === 'absent') === (kind === 'photo-missing'));
      const left = maximumDifferences - found.dossiers.length;
      const dossiers = [...new Set(ofKind.map(({ dossier }) => dossier))].slice(0, left);
      found.dossiers.push(...(await nameDossiers(database, taken.listId, dossiers, kind)));
    }
    for (const [key] of unknown) if (known.size < photosInMind) known.set(key, faults.get(key) ?? null);
  }
}

/** A photo as a row shows it: another length is another claim. */
function keyOf({ sha256, bytes }: PhotoIdentity): string {
  return `${sha256} ${bytes}`;
}

async function listShownPhotos(
  database: Database,
  { setId, ...page }: { setId: number; after: string; limit: number },
): Promise<{ dossier: string; photos: { sha256: string; bytes: number }[] }[]> {
  return query(
    database,
    `select uuid as dossier, photos from dossiers where set_id = ${setId} and uuid > :after::uuid order by uuid limit :limit`,
    page,
  );
}
