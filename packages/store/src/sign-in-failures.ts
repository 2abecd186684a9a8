import { query, queryOne } from './database.ts';
import type { Connection } from './database.ts';

/** Failed sign-ins of one name from one address after which further ones are refused unseen, and the minutes for which they count. */
const maximumFailures = 20;
const windowMinutes = 15;

/** Who tries: the name is cut, as it is anybody's text. */
export interface SignInAttempt {
  name: string;
  address: string;
}

function parameters(attempt: SignInAttempt): Record<string, string | number> {
  return { name: Buffer.from(attempt.name).toString('base64').slice(0, 400), address: attempt.address, minutes: windowMinutes };
}

/** Seconds until the next attempt is looked at, or null if it may be made now. The count is shared by all processes of the node. */
export async function signInWaitSeconds(connection: Connection, attempt: SignInAttempt): Promise<number | null> {
  const row = await queryOne<{ seconds: number }>(
    connection,
    `select cast(ceil(extract(epoch from since + make_interval(mins => :minutes) - now())) as int) as seconds
     from sign_in_failures
     where name = :name and address = :address and failures >= :maximum and since > now() - make_interval(mins => :minutes)`,
    { ...parameters(attempt), maximum: maximumFailures },
  );
  return row ? Math.max(1, row.seconds) : null;
}

/** Counts a failed sign-in, and forgets those that no longer count. */
export async function countSignInFailure(connection: Connection, attempt: SignInAttempt): Promise<void> {
  await query(connection, `delete from sign_in_failures where since <= now() - make_interval(mins => :minutes)`, parameters(attempt));
  await query(
    connection,
    `insert into sign_in_failures (name, address) values (:name, :address)
     on conflict (name, address) do update set failures = sign_in_failures.failures + 1`,
    parameters(attempt),
  );
}

/** Forgets the failures of a name and address that signed in after all. */
export async function forgetSignInFailures(connection: Connection, attempt: SignInAttempt): Promise<void> {
  await query(connection, `delete from sign_in_failures where name = :name and address = :address`, parameters(attempt));
}
