import { query } from '@dossier/postgres/database.ts';
import type { Connection } from '@dossier/postgres/database.ts';

/** A photo as a test writes it into a row. */
export interface PhotoByHand {
  sha256: string;
  bytes: number;
  features?: string;
}

/** Gives dossiers of the node a photo more, in all lists that hold them, by SQL: triggers see to the rest. */
export async function addPhotoByHand(
  connection: Connection,
  uuids: readonly string[],
  { sha256, bytes, features }: PhotoByHand,
): Promise<void> {
  await query(
    connection,
    `update dossiers set
       photos = (photos::jsonb || jsonb_build_array(jsonb_build_object('sha256', :sha256::text, 'width', 1, 'height', 1, 'bytes', :bytes::int,
         'media_type', 'image/jpeg', 'created_date', '2026-01-01T00:00:00.000Z')))::json,
       features = case when features is null and :features::text is null then null
         else (coalesce(features::jsonb, (select coalesce(jsonb_agg(null::text), '[]') from json_array_elements(photos))) || jsonb_build_array(:features::text))::json end
     where uuid = any(:uuids::uuid[])`,
    { uuids, sha256, bytes, features: features ?? null },
  );
}

/** Takes all photos from dossiers of the node. */
export async function removePhotosByHand(connection: Connection, uuids: readonly string[]): Promise<void> {
  await query(connection, `update dossiers set photos = '[]', features = null where uuid = any(:uuids::uuid[])`, { uuids });
}
