import { notFound } from '@dossier/runtime/errors.ts';
import { query, queryOne } from '@dossier/postgres/database.ts';
import type { Connection } from '@dossier/postgres/database.ts';
import { newestFirst, toPage } from '@dossier/postgres/keyset.ts';
import type { Page, PageRequest } from '@dossier/postgres/keyset.ts';
import type { TokenKind } from './tokens.ts';

/** A token or session; the token itself is kept nowhere. */
export interface TokenRow {
  id: number;
  kind: TokenKind;
  label: string;
  user_id: number;
  user_name: string;
  /** Its own, beside those of the user; null: no fewer. */
  dossier_lists: number[] | null;
  created_date: Date;
  expires_date: Date | null;
  last_used_date: Date | null;
}

const columns = `
  id, kind, label, user_id, (select name from users u where u.id = user_id) as user_name, array_to_json(dossier_lists) as dossier_lists, created_date, expires_date, last_used_date
  from tokens`;

export interface TokenFilter {
  userId?: number | undefined;
  kind?: TokenKind | undefined;
}

/** One page of the tokens and sessions that have not expired, newest first. */
export async function listTokens(
  connection: Connection,
  { filter, ...page }: PageRequest & { filter: TokenFilter },
): Promise<Page<TokenRow>> {
  const { condition, order } = newestFirst(page);
  const rows = await query<TokenRow>(
    connection,
    `select ${columns} where coalesce(expires_date > now(), true) and ${condition}
       ${filter.userId === undefined ? '' : 'and user_id = :userId'} ${filter.kind === undefined ? '' : 'and kind = :kind'}
     order by ${order} limit :rows`,
    { userId: filter.userId ?? null, kind: filter.kind ?? null, id: page.cursor?.id ?? 0, rows: page.limit + 1 },
  );
  return toPage(rows, page, (row) => ({ value: null, id: row.id }));
}

/** The token of this id; NOT_FOUND if there is none, or not for this user where one is given. */
export async function readToken(connection: Connection, id: number, userId?: number): Promise<TokenRow> {
  const token = await queryOne<TokenRow>(
    connection,
    `select ${columns} where id = :id ${userId === undefined ? '' : 'and user_id = :userId'} for update`,
    { id, userId: userId ?? null },
  );
  if (!token) throw notFound(`token ${id}`);
  return token;
}

/** Ends a token or session at once. */
export async function deleteToken(connection: Connection, id: number): Promise<void> {
  await query(connection, `delete from tokens where id = :id`, { id });
}
