import { query, queryOne } from '@dossier/postgres/database.ts';
import type { Connection } from '@dossier/postgres/database.ts';

/** How often something may be tried: `maximum` times within a window that begins with the first attempt. `subject` names who tries what. */
export interface AttemptLimit {
  readonly subject: string;
  readonly maximum: number;
  readonly windowSeconds: number;
}

/**
 * Whether the window that stands is over, or ends later than one that begins at this moment. `clock_timestamp()`, since an attempt that began later
 * may have been counted first.
 */
const over = `(attempts.until <= now() or attempts.until > clock_timestamp() + make_interval(secs => :windowSeconds))`;

/**
 * Counts an attempt against each limit in turn, before it is made, so that many at once can't pass together. The count is shared by all
 * processes of the node. Attempts beyond a limit don't prolong its window. A window that ends later than one that begins now was noted by a wrong
 * clock, and is over.
 * @returns null if the attempt may be made; else the seconds until the first limit that was exceeded ends, later limits untouched
 */
export async function countAttempt(connection: Connection, limits: readonly AttemptLimit[]): Promise<number | null> {
  await query(connection, `delete from attempts where until <= age_moment()`);
  for (const { subject, maximum, windowSeconds } of limits) {
    const counted = await queryOne<{ count: number; seconds: number }>(
      connection,
      `insert into attempts (subject, count, until) values (:subject, 1, now() + make_interval(secs => :windowSeconds))
       on conflict (subject) do update set
         count = case when ${over} then 1 else least(attempts.count, 1000000) + 1 end,
         until = case when ${over} then excluded.until else attempts.until end
       returning count, cast(ceil(extract(epoch from until - now())) as int) as seconds`,
      { subject, windowSeconds },
    );
    if (counted && counted.count > maximum) return Math.max(1, counted.seconds);
  }
  return null;
}

/**
 * What was tried succeeded: the attempt is taken back from all limits that it was counted against, and the failures before it are forgotten
 * for the first, narrowest one.
 */
export async function forgiveAttempts(connection: Connection, [narrowest, ...others]: readonly AttemptLimit[]): Promise<void> {
  await query(connection, `delete from attempts where subject = :subject`, { subject: narrowest?.subject ?? '' });
  for (const { subject } of others) {
    await query(connection, `update attempts set count = count - 1 where subject = :subject and count > 0`, { subject });
  }
}

/** Forgets all attempts at subjects that begin with one of these texts. */
export async function forgetAttempts(connection: Connection, beginnings: readonly string[]): Promise<void> {
  await query(connection, `delete from attempts a using unnest(:beginnings::text[]) b where starts_with(a.subject, b)`, { beginnings });
}
