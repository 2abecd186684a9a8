import type { Knex } from 'knex';
import { query, queryOne } from '@dossier/postgres/database.ts';
import type { Connection } from '@dossier/postgres/database.ts';
import { declarationChange } from '@dossier/registry/watch-lists.ts';

/** Gives a replica what its master's list declares, and keeps what became of it as the deed of this run. Part of the transaction that changes the list. */
export async function declare(
  tx: Knex.Transaction,
  { runId, listId }: { runId: number; listId: number },
  declaration: string,
): Promise<void> {
  const changed = await queryOne<{ before: string }>(
    tx,
    `update watch_lists l set declaration = :declaration, modified_date = clock_timestamp()
     from watch_lists old where l.id = :listId and old.id = l.id and old.declaration::text <> :declaration returning old.declaration::text as before`,
    { listId, declaration },
  );
  const change = changed && declarationChange(changed.before, declaration);
  if (!change) return;
  await query(
    tx,
    `insert into history (object, kind, run_id, list_id, master, before, after)
     select l.uuid, 'changed', :runId, l.id, k.remote_url, :before, :after from watch_lists l join links k on k.slave_list_id = l.id where l.id = :listId`,
    { ...change, runId, listId },
  );
}

/** The hash of what a list declares, 64 hexadecimal digits. */
export async function readDeclarationHash(connection: Connection, listId: number): Promise<string | null> {
  const list = await queryOne<{ hash: string }>(
    connection,
    `select encode(declaration_hash(declaration), 'hex') as hash from watch_lists where id = :listId`,
    { listId },
  );
  return list?.hash ?? null;
}
