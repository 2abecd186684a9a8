import type { PhotoContent } from '@dossier/domain/photo.ts';
import { dossierBounds } from '@dossier/domain/dossier.ts';
import { badParam, conflict, notFound } from '@dossier/runtime/errors.ts';
import { settleDamagedPhotos } from './damaged-photos.ts';
import { query, queryOne, transaction } from './database.ts';
import type { Connection, Database } from './database.ts';
import { toPage } from './keyset.ts';
import type { Page, PageRequest } from './keyset.ts';
import { noteGarbage, sharePhotoStore } from './photo-garbage.ts';
import { requireWritable } from './read-only.ts';

/** A photo of a dossier; its bytes are in the photo store under `sha256`. */
export interface PhotoRow {
  id: number;
  dossier_id: number;
  /** 64 lower-case hexadecimal digits. */
  sha256: string;
  width: number;
  height: number;
  bytes: number;
  media_type: string;
  features: string | null;
  created_date: Date;
}

const columns = `
  p.id, d.id as dossier_id, encode(p.sha256, 'hex') as sha256, p.width, p.height, p.bytes, p.media_type, p.features, p.created_date
  from photos p join dossiers d on d.uuid = p.dossier`;

/** One page of the photos of one dossier, or of all, by id. */
export async function listPhotos(connection: Connection, page: PageRequest & { dossierId?: number | undefined }): Promise<Page<PhotoRow>> {
  const backwards = page.cursor?.direction === 'before';
  const conditions = ['true'];
  if (page.dossierId !== undefined) conditions.push('d.id = :dossierId');
  if (page.cursor) conditions.push(`p.id ${backwards ? '<' : '>'} :id`);
  const rows = await query<PhotoRow>(
    connection,
    `select ${columns} where ${conditions.join(' and ')} order by p.id ${backwards ? 'desc' : 'asc'} limit :rows`,
    { dossierId: page.dossierId ?? null, id: page.cursor?.id ?? null, rows: page.limit + 1 },
  );
  return toPage(rows, page, (row) => ({ value: null, id: row.id }));
}

/** The photo of this id; NOT_FOUND if there is none. */
export async function readPhoto(connection: Connection, id: number): Promise<PhotoRow> {
  const photo = await queryOne<PhotoRow>(connection, `select ${columns} where p.id = :id`, { id });
  if (!photo) throw notFound(`photo ${id}`);
  return photo;
}

export interface PhotoAddition {
  dossierId: number;
  photo: PhotoContent;
  /** Puts the bytes into the photo store; may be called again, and before the row is sure to be kept. */
  store: () => Promise<void>;
  /** Called in the transaction, if it changes anything, with the photo as it is then. */
  record?: (transaction: Connection, photo: PhotoRow) => Promise<void>;
}

/**
 * Gives a dossier a photo. The same bytes again are the photo that is there, whose file is written anew and whose features are replaced if some are given. READ_ONLY
 * on a slave, BAD_PARAM without such a dossier, CONFLICT for a dossier that has as many photos as it may.
 */
export async function addPhoto(database: Database, addition: PhotoAddition): Promise<PhotoRow> {
  const { dossierId, photo } = addition;
  const sha256 = Buffer.from(photo.sha256, 'hex');
  // Noted before the bytes are put: whatever happens from here on, bytes without a row will be found.
  await noteGarbage(database, [photo.sha256]);
  return transaction(database, async (tx) => {
    const readRecorded = async (id: number): Promise<PhotoRow> => {
      const row = await readPhoto(tx, id);
      await addition.record?.(tx, row);
      return row;
    };
    await sharePhotoStore(tx);
    await requireWritable(tx);
    const dossier = await queryOne<{ uuid: string; photo_count: number }>(
      tx,
      `select uuid, photo_count from dossiers where id = :dossierId for update`,
      { dossierId },
    );
    if (!dossier) throw badParam('dossier', `There is no dossier ${dossierId}.`);
    const { uuid } = dossier;
    const existing = await queryOne<{ id: number; features: string | null }>(
      tx,
      `select id, features from photos where dossier = :uuid and sha256 = :sha256`,
      { uuid, sha256 },
    );
    if (existing) {
      // Its file may be damaged.
      await addition.store();
      await settleDamagedPhotos(tx, [photo.sha256]);
      if (photo.features === null || photo.features === existing.features) return readPhoto(tx, existing.id);
      await query(tx, `update photos set features = :features where dossier = :uuid and sha256 = :sha256`, {
        uuid,
        sha256,
        features: photo.features,
      });
      await touchDossier(tx, uuid);
      return readRecorded(existing.id);
    }
    if (dossier.photo_count >= dossierBounds.photos) {
      throw conflict(`Dossier ${dossierId} has ${dossier.photo_count} photos already, and more than ${dossierBounds.photos} are not kept.`);
    }
    await addition.store();
    await settleDamagedPhotos(tx, [photo.sha256]);
    const made = await queryOne<{ id: number }>(
      tx,
      `insert into photos (dossier, sha256, width, height, bytes, media_type, features)
       values (:uuid, :sha256, :width, :height, :bytes, :mediaType, :features) returning id`,
      { ...photo, uuid, sha256 },
    );
    if (!made) throw new Error('insert returned no row');
    await touchDossier(tx, uuid);
    return readRecorded(made.id);
  });
}

/** Takes a photo from its dossier and returns what it was. READ_ONLY on a slave; NOT_FOUND if there is none. */
export async function deletePhoto(database: Database, id: number): Promise<PhotoRow> {
  return transaction(database, async (tx) => {
    await requireWritable(tx);
    const held = await queryOne<{ uuid: string }>(
      tx,
      `select uuid from dossiers where uuid = (select dossier from photos where id = :id) for update`,
      { id },
    );
    if (!held) throw notFound(`photo ${id}`);
    const photo = await readPhoto(tx, id);
    await query(tx, `delete from photos where id = :id`, { id });
    await touchDossier(tx, held.uuid);
    return photo;
  });
}

async function touchDossier(connection: Connection, uuid: string): Promise<void> {
  await query(connection, `update dossiers set modified_date = clock_timestamp() where uuid = :uuid`, { uuid });
}
