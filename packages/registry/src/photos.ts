import { dossierBounds } from '@dossier/domain/dossier.ts';
import { readPhotos } from '@dossier/domain/photo.ts';
import type { PhotoContent, ShownPhoto } from '@dossier/domain/photo.ts';
import { ApplicationError, badParam, conflict, notFound } from '@dossier/runtime/errors.ts';
import { query, queryOne, transaction } from '@dossier/postgres/database.ts';
import type { Connection, Database } from '@dossier/postgres/database.ts';
import { toPage } from '@dossier/postgres/keyset.ts';
import type { Page, PageRequest } from '@dossier/postgres/keyset.ts';
import { withPhotos } from './dossier-content.ts';
import { holdDossier, updateCopies } from './dossier-copies.ts';
import { changeOf } from './history-values.ts';
import type { Change } from './history-values.ts';
import { noteGarbage, sharePhotoStore } from './photo-garbage.ts';
import { photoId } from './photo-order.ts';
import { requireWritable } from './read-only.ts';
import { settleDamagedPhotos } from './damaged-photos.ts';

/** A photo of a dossier; its bytes are in the photo store under `sha256`. */
export interface PhotoRow {
  /** Made of the dossier's id and the address. */
  id: string;
  dossier_id: number;
  /** 64 lower-case hexadecimal digits. */
  sha256: string;
  width: number;
  height: number;
  bytes: number;
  media_type: string;
  features: string | null;
  /** As it is written in the row: ISO 8601. */
  created_date: string;
}

type FoundPhoto = PhotoRow & { place: number };

const columns = `
  d.id || '-' || (e.photo ->> 'sha256') as id, d.id as dossier_id, e.photo ->> 'sha256' as sha256, (e.photo ->> 'width')::int as width,
  (e.photo ->> 'height')::int as height, (e.photo ->> 'bytes')::int as bytes, e.photo ->> 'media_type' as media_type, e.features,
  e.photo ->> 'created_date' as created_date, e.place`;
/** The photos of a row `d` in their order. Photos that somebody wrote by hand may be none. */
const elements = `cross join lateral rows from (
    json_array_elements(case json_typeof(d.photos) when 'array' then d.photos end),
    json_array_elements_text(case json_typeof(d.features) when 'array' then d.features end)
  ) with ordinality e (photo, features, place)`;

/**
 * One page of the photos of one dossier, or of all by the ids of their dossiers; those of a dossier stand in its own order. Of several
 * copies the newest one that shows any is read.
 */
export async function listPhotos(
  connection: Connection,
  page: PageRequest & { dossierId?: number | undefined; lists?: readonly number[] | null },
): Promise<Page<PhotoRow>> {
  const { cursor, limit, dossierId, lists = null } = page;
  const backwards = cursor?.direction === 'before';
  const [place = '', sha256 = ''] = cursor?.value?.split(' ') ?? [];
  const comparison = backwards ? '<' : '>';
  const order = backwards ? 'desc' : 'asc';
  // The photo at which the page before ended may have another place now; where it is gone, the next one has its place.
  const begin = `d.id <> :id or e.place ${comparison} coalesce(
    (select o.place from json_array_elements(d.photos) with ordinality o (photo, place) where o.photo ->> 'sha256' = :sha256 limit 1),
    :place::bigint ${backwards ? '' : '- 1'})`;
  const rows = await query<FoundPhoto>(
    connection,
    `select ${columns} from (
       select id, photos, features from (
         select distinct on (d.id) d.* from list_positions p
         cross join lateral (
           select id, photos, features, modified_date from dossiers
           where set_id = p.set_id and photos::text <> '[]' and case json_typeof(photos) when 'array' then json_array_length(photos) else 0 end > 0
             ${dossierId === undefined ? '' : 'and id = :dossierId'} ${cursor ? `and id ${comparison}= :id` : ''}
           order by id ${order} limit :dossiers
         ) d where :lists::bigint[] is null or p.list_id = any(:lists::bigint[]) order by d.id ${order}, d.modified_date desc, p.list_id
       ) newest limit :dossiers
     ) d ${elements}
     where e.photo is not null ${cursor ? `and (${begin})` : ''} order by d.id ${order}, e.place ${order} limit :rows`,
    {
      dossierId: dossierId ?? null,
      lists: lists && [...lists],
      id: cursor?.id ?? null,
      sha256,
      place: place === '' ? null : Number(place),
      rows: limit + 1,
      dossiers: limit + 2,
    },
  );
  const found = toPage(rows, page, (row) => ({ value: `${row.place} ${row.sha256}`, id: row.dossier_id }));
  return { ...found, rows: found.rows.map(({ place: _place, ...row }) => row) };
}

const idPattern = /^([1-9]\d{0,14})-([0-9a-f]{64})$/;

function partsOf(id: string): { dossierId: number; sha256: string } {
  const [, dossierId, sha256] = idPattern.exec(id) ?? [];
  if (dossierId === undefined || sha256 === undefined) throw notFound('such photo');
  return { dossierId: Number(dossierId), sha256 };
}

