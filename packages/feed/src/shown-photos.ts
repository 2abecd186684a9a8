import { query } from '@dossier/postgres/database.ts';
import type { Connection } from '@dossier/postgres/database.ts';

/** A photo as one that a dossier shows. */
export interface ShownPhoto {
  /** Uuid. */
  dossier: string;
  sha256: string;
}

/** The addresses of those of the photos that their dossiers really show, in the list as it is now. */
export async function listShownPhotos(connection: Connection, listId: number, photos: readonly ShownPhoto[]): Promise<Set<string>> {
  const rows = await query<{ sha256: string }>(
    connection,
    `select asked.sha256
     from list_positions p cross join unnest(:dossiers::uuid[], :addresses::text[]) asked (uuid, sha256)
     join dossiers d on d.set_id = p.set_id and d.uuid = asked.uuid
     where p.list_id = :listId and exists (
       select from json_array_elements(case json_typeof(d.photos) when 'array' then d.photos else '[]' end) photo
       where photo ->> 'sha256' = asked.sha256)`,
    { listId, dossiers: photos.map((photo) => photo.dossier), addresses: photos.map((photo) => photo.sha256) },
  );
  return new Set(rows.map((row) => row.sha256));
}
