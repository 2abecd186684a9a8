import { invitationMasterKey } from '@dossier/protocol/voucher.ts';
import type { SigningKey } from '@dossier/protocol/signing-key.ts';
import type { SiteState } from '@dossier/protocol/site.ts';
import { query, queryOne, transaction } from '@dossier/postgres/database.ts';
import type { Connection, Database } from '@dossier/postgres/database.ts';
import type { Newcomer } from './newcomers.ts';
import { findSpeaker, isTaken } from './speakers.ts';
import type { Speaker } from './speakers.ts';
import { noteWithdrawals } from './withdrawals.ts';

/** An invitation as it is found by what its holder proves. */
export interface Invitation {
  siteId: number;
  /** Proves to its holder that this is the node which made it. */
  master: SigningKey;
  state: 'open' | 'used' | 'expired';
  usedBy: string | null;
  /** Whether it was used so long ago that who used it is known by its key alone. */
  isPast: boolean;
}

/** For so long after a code was used its holder may greet with it once more, as one whose answer was lost does. */
const greetingMinutes = 30;

export async function findInvitation(connection: Connection, codeKey: string): Promise<Invitation | null> {
  const row = await queryOne<{ site_id: number; answer_secret: Buffer; used_by: string | null; expired: boolean; past: boolean }>(
    connection,
    `select site_id, answer_secret, used_by, expires_date <= now() as expired,
       coalesce(used_date < now() - make_interval(mins => :greetingMinutes), false) as past
     from invitations where code_key = :codeKey`,
    { codeKey, greetingMinutes },
  );
  if (!row) return null;
  return {
    siteId: row.site_id,
    master: invitationMasterKey(codeKey, row.answer_secret),
    state: row.used_by === null ? (row.expired ? 'expired' : 'open') : 'used',
    usedBy: row.used_by,
    isPast: row.past,
  };
}

/** What an invitation was used for. */
export interface UsedInvitation {
  speaker: Speaker;
  /** What the node's entry was before, where it had one: that goes on, under the name and with the lists of the invitation. */
  former: { name: string; lists: number[] | null } | null;
}

interface Entry {
  id: number;
  name: string;
  lists: number[] | null;
}

/**
 * Uses an invitation for a node's key: of several that try at once, one does. A node that has an entry by this key keeps it, with what it has shown, holds and was told. It
 * waits for a person if another site is the node that it says to be. Null if the invitation was used or has expired meanwhile, or if the key was revoked: then nothing has changed.
 */
export async function useInvitation(database: Database, codeKey: string, newcomer: Newcomer): Promise<UsedInvitation | null> {
  return transaction(database, async (tx) => {
    const invited = await queryOne<Entry>(
      tx,
      `select s.id, s.name, array_to_json(s.lists) as lists from invitations i join sites s on s.id = i.site_id
       where i.code_key = :codeKey and i.used_by is null and i.expires_date > now() and s.state = 'pending' for update`,
      { codeKey },
    );
    // Whoever comes second, or too late, stays what it was.
    if (!invited) return null;
    const former = await queryOne<Entry & { state: SiteState }>(
      tx,
      `select s.id, s.name, array_to_json(s.lists) as lists, site_state(s) as state
       from site_keys k join sites s on s.id = k.site_id where k.key = :key for update of s`,
      { key: newcomer.key },
    );
    if (former?.state === 'revoked') return null;
    await query(tx, `update invitations set used_date = now(), used_by = :key where code_key = :codeKey`, { key: newcomer.key, codeKey });
    if (former) await moveInvitation(tx, invited, former);
    await query(
      tx,
      `update sites set key = :key, words = null, node = coalesce(node, :node), state_date = now(), introduced_by = 'invitation',
         state = case when ${isTaken} then 'pending' else 'accepted' end, address = :address, version = :version, first_seen = coalesce(first_seen, now()), last_seen = now()
       where id = :id`,
      { ...newcomer, id: former?.id ?? invited.id },
    );
    const speaker = await findSpeaker(tx, newcomer.key);
    return speaker && { speaker, former: former && { name: former.name, lists: former.lists } };
  });
}

/** Lets an entry go on in the place of the invited one, which is empty as nobody has come by it. */
async function moveInvitation(tx: Connection, invited: Entry, to: Entry): Promise<void> {
  await query(tx, `delete from invitations where site_id = :to`, { to: to.id });
  await query(tx, `update invitations set site_id = :to where site_id = :from`, { to: to.id, from: invited.id });
  await query(tx, `delete from sites where id = :from`, { from: invited.id });
  await noteWithdrawals(tx, { siteId: to.id, lists: invited.lists, purge: false });
  await query(tx, `update sites set name = :name, lists = :lists::bigint[] where id = :to`, {
    to: to.id,
    name: invited.name,
    lists: invited.lists,
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
