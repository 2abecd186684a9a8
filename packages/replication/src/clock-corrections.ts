import { liesAhead } from '@dossier/postgres/clock.ts';
import { query, transaction } from '@dossier/postgres/database.ts';
import type { Database } from '@dossier/postgres/database.ts';

/** When the clock jumped, as far as that is known; null otherwise. */
const jumped = `(select jump_moment from clock where jump_moment <= now())`;

const corrections = [
  `update links set verified_at = ${jumped} where ${liesAhead('verified_at')}`,
  `update links set deep_verified_at = null where ${liesAhead('deep_verified_at')}`,
  `update links set last_success = ${jumped} where ${liesAhead('last_success')}`,
  `update links set last_attempt = ${jumped} where ${liesAhead('last_attempt')}`,
  `update links set created_date = coalesce(${jumped}, now()) where ${liesAhead('created_date')}`,
  `update followers set last_seen = coalesce(${jumped}, now()) where ${liesAhead('last_seen')}`,
  `update followers set behind_since = coalesce(${jumped}, now()) where ${liesAhead('behind_since')}`,
  `update tokens set last_used_date = null where ${liesAhead('last_used_date')}`,
  `update tokens set expires_date = expires_date - (created_date - now()), created_date = now() where ${liesAhead('created_date')}`,
  `update holds set expires_date = now() where state in ('waiting', 'approved') and ${liesAhead('held_date')}`,
  `update tombstones set removed_date = now() where ${liesAhead('removed_date')}`,
  `update photo_garbage set since = now() where ${liesAhead('since')}`,
  `update webhook_deliveries set finished_date = now() where ${liesAhead('finished_date')}`,
  `update known_browsers set used_date = now() where ${liesAhead('used_date')}`,
];

/**
 * Corrects what a clock that was ahead has noted, so that nothing stays in order, or is kept, until a date that is far off. To be called only
 * while the clock is plausible. The audit stays as it is.
 */
export async function correctAhead(database: Database): Promise<void> {
  await transaction(database, async (tx) => {
    for (const correction of corrections) await query(tx, correction);
  });
}
