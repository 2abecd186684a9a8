import { createHash } from 'node:crypto';
import { Secret } from 'otpauth';
import { query, queryOne } from '@dossier/postgres/database.ts';
import type { Connection } from '@dossier/postgres/database.ts';

const codesAtOnce = 10;
/** 80 bits: a plain hash of one can't be guessed back. */
const codeBytes = 10;

/** As it is compared: people type spaces, dashes and small letters. */
function hashCode(code: string): Buffer {
  return createHash('sha256').update(code.replaceAll(/[\s-]/g, '').toUpperCase()).digest();
}

/** Gives a user recovery codes, each good once, and forgets the former ones. Only hashes are kept: they have to be shown now. */
export async function makeRecoveryCodes(connection: Connection, userId: number): Promise<string[]> {
  const codes = Array.from({ length: codesAtOnce }, () => new Secret({ size: codeBytes }).base32.replaceAll(/(.{4})(?!$)/g, '$1-'));
  await query(connection, `delete from recovery_codes where user_id = :userId`, { userId });
  await query(connection, `insert into recovery_codes (user_id, code_hash) select :userId, unnest(:hashes::bytea[])`, {
    userId,
    hashes: codes.map(hashCode),
  });
  return codes;
}

/** Whether this is one of the user's recovery codes, which is used up by that. */
export async function useRecoveryCode(connection: Connection, userId: number, code: string): Promise<boolean> {
  const used = await queryOne(connection, `delete from recovery_codes where user_id = :userId and code_hash = :hash returning user_id`, {
    userId,
    hash: hashCode(code),
  });
  return used !== null;
}
