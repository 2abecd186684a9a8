import type { Position } from '@dossier/domain/position.ts';
import { query, queryOne, transaction } from '@dossier/postgres/database.ts';
import type { Connection, Database } from '@dossier/postgres/database.ts';
import { lockLists, settleDigest } from '@dossier/registry/positions.ts';

/** An epoch that was renewed stays for so long, whatever slaves say: who holds the token can't keep a list's readers from ever getting to its end. */
const renewedForMs = 3_600_000;

/** Whether a slave that holds this position proves that the list once was further than it is, or was another one at the same revision. */
export function isFork(position: Position, known: Position): boolean {
  if (known.epoch !== position.epoch) return false;
  if (known.revision > position.revision) return true;
  return known.revision === position.revision && (known.digest !== position.digest || known.count !== position.count);
}

/**
 * What became of a slave's word that this database runs a shorter history of a list than the slave holds.
 *
 * - `renewed`: the list has a new epoch.
 * - `kept`: the epoch was renewed within the hour, or the site was believed once and nobody has looked at it since.
 * - `none`: it doesn't show that any more, or the list is a replica, whose history its master writes.
 */
export type ForkOutcome = 'renewed' | 'kept' | 'none';

/**
 * Gives a list a new epoch, so that every slave compares by content at its next contact, if what a slave holds shows that this database runs a shorter
 * history under the old one: it was restored from a backup.
 * @param site who says so: believed once of a list until a person has looked at it, and of all whom a token alone has let in one; null where sites aren't told apart
 */
export async function renewForkedEpoch(
  database: Database,
  listId: number,
  { known, site, now }: { known: Position; site: number | null; now: Date },
): Promise<ForkOutcome> {
  return transaction(database, async (tx) => {
    const [held] = await lockLists(tx, [listId]);
    if (!held || held.epoch !== known.epoch) return 'none';
    const digest = (await settleDigest(tx, listId)) ?? '';
    const position = { epoch: held.epoch, revision: held.revision, count: held.dossier_count, digest };
    if (!isFork(position, known)) return 'none';
    const replica = await queryOne(tx, `select from links where slave_list_id = :listId`, { listId });
    if (replica) return 'none';
    if (isRecent(held.epoch, now) || !(site === null || (await believe(tx, site, listId)))) return 'kept';
    await query(tx, `update list_positions set epoch = :epoch, former_epoch = null, former_revision = null where list_id = :listId`, {
      listId,
      epoch: datedEpoch(now),
    });
    return 'renewed';
  });
}

/** Notes that a site's word is believed of a list. False if it was before, or that of another one which no more than the same token has let in. */
async function believe(tx: Connection, site: number, listId: number): Promise<boolean> {
  const believed = await queryOne(
    tx,
    `update sites s set believed_lists = believed_lists || :listId::bigint
     where id = :site and :listId <> all(believed_lists) and not (introduced_by = 'token' and exists (
       select from sites o where o.introduced_by = 'token' and o.token_ids && s.token_ids and :listId = any(o.believed_lists)))
     returning id`,
    { site, listId },
  );
  return believed !== null;
}

/** A uuid that says when it was made (RFC 9562, version 7); what else is in it is random. */
function datedEpoch(now: Date): string {
  const time = now.getTime().toString(16).padStart(12, '0');
  const random = crypto.randomUUID();
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(15)}`;
}

/** Epochs that were not renewed say nothing of their time. */
function isRecent(epoch: string, now: Date): boolean {
  if (epoch.charAt(14) !== '7') return false;
  const made = Number.parseInt(epoch.slice(0, 8) + epoch.slice(9, 13), 16);
  return Math.abs(now.getTime() - made) < renewedForMs;
}
