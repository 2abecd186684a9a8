import type { Knex } from 'knex';
import { ApplicationError } from '@dossier/runtime/errors.ts';
import { exchange, query } from '@dossier/postgres/database.ts';

/** The refusal of a change on a slave; names where the change can be made. */
export function readOnly(masters: readonly string[]): ApplicationError {
  const names = [...new Set(masters)].join(', ');
  return new ApplicationError('READ_ONLY', `This node replicates from ${names}; its dossiers are for reading here.`, {
    remedy: `Make the change on the master ${names}: it arrives with the next sync.`,
  });
}

const selectMasters = `select distinct remote_url from links order by remote_url`;

interface Link {
  remote_url: string;
}

function urlsOf(links: readonly Link[]): string[] {
  return links.map((link) => link.remote_url);
}

/**
 * Refuses with READ_ONLY on a node that has a link, and keeps links from being made until the transaction ends. Must be called
 * before the transaction takes any other lock.
 */
export async function requireWritable(transaction: Knex.Transaction): Promise<void> {
  const before = await query<Link>(transaction, selectMasters);
  // Looked at first without the lock, so that a refusal never waits for a sync.
  if (before.length > 0) throw readOnly(urlsOf(before));
  const [, masters = []] = await exchange(transaction, [`lock table links in share mode`, selectMasters]);
  if (masters.length > 0) throw readOnly(urlsOf(masters as Link[]));
}
