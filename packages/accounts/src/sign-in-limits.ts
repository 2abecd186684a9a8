import { createHash, randomBytes } from 'node:crypto';
import { forgetAttempts } from './attempts.ts';
import type { AttemptLimit } from './attempts.ts';
import { query, queryOne } from '@dossier/postgres/database.ts';
import type { Connection } from '@dossier/postgres/database.ts';

const windowSeconds = 15 * 60;
/** Browsers that are remembered for each user; the one that was not used for longest goes first. */
const maximumBrowsers = 20;

/** Who tries to sign in: `browser` is the secret of the cookie that an earlier sign-in left, null without one. */
export interface SignInAttempt {
  readonly name: string;
  readonly address: string;
  readonly browser: string | null;
}

/**
 * What limits an attempt to sign in. Guessing is bounded for a name from one address (20 in a quarter of an hour), for an address whatever the
 * names (300), and for a name wherever it comes from (100). A browser in which this user signed in before has a count of its own, so that
 * nobody can keep users out by failing in their names.
 */
export async function signInLimits(connection: Connection, attempt: SignInAttempt): Promise<AttemptLimit[]> {
  const known = attempt.browser === null ? null : await findBrowser(connection, attempt.name, attempt.browser);
  if (known !== null) return [{ subject: `sign-in browser ${known}`, maximum: 20, windowSeconds }];
  const name = nameKey(attempt.name);
  const network = networkOf(attempt.address);
  return [
    { subject: `sign-in pair ${name} ${network}`, maximum: 20, windowSeconds },
    { subject: `sign-in address ${network}`, maximum: 300, windowSeconds },
    { subject: `sign-in name ${name}`, maximum: 100, windowSeconds },
  ];
}

/**
 * What limits trying codes of a user's second factor, by whom the password is known: 10 in a quarter of an hour, wherever they come from. A browser in which
 * this user signed in before has a count of its own.
 */
export async function codeLimits(
  connection: Connection,
  user: { id: number; name: string },
  browser: string | null,
): Promise<AttemptLimit[]> {
  const known = browser === null ? null : await findBrowser(connection, user.name, browser);
  return [{ subject: known === null ? `sign-in code ${user.id} ` : `sign-in code browser ${known}`, maximum: 10, windowSeconds }];
}

/** What limits signing in by passkey and by OpenID Connect: nothing of it can be guessed, but each attempt costs work and a line of the audit. */
export function entryLimits(address: string): AttemptLimit[] {
  return [{ subject: `sign-in entry ${networkOf(address)}`, maximum: 300, windowSeconds }];
}

/** Lets a user try again at once, from anywhere, and forgets the user's browsers: for a password that was set anew. */
export async function resetSignIns(connection: Connection, user: { id: number; name: string }): Promise<void> {
  const name = nameKey(user.name);
  await forgetAttempts(connection, [`sign-in pair ${name} `, `sign-in name ${name}`, `sign-in code ${user.id} `]);
  await query(connection, `delete from known_browsers where user_id = :id`, { id: user.id });
}

/** Remembers the browser in which a user has just signed in; returns the secret for its cookie, the same one if it is known already. */
export async function rememberBrowser(connection: Connection, user: { id: number; name: string }, browser: string | null): Promise<string> {
  const known = browser === null ? null : await findBrowser(connection, user.name, browser);
  if (browser !== null && known !== null) {
    await query(connection, `update known_browsers set used_date = now() where id = :known`, { known });
    return browser;
  }
  const secret = randomBytes(32).toString('base64url');
  await query(connection, `insert into known_browsers (user_id, token_hash) values (:id, :hash)`, { id: user.id, hash: hashOf(secret) });
  await query(
    connection,
    `delete from known_browsers where id in
       (select id from known_browsers where user_id = :id order by used_date desc, id desc offset :maximumBrowsers)`,
    { id: user.id, maximumBrowsers },
  );
  return secret;
}

async function findBrowser(connection: Connection, name: string, secret: string): Promise<number | null> {
  if (name.includes('\u0000')) return null;
  const row = await queryOne<{ id: number }>(
    connection,
    `select b.id from known_browsers b join users u on u.id = b.user_id where b.token_hash = :hash and u.name = :name`,
    { hash: hashOf(secret), name },
  );
  return row?.id ?? null;
}

/** The secret has 256 random bits, so a plain hash of it can't be guessed back. */
function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

/** A name is anybody's text: of any length, with any character. */
function nameKey(name: string): string {
  return createHash('sha256').update(name).digest('base64url');
}

/** One host has as many IPv6 addresses as it likes, all within its network of 64 bits. */
function networkOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '');
  if (!plain.includes(':')) return plain;
  const [head = '', tail = ''] = plain.replace(/%.*$/, '').split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === '' ? [] : tail.split(':');
  const groups = plain.includes('::')
    ? [...before, ...Array.from({ length: 8 - before.length - after.length }, () => '0'), ...after]
    : before;
  return `${groups.slice(0, 4).join(':')}::/64`;
}
