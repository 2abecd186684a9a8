import type { Request } from 'express';
import { recordAudit } from '@dossier/accounts/audit.ts';
import type { AuditRecord } from '@dossier/accounts/audit.ts';
import { transaction } from '@dossier/postgres/database.ts';
import type { Database } from '@dossier/postgres/database.ts';
import { actorOf } from './session.ts';

/**
 * Does `work` and keeps who asked for it, both in one transaction: neither is there without the other. `describe` gives null for work
 * that changed nothing.
 */
export async function audited<Result>(
  database: Database,
  request: Request,
  work: (transaction: Database) => Promise<Result>,
  describe: (result: Result) => AuditRecord | null,
): Promise<Result> {
  return transaction(database, async (tx) => {
    const result = await work(tx);
    const record = describe(result);
    if (record !== null) await recordAudit(tx, actorOf(request), record);
    return result;
  });
}
