import { query } from '@dossier/postgres/database.ts';
import type { Connection } from '@dossier/postgres/database.ts';

/** What an import file says of a dossier; `meta` as PostgreSQL prints it, so that no number loses digits. */
export interface ExportedDossier {
  uuid: string;
  external_id: string | null;
  name: string;
  comment: string;
  active: boolean;
  meta: string;
}

/** The dossiers of a list in the order of their uuids, in chunks; each chunk as it is when it is read. */
export async function* exportDossiers(connection: Connection, listId: number, rows: number): AsyncGenerator<ExportedDossier[]> {
  let after = '00000000-0000-0000-0000-000000000000';
  for (;;) {
    const chunk = await query<ExportedDossier>(
      connection,
      `select d.uuid, d.external_id, d.name, d.comment, d.active, d.meta::text as meta
       from memberships m join dossiers d on d.uuid = m.dossier
       where m.list_id = :listId and m.dossier > :after::uuid order by m.dossier limit :rows`,
      { listId, after, rows },
    );
    const last = chunk.at(-1);
    if (last === undefined) return;
    yield chunk;
    after = last.uuid;
  }
}
