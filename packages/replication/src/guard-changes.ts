import { defaultGuards, loosens } from '@dossier/domain/guards.ts';
import type { Guards } from '@dossier/domain/guards.ts';
import { query, queryOne, transaction } from '@dossier/postgres/database.ts';
import type { Database } from '@dossier/postgres/database.ts';
import { holdHours } from './holds.ts';

/** Looser guards of a link that wait for a second person. */
export interface GuardProposal {
  guards: Partial<Guards>;
  by: string;
  date: string;
}

/** Guards as they are given, those that are left out perhaps as undefined. */
export type GuardsGiven = { [Name in keyof Guards]?: Guards[Name] | undefined };

/** `repeated`: who proposed them can't confirm them. */
export type GuardChange = { outcome: 'no-link' | 'changed' | 'proposed' } | { outcome: 'confirmed' | 'repeated'; proposal: GuardProposal };

/** The proposal of a link `k`, for a list of columns, for as long as it may be confirmed. */
export const openProposal = `case when (k.proposed_guards ->> 'date')::timestamptz between now() - make_interval(hours => ${holdHours}) and now() + interval '1 minute'
  then k.proposed_guards end as proposed_guards`;

/**
 * Sets guards of a link; those that are left out stay. Where that takes two `persons`, looser ones are only proposed, and hold once another person asks
 * for the same within a day. Stricter ones hold at once.
 */
export async function changeGuards(
  database: Database,
  request: { slaveListId: number; guards: GuardsGiven; by: string; persons?: number },
): Promise<GuardChange> {
  const { slaveListId, guards, by, persons = 1 } = request;
  return transaction(database, async (tx): Promise<GuardChange> => {
    const link = await queryOne<{ guards: Partial<Guards>; proposed_guards: GuardProposal | null; same: boolean }>(
      tx,
      `select guards, ${openProposal}, coalesce(proposed_guards -> 'guards' = :guards::jsonb, false) as same
       from links k where slave_list_id = :slaveListId and state <> 'unlinking' for update`,
      { slaveListId, guards: JSON.stringify(guards) },
    );
    if (!link) return { outcome: 'no-link' };
    const before = { ...defaultGuards, ...link.guards };
    const after: Guards = { ...before, ...(guards as Partial<Guards>) };
    const proposal = link.same ? link.proposed_guards : null;
    if (persons > 1 && loosens(before, after)) {
      if (proposal?.by === by) return { outcome: 'repeated', proposal };
      if (!proposal) {
        const proposed = JSON.stringify({ guards, by, date: new Date() });
        await query(tx, `update links set proposed_guards = :proposed::jsonb where slave_list_id = :slaveListId`, {
          slaveListId,
          proposed,
        });
        return { outcome: 'proposed' };
      }
    }
    await query(tx, `update links set guards = guards || :guards::jsonb, proposed_guards = null where slave_list_id = :slaveListId`, {
      slaveListId,
      guards: JSON.stringify(guards),
    });
    return proposal ? { outcome: 'confirmed', proposal } : { outcome: 'changed' };
  });
}
