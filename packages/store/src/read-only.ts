import type { Knex } from 'knex';
import { ApplicationError } from '@dossier/runtime/errors.ts';
import { query } from './database.ts';
import type { Connection } from './database.ts';

/** The refusal of a change on a slave; names where the change can be made. */
export function readOnly(masters: readonly string[]): ApplicationError {
  const names = [...new Set(masters)].join(', ');
  return new ApplicationError('READ_ONLY', `This node replicates from ${names}; its dossiers are for reading here.`, {
    remedy: `Make the change on the master ${names}: it arrives with the next sync.`,
  });
}

async function listMasters(connection: Connection): Promise<string[]> {
  const links = await query<{ remote_url: string }>(connection, `select distinct remote_url from links order by remote_url`);
  return links.map((link) => link.remote_url);
}

/**
 * Refuses with READ_ONLY on a node that has a link, and keeps links from being made until the transaction ends. Must be called
 * before the transaction takes any other lock.
 */
export async function requireWritable(transaction: Knex.Transaction): Promise<void> {
  const before = await listMasters(transaction);
  // Looked at first without the lock, so that a refusal never waits for a sync.
  if (before.length > 0) throw readOnly(before);
  await query(transaction, `lock table links in share mode`);
  const masters = await listMasters(transaction);
  if (masters.length > 0) throw readOnly(masters);
}
