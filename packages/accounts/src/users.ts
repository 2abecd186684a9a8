import { randomBytes } from 'node:crypto';
import { badParam, conflict, notFound } from '@dossier/runtime/errors.ts';
import { textFault } from '@dossier/domain/dossier.ts';
import type { Role } from '@dossier/domain/role.ts';
import { userNameFault } from '@dossier/domain/user-name.ts';
import { query, queryOne, transaction } from '@dossier/postgres/database.ts';
import type { Connection, Database } from '@dossier/postgres/database.ts';
import { fitsPassword, hashPassword } from './password-hash.ts';
import { translateDatabaseError } from '@dossier/postgres/postgres-errors.ts';
import { resetSignIns } from './sign-in-limits.ts';

export interface User {
  id: number;
  name: string;
  role: Role;
}

/** A password of 24 letters and digits that nobody has to remember. */
export function generatePassword(): string {
  return randomBytes(18).toString('base64url').replaceAll(/[-_]/g, 'x');
}

export interface UserCreation {
  name: string;
  role: Role;
  password: string;
  /** The watch lists that there are for the user; null or left out: all. */
  lists?: readonly number[] | null | undefined;
}

/** Makes a user. Whether a password that a person chose is good enough is asked before (`requireGoodPassword`). BAD_PARAM for a name or password that can't be used, CONFLICT for a name that is taken. */
export async function createUser(connection: Connection, { name, role, password, lists = null }: UserCreation): Promise<User> {
  const fault = userNameFault(name);
  if (fault !== null) throw badParam('name', `A user's name ${fault}.`);
  requirePassword(password);
  requireLimitable(role, lists);
  const passwordHash = await hashPassword(password);
  try {
    const made = await queryOne<User>(
      connection,
      `insert into users (name, role, password_hash, dossier_lists) values (:name, :role, :passwordHash, :lists::bigint[]) returning id, name, role`,
      { name, role, passwordHash, lists: lists && [...lists] },
    );
    if (!made) throw new Error('insert returned no row');
    return made;
  } catch (error) {
    throw translateDatabaseError(error) ?? error;
  }
}

/** BAD_PARAM for an administrator who would be limited to watch lists, and could lift that alone. */
export function requireLimitable(role: Role, lists: readonly number[] | null): void {
  if (role === 'admin' && lists !== null)
    throw badParam('dossier_lists', 'dossier_lists: administrators can not be limited to watch lists.');
}

function requirePassword(password: string): void {
  if (password.length === 0) throw badParam('password', 'A password must not be empty.');
}

/** The active or inactive user of this name, or null. */
export async function findUser(connection: Connection, name: string): Promise<User | null> {
  return queryOne<User>(connection, `select id, name, role from users where name = :name`, { name });
}

/** How much of a user's access a new password ended. */
export interface EndedAccess {
  sessions: number;
  tokens: number;
}

/**
 * Gives a user another password, ends all of the user's sessions and, unless they are to be kept, API tokens, and whatever kept the user from signing in.
 * ADMIN_TOKEN is the configuration's and stays, and so does the token whose id is `keep`. Whether the password is good enough is asked before (`requireGoodPassword`). NOT_FOUND without such a user, CONFLICT for one who signs in by OpenID Connect.
 */
export async function setPassword(
  database: Database,
  name: string,
  password: string,
  { keepTokens = false, keep = null }: { keepTokens?: boolean | undefined; keep?: number | null } = {},
): Promise<EndedAccess> {
  requirePassword(password);
  const passwordHash = await hashPassword(password);
  return transaction(database, async (tx) => {
    const user = await queryOne<{ id: number; oidc_issuer: string | null }>(
      tx,
      `select id, oidc_issuer from users where name = :name for update`,
      {
        name,
      },
    );
    if (!user) throw notFound(`user ${name}`);
    if (user.oidc_issuer !== null) throw conflict(`${name} signs in by ${user.oidc_issuer} and has no password here. Nothing was changed.`);
    await query(tx, `update users set password_hash = :passwordHash where id = :id`, { id: user.id, passwordHash });
    const ended = { id: user.id, keep, kinds: keepTokens ? ['session'] : ['session', 'api'] };
    const valid = await queryOne<EndedAccess>(
      tx,
      `with ended as (
         delete from tokens where user_id = :id and kind = any(:kinds) and id is distinct from :keep::bigint
         returning kind, coalesce(expires_date > now(), true) as valid
       )
       select count(*) filter (where kind = 'session') as sessions, count(*) filter (where kind = 'api') as tokens from ended where valid`,
      ended,
    );
    await resetSignIns(tx, { id: user.id, name });
    return valid ?? { sessions: 0, tokens: 0 };
  });
}

/** The active user whose name and password these are, or null; an unknown name takes as long as a wrong password. */
export async function findByPassword(connection: Connection, name: string, password: string): Promise<User | null> {
  const user =
    textFault(name) === null
      ? await queryOne<User & { password_hash: string }>(
          connection,
          `select id, name, role, password_hash from users where name = :name and active`,
          { name },
        )
      : null;
  const fits = await fitsPassword(password, user?.password_hash ?? null);
  return user && fits ? { id: user.id, name: user.name, role: user.role } : null;
}
