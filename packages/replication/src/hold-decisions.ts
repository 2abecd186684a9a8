import { query, queryOne, transaction } from '@dossier/postgres/database.ts';
import type { Database } from '@dossier/postgres/database.ts';
import { findStandingHold } from './holds.ts';
import type { HoldRow } from './holds.ts';
import { createRun } from './links.ts';

/** What became of an approval or a rejection. */
export type HoldDecision =
  | { outcome: 'no-link' | 'unlinking' | 'not-held' | 'expired' | 'superseded' }
  | { outcome: 'decided-before'; hold: HoldRow }
  /** An approval takes two persons: this was the first, or the first one's again. */
  | { outcome: 'approved-first' | 'same-person' }
  | { outcome: 'approved'; runId: number }
  | { outcome: 'rejected' };

/** The trigger of the link's row tells those who follow it. */
const announceLink = `update links set state = state where slave_list_id = :slaveListId`;

/**
 * Approves or rejects exactly the difference that a link's hold is about, once and before it expires. An approval makes a run (or takes
 * the unfinished one), which applies this difference and no other; a rejection keeps the list as it is until the master's changes. Where an approval
 * takes two `persons`, the first one's changes nothing yet.
 */
export async function decideHold(
  database: Database,
  request: { slaveListId: number; difference: string; decision: 'approved' | 'rejected'; by: string; persons?: number },
): Promise<HoldDecision> {
  const { slaveListId, difference, decision, by, persons = 1 } = request;
  return transaction(database, async (tx): Promise<HoldDecision> => {
    const link = await queryOne<{ state: string }>(tx, `select state from links where slave_list_id = :slaveListId for update`, {
      slaveListId,
    });
    if (!link) return { outcome: 'no-link' };
    if (link.state === 'unlinking') return { outcome: 'unlinking' };
    const hold = await findStandingHold(tx, slaveListId);
    if (!hold) return { outcome: 'not-held' };
    if (hold.difference !== difference) return { outcome: 'superseded' };
    if (hold.state === 'approved' || hold.state === 'rejected') return { outcome: 'decided-before', hold };
    if (hold.overdue) return { outcome: 'expired' };
    const first = hold.approved_first_by;
    if (decision === 'approved' && persons > 1) {
      if (first === by) return { outcome: 'same-person' };
      if (first === null) {
        await query(tx, `update holds set approved_first_by = :by where id = :id`, { id: hold.id, by });
        await query(tx, announceLink, { slaveListId });
        return { outcome: 'approved-first' };
      }
    }
    await query(tx, `update holds set state = :decision, decided_by = :by, decided_date = now() where id = :id`, {
      id: hold.id,
      decision,
      by,
    });
    await query(tx, announceLink, { slaveListId });
    if (decision === 'rejected') return { outcome: 'rejected' };
    const run = await createRun(tx, { slaveListId, reason: 'approval', mode: 'auto', by });
    return { outcome: 'approved', runId: run.id };
  });
}
