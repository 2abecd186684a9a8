import { createHash, randomUUIDv7 } from 'node:crypto';
import type { Json } from '@dossier/domain/dossier.ts';
import { photosText } from '@dossier/domain/photo.ts';
import type { PhotoContent } from '@dossier/domain/photo.ts';
import type { Knex } from 'knex';
import { CopyIn } from '@dossier/postgres/copy-in.ts';
import type { RawConnection } from '@dossier/postgres/copy-in.ts';
import type { Cell } from '@dossier/postgres/copy-line.ts';
import { exchange, query, sqlState, transaction } from '@dossier/postgres/database.ts';
import type { Connection } from '@dossier/postgres/database.ts';

/** One dossier as an import brings it. What is undefined keeps its value in a known dossier and has its default in a new one. */
export interface ImportedDossier {
  readonly externalId: string | null;
  readonly name: string;
  readonly comment: string | undefined;
  readonly active: boolean | undefined;
  readonly meta: Readonly<Record<string, Json>> | undefined;
  /** The whole set, each photo once; their bytes must be in the photo store. */
  readonly photos: readonly PhotoContent[] | undefined;
}

export interface ImportCounts {
  /** Dossiers that the list did not hold before. */
  added: number;
  /** Dossiers of the list whose content differs now. */
  changed: number;
  unchanged: number;
}

interface Known {
  uuid: string;
  external_id: string;
  member: boolean;
}

/** Held by an import while it writes. */
const importLock = 0x0f071;

/** What is known of an import's dossiers is looked up by their keys: the planner would read whole tables for each batch. */
const enterImport = [`set local enable_seqscan = off`, `select pg_advisory_xact_lock(:importLock)`];

export interface Import {
  readonly listId: number;
  readonly dossiers: readonly ImportedDossier[];
  /** Called while the server is at work on rows that were sent: what is done meanwhile costs no time. Perhaps never, perhaps more than once. */
  readonly meanwhile?: () => void;
}

/**
 * Writes the dossiers into the list in one transaction (or as part of the one given). Imports take turns from here to the commit: two of the same people
 * would wait for each other, row by row, until PostgreSQL ends one of them. A known `external_id` is updated where it
 * differs and joins the list; the same one further down in `dossiers` updates the earlier. Dossiers without one are always new.
 */
export async function importDossiers(connection: Connection, { listId, dossiers, meanwhile }: Import): Promise<ImportCounts> {
  return transaction(connection, async (trx) => {
    await exchange(trx, enterImport, { importLock });
    const counts: ImportCounts = { added: 0, changed: 0, unchanged: 0 };
    for (const wave of wavesOf(dossiers)) {
      const { added, changed, unchanged } = await importWave(trx, { listId, dossiers: wave, meanwhile: meanwhile ?? nothing });
      counts.added += added;
      counts.changed += changed;
      counts.unchanged += unchanged;
    }
    return counts;
  });
}

function nothing(): void {
  // whoever imports has nothing to do meanwhile
}

/** True if somebody else made a dossier of the same `external_id` at the same moment: the transaction succeeds when run again. */
export function isImportCollision(error: unknown): boolean {
  return (
    sqlState(error) === '23505' && error instanceof Error && 'constraint' in error && error.constraint === 'dossiers_external_id_unique'
  );
}

/** Cuts the dossiers, in their order, into parts in which no external id is met twice. */
function wavesOf(dossiers: readonly ImportedDossier[]): ImportedDossier[][] {
  const waves: ImportedDossier[][] = [[]];
  let seen = new Set<string>();
  for (const dossier of dossiers) {
    if (dossier.externalId !== null && seen.has(dossier.externalId)) {
      waves.push([]);
      seen = new Set();
    }
    if (dossier.externalId !== null) seen.add(dossier.externalId);
    waves.at(-1)?.push(dossier);
  }
  return waves;
}

