import { invitationMasterKey } from '@dossier/protocol/voucher.ts';
import type { SigningKey } from '@dossier/protocol/signing-key.ts';
import { query, queryOne, transaction } from '@dossier/postgres/database.ts';
import type { Connection, Database } from '@dossier/postgres/database.ts';
import type { Newcomer } from './newcomers.ts';
import { findSpeaker } from './speakers.ts';
import type { Speaker } from './speakers.ts';

/** An invitation as it is found by what its holder proves. */
export interface Invitation {
  siteId: number;
  /** Proves to its holder that this is the node which made it. */
  master: SigningKey;
  state: 'open' | 'used' | 'expired';
  usedBy: string | null;
}

export async function findInvitation(connection: Connection, codeKey: string): Promise<Invitation | null> {
  const row = await queryOne<{ site_id: number; answer_secret: Buffer; used_by: string | null; expired: boolean }>(
    connection,
    `select site_id, answer_secret, used_by, expires_date <= now() as expired from invitations where code_key = :codeKey`,
    { codeKey },
  );
  if (!row) return null;
  return {
    siteId: row.site_id,
    master: invitationMasterKey(codeKey, row.answer_secret),
    state: row.used_by === null ? (row.expired ? 'expired' : 'open') : 'used',
    usedBy: row.used_by,
  };
}

/**
 * Uses an invitation for a node's key: of several that try at once, one does. What the node was to this one before is given up, unless it was revoked. Null if it
 * was used or has expired meanwhile, or if the key was revoked.
 */
export async function useInvitation(database: Database, codeKey: string, newcomer: Newcomer): Promise<Speaker | null> {
  return transaction(database, async (tx) => {
    const open = await queryOne(
      tx,
      `select site_id from invitations where code_key = :codeKey and used_by is null and expires_date > now() for update`,
      { codeKey },
    );
    // Whoever comes second, or too late, stays what it was.
    if (!open) return null;
    await query(
      tx,
      `delete from sites where key = :key and state <> 'revoked' and id not in (select site_id from invitations where used_by = :key)`,
      {
        key: newcomer.key,
      },
    );
    await query(tx, `delete from sites where node = :node and key is null`, { node: newcomer.node });
    const used = await queryOne<{ id: number }>(
      tx,
      `with used as (
         update invitations set used_date = now(), used_by = :key
         where code_key = :codeKey and used_by is null and expires_date > now() and not exists (select from sites where key = :key or (previous_key = :key and state = 'revoked')) returning site_id
       )
       update sites set key = :key, words = :words, node = :node, state = 'accepted', state_date = now(), introduced_by = 'invitation',
         address = :address, version = :version, first_seen = now(), last_seen = now()
       from used where sites.id = used.site_id and sites.state = 'pending' returning sites.id`,
      { ...newcomer, codeKey },
    );
    return used && findSpeaker(tx, newcomer.key);
  });
}

/** Keeps what a new invitation stands for. */
export async function writeInvitation(
  tx: Connection,
  siteId: number,
  invitation: { codeKey: string; answerSecret: Buffer; minutes: number },
): Promise<void> {
  await query(
    tx,
    `insert into invitations (site_id, code_key, answer_secret, expires_date)
     values (:siteId, :codeKey, :answerSecret, now() + make_interval(mins => :minutes))`,
    { siteId, ...invitation },
  );
}
