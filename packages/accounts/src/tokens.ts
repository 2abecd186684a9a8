import { createHash, randomBytes } from 'node:crypto';
import { liesAhead } from '@dossier/postgres/clock.ts';
import { preparedOne, query, queryOne } from '@dossier/postgres/database.ts';
import type { Connection } from '@dossier/postgres/database.ts';
import { isDiskFull } from '@dossier/postgres/disk-reserve.ts';
import { hasSecondFactor } from './has-second-factor.ts';
import type { User } from './users.ts';

/** `session`: from signing in. `api`: made for a program. `configured`: ADMIN_TOKEN. */
export type TokenKind = 'session' | 'api' | 'configured';

/** Tokens have 256 random bits, so a plain hash of one can't be guessed back. */
function hashToken(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

export interface TokenRequest {
  userId: number;
  kind: 'session' | 'api';
  label: string;
  /** From now; null for ever. */
  lifetimeMs: number | null;
  /** The watch lists that there are for its holder; null or left out: all that there are for the user. */
  lists?: readonly number[] | null;
}

/** Makes a token and returns it: only its hash is kept. */
export async function issueToken(
  connection: Connection,
  request: TokenRequest,
): Promise<{ id: number; token: string; expiresDate: Date | null }> {
  const token = `dossier_${randomBytes(32).toString('base64url')}`;
  const expiresDate = request.lifetimeMs === null ? null : new Date(Date.now() + request.lifetimeMs);
  await query(connection, `delete from tokens where user_id = :userId and expires_date < age_moment()`, { userId: request.userId });
  const made = await queryOne<{ id: number }>(
    connection,
    `insert into tokens (user_id, token_hash, kind, label, expires_date, dossier_lists)
     values (:userId, :hash, :kind, :label, :expiresDate, :lists::bigint[]) returning id`,
    {
      lists: request.lists ? [...request.lists] : null,
      userId: request.userId,
      kind: request.kind,
      label: request.label,
      hash: hashToken(token),
      expiresDate,
    },
  );
  if (!made) throw new Error('insert returned no row');
  return { id: made.id, token, expiresDate };
}

/** Who holds a token, and what it is. */
export interface TokenHolder {
  user: User;
  tokenId: number;
  kind: TokenKind;
  created: Date;
  /** Null: never. */
  expires: Date | null;
  /** Whether the user has a password here, or signs in by OpenID Connect. */
  hasPassword: boolean;
  /** Of a session: that its user has a password and no second factor. */
  lacksSecondFactor: boolean;
  /** The watch lists that there are for whoever sends the token: those of the user and of the token; null: all. */
  lists: number[] | null;
}

interface HolderRow extends User {
  token_id: number;
  kind: TokenKind;
  created_date: Date;
  expires_date: Date | null;
  has_password: boolean;
  lacks_second_factor: boolean;
  lists: number[] | null;
  stale: boolean;
}

/** The active user that holds a token which has not expired; or null. */
export async function findTokenHolder(connection: Connection, token: string): Promise<TokenHolder | null> {
  const holder = await preparedOne<HolderRow>(connection, 'find token holder', {
    sql: `select u.id, u.name, u.role, t.id as token_id, t.kind, t.created_date, t.expires_date, u.password_hash is not null as has_password,
        t.kind = 'session' and u.password_hash is not null and not ${hasSecondFactor('u.id')} as lacks_second_factor,
        array_to_json(case when u.dossier_lists is null then t.dossier_lists when t.dossier_lists is null then u.dossier_lists
          else array(select unnest(u.dossier_lists) intersect select unnest(t.dossier_lists) order by 1) end) as lists,
        coalesce(t.last_used_date < now() - interval '5 minutes', true) as stale
      from tokens t join users u on u.id = t.user_id
      where t.token_hash = :hash and u.active and coalesce(t.expires_date > now(), true) and not (t.kind = 'session' and ${liesAhead('t.created_date')})`,
    parameters: { hash: hashToken(token) },
  });
  if (!holder) return null;
  if (holder.stale) await noteUse(connection, holder.token_id);
  const { id, name, role, token_id: tokenId, kind, created_date: created, expires_date: expires } = holder;
  const { has_password: hasPassword, lacks_second_factor: lacksSecondFactor, lists } = holder;
  return { user: { id, name, role }, tokenId, kind, created, expires, hasPassword, lacksSecondFactor, lists };
}

/** On a full disk whoever reads is let in nevertheless. */
async function noteUse(connection: Connection, id: number): Promise<void> {
  try {
    await query(connection, `update tokens set last_used_date = now() where id = :id`, { id });
  } catch (error) {
    if (!isDiskFull(error)) throw error;
  }
}

/** Ends a session or an API token. A configured one stays: only the configuration can take it back. */
export async function revokeToken(connection: Connection, token: string): Promise<void> {
  await query(connection, `delete from tokens where token_hash = :hash and kind <> 'configured'`, { hash: hashToken(token) });
}

/** Lets API tokens that would live longer end so many days after they were made. */
export async function boundTokens(connection: Connection, days: number): Promise<void> {
  await query(
    connection,
    `update tokens set expires_date = created_date + make_interval(days => :days)
     where kind = 'api' and coalesce(expires_date > created_date + make_interval(days => :days), true)`,
    { days },
  );
}

/** Makes `token` the only configured token of the node, held by this user; null takes the former one back. */
export async function configureToken(connection: Connection, userId: number, token: string | null): Promise<void> {
  const hash = token === null ? Buffer.alloc(0) : hashToken(token);
  await query(connection, `delete from tokens where kind = 'configured' and (token_hash <> :hash or user_id <> :userId)`, { hash, userId });
  if (token === null) return;
  await query(
    connection,
    `insert into tokens (user_id, token_hash, kind, label) values (:userId, :hash, 'configured', 'ADMIN_TOKEN')
     on conflict (token_hash) do update set user_id = excluded.user_id, kind = excluded.kind, label = excluded.label, expires_date = null`,
    { userId, hash },
  );
}
