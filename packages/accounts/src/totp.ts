import { Secret, TOTP } from 'otpauth';
import { conflict } from '@dossier/runtime/errors.ts';
import { query, queryOne } from '@dossier/postgres/database.ts';
import type { Connection } from '@dossier/postgres/database.ts';
import type { User } from './users.ts';

/** What every authenticator app knows: RFC 6238 with SHA-1, six digits and steps of half a minute. */
const kind = { algorithm: 'SHA1', digits: 6, period: 30 } as const;
/** Steps by which the clocks of app and node may differ, either way. */
const skew = 1;
const secretBytes = 20;

/** What an authenticator app has to be told, as a text to type and as the address in its QR code. */
export interface TotpSetUp {
  secret: string;
  uri: string;
}

/**
 * Gives a user a secret for an authenticator app; it counts for nothing until a code of it was taken. Another one that was never confirmed is
 * forgotten. `issuer` names this node in the app. CONFLICT for a user who has an app already.
 */
export async function beginTotp(connection: Connection, user: User, issuer: string): Promise<TotpSetUp> {
  const totp = new TOTP({ ...kind, issuer, label: user.name, secret: new Secret({ size: secretBytes }) });
  const begun = await queryOne(
    connection,
    `insert into totp_secrets (user_id, secret) values (:id, :secret)
     on conflict (user_id) do update set secret = excluded.secret, created_date = now() where totp_secrets.last_step is null
     returning user_id`,
    { id: user.id, secret: totp.secret.base32 },
  );
  if (!begun) throw conflict('You have set up an authenticator app already. Remove it first, then set up the other one.');
  return { secret: totp.secret.base32, uri: totp.toString() };
}

/**
 * Whether this is a code of the user's app now. A code is good once, and with it all before it. `pending`: of the app that is being set up, which
 * is set up by it.
 */
export async function takeTotpCode(
  connection: Connection,
  { userId, code, pending = false }: { userId: number; code: string; pending?: boolean },
): Promise<boolean> {
  const row = await queryOne<{ secret: string }>(
    connection,
    `select secret from totp_secrets where user_id = :userId and (last_step is null) = :pending`,
    { userId, pending },
  );
  if (!row) return false;
  const now = Date.now();
  const delta = new TOTP({ ...kind, secret: Secret.fromBase32(row.secret) }).validate({ token: code, timestamp: now, window: skew });
  if (delta === null) return false;
  const current = TOTP.counter({ period: kind.period, timestamp: now });
  // A step beyond the clock's was noted by a wrong clock: it would keep the user out until then.
  const taken = await queryOne(
    connection,
    `update totp_secrets set last_step = :step where user_id = :userId and secret = :secret
       and coalesce(last_step < :step or last_step > :newest, :pending) returning user_id`,
    { userId, secret: row.secret, pending, step: current + delta, newest: current + skew },
  );
  return taken !== null;
}

/** Takes a user's authenticator app away; whether there was one. */
export async function removeTotp(connection: Connection, userId: number): Promise<boolean> {
  const removed = await query(connection, `delete from totp_secrets where user_id = :userId and last_step is not null returning user_id`, {
    userId,
  });
  return removed.length > 0;
}