async function importWave(trx: Knex.Transaction, { listId, dossiers: wave, meanwhile }: Required<Import>): Promise<ImportCounts> {
  const externalIds = wave.flatMap((dossier) => dossier.externalId ?? []);
  const known = await lockKnown(trx, listId, externalIds);
  const uuidOf = new Map(known.map((row) => [row.external_id, row.uuid]));
  const fresh = wave.filter((dossier) => dossier.externalId === null || !uuidOf.has(dossier.externalId));
  const freshUuids = await insertDossiers(trx, fresh, meanwhile);
  await lockLists(
    trx,
    listId,
    known.map((row) => row.uuid),
  );
  await insertPhotos(
    trx,
    fresh.map((dossier, index) => ({ uuid: freshUuids[index] ?? '', photos: dossier.photos ?? [] })),
  );
  const updates = wave.flatMap((dossier) => {
    const uuid = dossier.externalId === null ? undefined : uuidOf.get(dossier.externalId);
    return uuid === undefined ? [] : [{ ...dossier, uuid }];
  });
  const photosChanged = await replacePhotos(trx, updates);
  // The statement goes out before anything else is begun.
  if (updates.length > 0) setImmediate(meanwhile);
  const changed = await updateDossiers(trx, updates, photosChanged);
  const joining = known.filter((row) => !row.member).map((row) => row.uuid);
  await insertMemberships(trx, listId, [...freshUuids, ...joining]);
  const added = freshUuids.length + joining.length;
  for (const uuid of joining) changed.delete(uuid);
  return { added, changed: changed.size, unchanged: wave.length - added - changed.size };
}

/** Locks, in the order of uuids, which is everybody's order. */
async function lockKnown(trx: Connection, listId: number, externalIds: readonly string[]): Promise<Known[]> {
  if (externalIds.length === 0) return [];
  const known = await query<Pick<Known, 'uuid' | 'external_id'>>(
    trx,
    `select uuid, external_id from dossiers where external_id = any(:externalIds::text[]) order by uuid for update`,
    { externalIds },
  );
  if (known.length === 0) return [];
  // Asked for after the locks, because a membership can't come or go while its dossier is locked.
  const members = await query<{ dossier: string }>(
    trx,
    `select dossier from memberships where list_id = :listId and dossier = any(:uuids::uuid[])`,
    { listId, uuids: known.map((row) => row.uuid) },
  );
  const memberUuids = new Set(members.map((row) => row.dossier));
  return known.map((row) => ({ ...row, member: memberUuids.has(row.uuid) }));
}

/** Locks all lists that this wave may change at once, by id. Where all is new it is the one list, which drawing revisions locks. */
async function lockLists(trx: Connection, listId: number, uuids: readonly string[]): Promise<void> {
  if (uuids.length === 0) return;
  await query(
    trx,
    `select from list_positions
     where list_id = :listId or list_id in (select list_id from memberships where dossier = any(:uuids::uuid[]))
     order by list_id for no key update`,
    { listId, uuids },
  );
}

const insertedColumns = 'uuid, name, comment, active, meta, external_id, photo_count, photos_hash';

/** Inserts new dossiers with the hash of the photos that they are about to get; returns their uuids in the same order. */
async function insertDossiers(trx: Knex.Transaction, dossiers: readonly ImportedDossier[], meanwhile: () => void): Promise<string[]> {
  if (dossiers.length === 0) return [];
  // Of the version that the database's own new_uuid() makes, so that new rows stay side by side in an index.
  const uuids = dossiers.map(() => randomUUIDv7());
  const connection = (await trx.client.acquireConnection()) as RawConnection;
  await connection.query(new CopyIn(`dossiers (${insertedColumns})`, freshRows(uuids, dossiers), meanwhile)).done;
  return uuids;
}

function* freshRows(uuids: readonly string[], dossiers: readonly ImportedDossier[]): Generator<Cell[]> {
  for (const [index, { name, comment = '', active = true, meta = {}, externalId, photos = [] }] of dossiers.entries()) {
    yield [uuids[index] ?? '', name, comment, active, JSON.stringify(meta), externalId, photos.length, `\\x${photosHash(photos)}`];
  }
}

function photosHash(photos: readonly PhotoContent[]): string {
  return photos.length === 0 ? '' : createHash('sha256').update(photosText(photos)).digest('hex');
}

interface PhotoSet {
  readonly uuid: string;
  readonly photos: readonly PhotoContent[];
}

