import { query } from '@dossier/postgres/database.ts';
import type { Connection } from '@dossier/postgres/database.ts';

/** A photo as one that a dossier shows. */
export interface ShownPhoto {
  /** Uuid. */
  dossier: string;
  sha256: string;
}

/** The lengths in bytes of those of the photos that their dossiers really show, in the list as it is now, by address. */
export async function listShownPhotos(connection: Connection, listId: number, photos: readonly ShownPhoto[]): Promise<Map<string, number>> {
  const rows = await query<{ sha256: string; bytes: number }>(
    connection,
    `select asked.sha256, (photo ->> 'bytes')::int as bytes
     from list_positions p cross join unnest(:dossiers::uuid[], :addresses::text[]) asked (uuid, sha256)
     join dossiers d on d.set_id = p.set_id and d.uuid = asked.uuid
     cross join lateral json_array_elements(case json_typeof(d.photos) when 'array' then d.photos else '[]' end) photo
     where p.list_id = :listId and photo ->> 'sha256' = asked.sha256`,
    { listId, dossiers: photos.map((photo) => photo.dossier), addresses: photos.map((photo) => photo.sha256) },
  );
  return new Map(rows.map((row) => [row.sha256, row.bytes]));
}
