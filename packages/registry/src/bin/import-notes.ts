import type { Knex } from 'knex';
import { query } from '@dossier/postgres/database.ts';
import { contentFields } from '@dossier/protocol/rows.ts';

/** What an import keeps of a row that it changes; the rest of the row it never touches. */
export const formerColumns = ['modified_date', 'hash', ...contentFields] as const;

/**
 * Notes a batch of an import so that the import can be taken back, before the batch changes rows: its moment, which all that it writes will bear, and the
 * rows as they are, unless the import itself has made them so.
 */
export async function noteBatch(
  tx: Knex.Transaction,
  {
    auditId,
    moment,
    listId,
    setId,
    changing,
  }: { auditId: number; moment: string; listId: number; setId: number; changing: readonly string[] },
): Promise<void> {
  await query(
    tx,
    `insert into import_batches (audit_id, moment, list_id) values (:auditId, :moment::timestamptz, :listId) on conflict do nothing`,
    {
      auditId,
      moment,
      listId,
    },
  );
  if (changing.length === 0) return;
  await query(
    tx,
    `insert into import_formers (audit_id, uuid, ${formerColumns.join(', ')})
     select :auditId, uuid, ${formerColumns.join(', ')} from dossiers d
     where d.set_id = ${setId} and d.uuid = any(:changing::uuid[])
       and not exists (select from import_batches b where b.audit_id = :auditId and b.moment = d.modified_date)
     on conflict (audit_id, uuid) do update set ${formerColumns.map((column) => `${column} = excluded.${column}`).join(', ')}`,
    { auditId, changing },
  );
}