/** Inserts those photos that their dossiers don't have yet; returns the dossiers that got one. */
async function insertPhotos(trx: Connection, sets: readonly PhotoSet[]): Promise<string[]> {
  const rows = sets.flatMap(({ uuid, photos }) => photos.map((photo) => ({ uuid, photo })));
  if (rows.length === 0) return [];
  const inserted = await query<{ dossier: string }>(
    trx,
    `insert into photos (dossier, sha256, width, height, bytes, media_type, features)
     select dossier, decode(sha256, 'hex'), width, height, bytes, media_type, features
     from unnest(:dossiers::uuid[], :sha256s::text[], :widths::int[], :heights::int[], :bytes::int[], :mediaTypes::text[], :features::text[])
       as photo(dossier, sha256, width, height, bytes, media_type, features)
     on conflict do nothing
     returning dossier`,
    {
      dossiers: rows.map((row) => row.uuid),
      sha256s: rows.map((row) => row.photo.sha256),
      widths: rows.map((row) => row.photo.width),
      heights: rows.map((row) => row.photo.height),
      bytes: rows.map((row) => row.photo.bytes),
      mediaTypes: rows.map((row) => row.photo.mediaType),
      features: rows.map((row) => row.photo.features),
    },
  );
  return inserted.map((row) => row.dossier);
}

type Update = ImportedDossier & { uuid: string };

/** Makes the photos of known dossiers the sets that were given, where one was given; returns the dossiers that differed. */
async function replacePhotos(trx: Connection, updates: readonly Update[]): Promise<Set<string>> {
  const sets = updates.flatMap(({ uuid, photos }) => (photos === undefined ? [] : [{ uuid, photos }]));
  if (sets.length === 0) return new Set();
  const kept = sets.flatMap(({ uuid, photos }) => photos.map((photo) => ({ uuid, sha256: photo.sha256 })));
  const removed = await query<{ dossier: string }>(
    trx,
    `delete from photos p
     where p.dossier = any(:uuids::uuid[]) and not exists (
       select from unnest(:keptDossiers::uuid[], :keptPhotos::text[]) as kept(dossier, sha256)
       where kept.dossier = p.dossier and decode(kept.sha256, 'hex') = p.sha256)
     returning p.dossier`,
    {
      uuids: sets.map((set) => set.uuid),
      keptDossiers: kept.map((row) => row.uuid),
      keptPhotos: kept.map((row) => row.sha256),
    },
  );
  return new Set([...removed.map((row) => row.dossier), ...(await insertPhotos(trx, sets))]);
}

/** Updates the rows that differ, and the date of those whose photos did; returns both. */
async function updateDossiers(trx: Connection, updates: readonly Update[], photosChanged: ReadonlySet<string>): Promise<Set<string>> {
  if (updates.length === 0) return new Set();
  // Equal jsonb may print differently (1.0, 1.00), and what it prints is what is hashed.
  const rows = await query<{ uuid: string }>(
    trx,
    `update dossiers d
     set name = line.name,
         comment = coalesce(line.comment, d.comment),
         active = coalesce(line.active, d.active),
         meta = coalesce(line.meta, d.meta),
         modified_date = now()
     from unnest(:uuids::uuid[], :names::text[], :comments::text[], :actives::boolean[], :metas::jsonb[], :photosChanged::boolean[])
       as line(uuid, name, comment, active, meta, photos_changed)
     where d.uuid = line.uuid and (line.photos_changed or line.name <> d.name or line.comment <> d.comment
       or line.active <> d.active or line.meta::text <> d.meta::text)
     returning d.uuid`,
    {
      uuids: updates.map((update) => update.uuid),
      names: updates.map((update) => update.name),
      comments: updates.map((update) => update.comment ?? null),
      actives: updates.map((update) => update.active ?? null),
      metas: updates.map((update) => (update.meta === undefined ? null : JSON.stringify(update.meta))),
      photosChanged: updates.map((update) => photosChanged.has(update.uuid)),
    },
  );
  return new Set(rows.map((row) => row.uuid));
}

/**
 * Adds dossiers to the list that are not in it. Their revisions are drawn here, as one block, and inserted with the rows: left to
 * the trigger, each row would be written twice.
 */
async function insertMemberships(trx: Connection, listId: number, uuids: readonly string[]): Promise<void> {
  if (uuids.length === 0) return;
  await query(
    trx,
    `with joining as materialized (
       select d.uuid, hash_high(d.hash) as high, hash_low(d.hash) as low, row_number() over (order by d.uuid) as ordinal
       from dossiers d where d.uuid = any(:uuids::uuid[])
     ),
     block as materialized (
       select draw_revisions(:listId, count(*), count(*), bit_xor(high), bit_xor(low)) as first_revision from joining
     )
     insert into memberships (list_id, dossier, revision, hash_high, hash_low)
     select :listId, joining.uuid, block.first_revision + joining.ordinal - 1, joining.high, joining.low
     from joining cross join block`,
    { listId, uuids },
  );
}
