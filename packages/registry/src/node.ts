import { queryOne } from '@dossier/postgres/database.ts';
import type { Connection } from '@dossier/postgres/database.ts';

/** This node's identity, made with its database and never changed. */
export async function readNodeUuid(connection: Connection): Promise<string> {
  const node = await queryOne<{ uuid: string }>(connection, `select uuid from node`);
  if (!node) throw new Error('The database has no row in the table node: it was not made by the migrations');
  return node.uuid;
}
