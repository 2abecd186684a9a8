import type { Knex } from 'knex';
import type { Position } from '@dossier/domain/position.ts';
import { digestWith } from '@dossier/domain/tree.ts';
import { query, queryOne } from '@dossier/postgres/database.ts';
import { readRowHashes, readTreeNodes } from '@dossier/registry/tree.ts';
import { ApplyRefused, verifyOnTheMaster } from './apply-refused.ts';

/**
 * Refuses a set that, with what is set aside in the place of what it holds of that, isn't what the master's position says. The set's tree is whole. Throws
 * ApplyRefused.
 */
export async function requireTarget(
  tx: Knex.Transaction,
  { listId, setId }: { listId: number; setId: number },
  target: Position,
): Promise<void> {
  const found = await standingDigest(tx, { listId, setId });
  if (found.count === target.count && found.digest === target.digest) return;
  throw new ApplyRefused(
    found.count === target.count ? 'DIGEST_DIFFERS' : 'COUNT_DIFFERS',
    `The replica would have ${found.count} dossiers and the digest ${found.digest}, the master has ${target.count} and ${target.digest}.`,
    verifyOnTheMaster,
  );
}

async function standingDigest(
  tx: Knex.Transaction,
  { listId, setId }: { listId: number; setId: number },
): Promise<{ count: number; digest: string }> {
  const aside = await query<{ uuid: string; hash: string }>(
    tx,
    `select uuid, encode(hash, 'hex') as hash from set_aside where list_id = :listId`,
    { listId },
  );
  if (aside.length > 0) {
    return digestWith(new Map(aside.map(({ uuid, hash }) => [uuid, hash])), {
      nodes: (prefixes) => readTreeNodes(tx, setId, prefixes),
      rows: (prefix, limit) => readRowHashes(tx, setId, { prefix, limit }),
    });
  }
  const own = await queryOne<{ count: number; digest: string }>(
    tx,
    `select coalesce((select count from tree_nodes where set_id = ${setId} and prefix = ''), 0) as count, encode(set_digest(${setId}), 'hex') as digest`,
  );
  if (!own) throw new Error('a select without a table gave no row');
  return own;
}
