import { query, queryOne } from '@dossier/postgres/database.ts';
import type { Connection } from '@dossier/postgres/database.ts';
import { listPasskeys } from './passkeys.ts';
import type { PasskeyRow } from './passkeys.ts';
import { makeRecoveryCodes, useRecoveryCode } from './recovery-codes.ts';
import { takeTotpCode } from './totp.ts';
import { hasSecondFactor } from './has-second-factor.ts';

/** By what a second factor can be shown. A passkey takes the place of password and code. */
export type SecondFactorMethod = 'totp' | 'passkey' | 'recovery-code';

/** What a user has to sign in with beside the password. */
export interface SecondFactor {
  /** Since when an authenticator app is set up; null without one. */
  totpDate: Date | null;
  passkeys: PasskeyRow[];
  /** How many are left. */
  recoveryCodes: number;
}

/** The second factor of a user. */
export async function readSecondFactor(connection: Connection, userId: number): Promise<SecondFactor> {
  const row = await queryOne<{ totp: Date | null; codes: number }>(
    connection,
    `select (select created_date from totp_secrets where user_id = :userId and last_step is not null) as totp,
       (select count(*) from recovery_codes where user_id = :userId) as codes`,
    { userId },
  );
  return { totpDate: row?.totp ?? null, passkeys: await listPasskeys(connection, userId), recoveryCodes: row?.codes ?? 0 };
}

/** By what a user can show the second factor; nothing for one who has none. */
export async function secondFactorMethods(connection: Connection, userId: number): Promise<SecondFactorMethod[]> {
  const { totpDate, passkeys, recoveryCodes } = await readSecondFactor(connection, userId);
  const methods: SecondFactorMethod[] = [];
  if (totpDate !== null) methods.push('totp');
  if (passkeys.length > 0) methods.push('passkey');
  if (methods.length > 0 && recoveryCodes > 0) methods.push('recovery-code');
  return methods;
}

/** What of the second factor a code is, which is used up by that; null if it is none of this user's that is good now. */
export async function takeCode(connection: Connection, userId: number, code: string): Promise<'totp' | 'recovery-code' | null> {
  const digits = code.replaceAll(/\s/g, '');
  if (/^\d{6}$/.test(digits)) return (await takeTotpCode(connection, { userId, code: digits })) ? 'totp' : null;
  return (await useRecoveryCode(connection, userId, code)) ? 'recovery-code' : null;
}

/** Recovery codes for a user who has just got a first second factor; null for one who has some. */
export async function firstRecoveryCodes(connection: Connection, userId: number): Promise<string[] | null> {
  const some = await queryOne(connection, `select user_id from recovery_codes where user_id = :userId limit 1`, { userId });
  return some === null ? makeRecoveryCodes(connection, userId) : null;
}

/** After a part of the second factor was removed: recovery codes, which stand in for one, go without any, and sessions end but the one whose id is `keep`. */
export async function settleRemoval(connection: Connection, userId: number, keep: number | null): Promise<void> {
  await query(connection, `delete from recovery_codes where user_id = :userId and not ${hasSecondFactor(':userId')}`, { userId });
  await endSessions(connection, userId, keep);
}

/** Ends the user's sessions but the one whose id is `keep`, and forgets the browsers that are known; says how many ended. */
export async function endSessions(connection: Connection, userId: number, keep: number | null): Promise<number> {
  await query(connection, `delete from known_browsers where user_id = :userId`, { userId });
  const ended = await query<{ valid: boolean }>(
    connection,
    `delete from tokens where user_id = :userId and kind = 'session' and id is distinct from :keep::bigint
     returning coalesce(expires_date > now(), true) as valid`,
    { userId, keep },
  );
  return ended.filter(({ valid }) => valid).length;
}

/** Takes all of a user's second factor away, for one who lost it, and ends the user's sessions. Says what there was. */
export async function resetSecondFactor(
  connection: Connection,
  userId: number,
): Promise<{ totp: boolean; passkeys: number; sessions: number }> {
  const totp = await query(connection, `delete from totp_secrets where user_id = :userId returning user_id`, { userId });
  const passkeys = await query(connection, `delete from passkeys where user_id = :userId returning id`, { userId });
  await query(connection, `delete from recovery_codes where user_id = :userId`, { userId });
  return { totp: totp.length > 0, passkeys: passkeys.length, sessions: await endSessions(connection, userId, null) };
}
