import type { Knex } from 'knex';
import type { Role } from '@dossier/domain/role.ts';
import { conflict, notFound } from '@dossier/runtime/errors.ts';
import { query, queryOne, transaction } from '@dossier/postgres/database.ts';
import type { Connection, Database } from '@dossier/postgres/database.ts';
import { toPage } from '@dossier/postgres/keyset.ts';
import type { Page, PageRequest } from '@dossier/postgres/keyset.ts';
import { requireLimitable, setPassword } from './users.ts';
import type { EndedAccess } from './users.ts';
import { hasSecondFactor } from './has-second-factor.ts';

/** A user as administrators see one. */
export interface UserRow {
  id: number;
  name: string;
  role: Role;
  active: boolean;
  /** The watch lists that there are for the user; null: all. */
  dossier_lists: number[] | null;
  created_date: Date;
  last_sign_in: Date | null;
  /** The provider by which the user signs in; null: by a password. */
  oidc_issuer: string | null;
  has_second_factor: boolean;
  /** Valid now. */
  session_count: number;
  token_count: number;
}

const columns = `
  u.id, u.name, u.role, u.active, array_to_json(u.dossier_lists) as dossier_lists, u.created_date, u.last_sign_in, u.oidc_issuer,
  ${hasSecondFactor('u.id')} as has_second_factor,
  (select count(*) from tokens t where t.user_id = u.id and t.kind = 'session' and coalesce(t.expires_date > now(), true)) as session_count,
  (select count(*) from tokens t where t.user_id = u.id and t.kind <> 'session' and coalesce(t.expires_date > now(), true)) as token_count
  from users u`;

/** One page of the users, by id. */
export async function listUsers(connection: Connection, page: PageRequest): Promise<Page<UserRow>> {
  const backwards = page.cursor?.direction === 'before';
  const rows = await query<UserRow>(
    connection,
    `select ${columns} where ${page.cursor ? `u.id ${backwards ? '<' : '>'} :id` : 'true'}
     order by u.id ${backwards ? 'desc' : 'asc'} limit :rows`,
    { id: page.cursor?.id ?? 0, rows: page.limit + 1 },
  );
  return toPage(rows, page, (row) => ({ value: null, id: row.id }));
}

/** The user of this id; NOT_FOUND if there is none. */
export async function readUser(connection: Connection, id: number): Promise<UserRow> {
  const user = await queryOne<UserRow>(connection, `select ${columns} where u.id = :id`, { id });
  if (!user) throw notFound(`user ${id}`);
  return user;
}

export interface UserChange {
  role?: Role | undefined;
  active?: boolean | undefined;
  /** Null: all. */
  lists?: readonly number[] | null | undefined;
  password?: string | undefined;
  /** With a new password: API tokens stay. */
  keepTokens?: boolean | undefined;
}

/**
 * Changes a user. A new password ends the user's sessions and API tokens, and `ended` says how many; who is no longer active can't sign in, and none of the user's tokens is
 * heeded. CONFLICT if no active administrator would be left.
 */
export async function changeUser(database: Database, id: number, change: UserChange): Promise<UserRow & { ended: EndedAccess | null }> {
  return transaction(database, async (tx) => {
    await holdUsers(tx);
    const user = await readUser(tx, id);
    const ended = change.password === undefined ? null : await setPassword(tx, user.name, change.password, change);
    const role = change.role ?? user.role;
    const lists = change.lists === undefined ? user.dossier_lists : change.lists;
    requireLimitable(role, lists);
    await query(tx, `update users set role = :role, active = :active, dossier_lists = :lists::bigint[] where id = :id`, {
      id,
      role,
      lists: lists && [...lists],
      active: change.active ?? user.active,
    });
    await requireAdministrator(tx);
    return { ...(await readUser(tx, id)), ended };
  });
}

/** Deletes a user with all tokens and sessions. CONFLICT if no active administrator would be left. */
export async function deleteUser(database: Database, id: number): Promise<UserRow> {
  return transaction(database, async (tx) => {
    await holdUsers(tx);
    const user = await readUser(tx, id);
    await query(tx, `delete from users where id = :id`, { id });
    await requireAdministrator(tx);
    return user;
  });
}

/** Two changes at once could each leave the other's administrator as the last one. */
async function holdUsers(tx: Knex.Transaction): Promise<void> {
  await query(tx, `lock table users in share row exclusive mode`);
}

async function requireAdministrator(tx: Knex.Transaction): Promise<void> {
  const left = await queryOne(tx, `select id from users where role = 'admin' and active limit 1`);
  if (!left) throw conflict('This is the last active administrator. Nothing was changed; make another one first.');
}

/** Notes that a user signed in just now. */
export async function noteSignIn(connection: Connection, id: number): Promise<void> {
  await query(connection, `update users set last_sign_in = now() where id = :id`, { id });
}
