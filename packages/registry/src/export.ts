import { query } from '@dossier/postgres/database.ts';
import type { Connection } from '@dossier/postgres/database.ts';
import { conflict } from '@dossier/runtime/errors.ts';
import { readPosition } from './positions.ts';

/** What an import file says of a dossier; `meta` as it is stored, so that no number loses digits. */
export interface ExportedDossier {
  id: number;
  external_id: string | null;
  name: string;
  comment: string;
  active: boolean;
  valid_from: string | null;
  valid_until: string | null;
  meta: string;
  /** An array of photos (domain/photo.ts) as it is stored. */
  photos: string;
}

const columns = `id, external_id, name, comment, active, valid_from::text as valid_from, valid_until::text as valid_until, meta::text as meta, photos::text as photos`;

/** The dossiers of a list in the order of their ids, in chunks; each chunk as the list is when it is read. CONFLICT if the list is emptied or deleted meanwhile. */
export async function* exportDossiers(connection: Connection, listId: number, rows: number): AsyncGenerator<ExportedDossier[]> {
  let after = 0;
  for (;;) {
    const chunk = await query<ExportedDossier>(
      connection,
      `select d.* from list_positions p cross join lateral (
         select ${columns} from dossiers where set_id = p.set_id and id > :after order by id limit :rows
       ) d where p.list_id = :listId order by d.id`,
      { listId, after, rows },
    );
    const last = chunk.at(-1);
    if (last === undefined) {
      const position = await readPosition(connection, listId);
      if (position && (after === 0 || position.dossier_count > 0)) return;
      throw conflict('The watch list was emptied or deleted while it was exported. The file is not whole.');
    }
    yield chunk;
    after = last.id;
  }
}

/** The copies of these contents, in the order in which they are given; those that are gone or changed meanwhile are left out. */
export async function exportCopies(
  connection: Connection,
  copies: readonly { readonly id: number; readonly hash: string }[],
): Promise<ExportedDossier[]> {
  return query<ExportedDossier>(
    connection,
    `select d.* from unnest(:ids::bigint[], :hashes::text[]) with ordinality w (wanted, content, place)
     cross join lateral (select ${columns} from rows_of(wanted) where hash = decode(content, 'hex') limit 1) d order by place`,
    { ids: copies.map(({ id }) => id), hashes: copies.map(({ hash }) => hash) },
  );
}

/**
 * The dossiers of these ids, in this order; copies that differ one after another. Those that are in no list, or in none of `lists` (null: all), are left
 * out.
 */
export async function exportNamed(
  connection: Connection,
  ids: readonly number[],
  lists: readonly number[] | null,
): Promise<ExportedDossier[]> {
  return query<ExportedDossier>(
    connection,
    `select d.* from unnest(:ids::bigint[]) with ordinality w (wanted, place)
     cross join lateral (
       select distinct on (copy.hash) ${columns} from rows_of(wanted) copy join list_positions p on p.set_id = copy.set_id
       where :lists::bigint[] is null or p.list_id = any(:lists::bigint[]) order by copy.hash, p.list_id
     ) d order by place`,
    { ids, lists: lists && [...lists] },
  );
}

/** Those of these ids that are in none of `lists` (null: in no list of the node), at most `limit`. */
export async function findGone(
  connection: Connection,
  ids: readonly number[],
  { lists, limit }: { lists: readonly number[] | null; limit: number },
): Promise<number[]> {
  const rows = await query<{ wanted: number }>(
    connection,
    `select wanted from unnest(:ids::bigint[]) with ordinality w (wanted, place)
     where not exists (
       select from rows_of(wanted) d join list_positions p on p.set_id = d.set_id where :lists::bigint[] is null or p.list_id = any(:lists::bigint[])
     ) order by place limit :limit`,
    { ids, lists: lists && [...lists], limit },
  );
  return rows.map(({ wanted }) => wanted);
}