/** The photo of this id, from the newest copy of its dossier that shows it; NOT_FOUND if there is none. */
export async function readPhoto(connection: Connection, id: string, lists: readonly number[] | null = null): Promise<PhotoRow> {
  const photo = await queryOne<FoundPhoto>(
    connection,
    `select ${columns} from rows_of(:dossierId) d join list_positions p on p.set_id = d.set_id ${elements}
     where e.photo ->> 'sha256' = :sha256 and (:lists::bigint[] is null or p.list_id = any(:lists::bigint[]))
     order by d.modified_date desc, p.list_id limit 1`,
    { ...partsOf(id), lists: lists && [...lists] },
  );
  if (!photo) throw notFound(`photo ${id.slice(0, 100)}`);
  const { place: _place, ...row } = photo;
  return row;
}

export interface PhotoAddition {
  dossierId: number;
  photo: PhotoContent;
  /** Puts the bytes into the photo store; may be called again, and before the row is sure to be kept. */
  store: () => Promise<void>;
  /** Called in the transaction, if it changes anything, with the photo as it is then, and what became of its dossier. */
  record?: (transaction: Connection, written: WrittenPhoto) => Promise<void>;
}

/** A photo as it is after it was written, or was before it was taken away, and what became of its dossier's photos; null: nothing. */
export interface WrittenPhoto {
  photo: PhotoRow;
  change: Change | null;
}

/**
 * Gives a dossier a photo, in all lists that hold it. The same bytes again are the photo that is there, whose file is written anew and whose features are
 * replaced if some are given.
 * READ_ONLY on a slave, BAD_PARAM without such a dossier, CONFLICT for a dossier that has as many photos as it may.
 */
export async function addPhoto(database: Database, addition: PhotoAddition): Promise<PhotoRow> {
  const { dossierId, photo } = addition;
  const id = photoId(dossierId, photo.sha256);
  await transaction(database, requireWritable);
  // Noted before the bytes are put: whatever happens from here on, bytes without a row will be found.
  await noteGarbage(database, [photo.sha256]);
  return transaction(database, async (tx) => {
    await sharePhotoStore(tx);
    const known = await queryOne(tx, `select from list_positions p join dossiers d on d.set_id = p.set_id and d.id = :dossierId limit 1`, {
      dossierId,
    });
    if (!known) throw noDossier(dossierId);
    // Also of one that is there already: its file may be damaged. Before any lock: a slow store keeps neither the lists nor new links waiting.
    await addition.store();
    await requireWritable(tx);
    const { copies } = await holdDossier(tx, dossierId).catch((error: unknown) => {
      throw isNotFound(error) ? noDossier(dossierId) : error;
    });
    const [newest] = copies;
    const shown = readPhotos(newest);
    const existing = shown.find((other) => other.photo.sha256 === photo.sha256);
    if (existing === undefined && shown.length >= dossierBounds.photos) {
      throw conflict(`Dossier ${dossierId} has ${shown.length} photos already, and more than ${dossierBounds.photos} are not kept.`);
    }
    await settleDamagedPhotos(tx, [photo.sha256]);
    const content = withPhotos(newest, existing === undefined ? [...shown, newlyShown(photo)] : renewFeatures(shown, photo));
    if (copies.every((copy) => copy.photos === content.photos && copy.features === content.features)) return readPhoto(tx, id);
    await updateCopies(tx, copies, content);
    const row = await readPhoto(tx, id);
    await addition.record?.(tx, { photo: row, change: changeOf(newest, content) });
    return row;
  });
}

function noDossier(id: number): ApplicationError {
  return badParam('dossier', `There is no dossier ${id}.`);
}

function isNotFound(error: unknown): boolean {
  return error instanceof ApplicationError && error.code === 'NOT_FOUND';
}

/** A photo that is given to a dossier now. */
export function newlyShown({ sha256, width, height, bytes, mediaType, features }: PhotoContent): ShownPhoto {
  return { photo: { sha256, width, height, bytes, media_type: mediaType, created_date: new Date().toISOString() }, features };
}

function renewFeatures(shown: readonly ShownPhoto[], { sha256, features }: PhotoContent): ShownPhoto[] {
  return shown.map((other) => (other.photo.sha256 === sha256 && features !== null ? { ...other, features } : other));
}

/** Takes a photo from its dossier, in all lists that hold it, and returns what it was. READ_ONLY on a slave; NOT_FOUND if there is none. */
export async function deletePhoto(database: Database, id: string): Promise<WrittenPhoto> {
  const { dossierId, sha256 } = partsOf(id);
  return transaction(database, async (tx) => {
    await requireWritable(tx);
    const { copies } = await holdDossier(tx, dossierId);
    const photo = await readPhoto(tx, id);
    const [newest] = copies;
    const left = readPhotos(newest).filter((other) => other.photo.sha256 !== sha256);
    const content = withPhotos(newest, left);
    await updateCopies(tx, copies, content);
    return { photo, change: changeOf(newest, content) };
  });
}
