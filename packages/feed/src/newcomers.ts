import type { SiteState } from '@dossier/protocol/site.ts';
import { preparedOne, query, queryOne } from '@dossier/postgres/database.ts';
import type { Connection, Database } from '@dossier/postgres/database.ts';
import { findSpeaker, withToken } from './speakers.ts';
import type { Speaker } from './speakers.ts';

/**
 * Whether a token alone still lets its holder read everything. No longer once a site that has shown it was revoked, or may read some lists only: its box
 * holds the token, and whoever has the box could come again under another key. Nor if a master from which this node has lists says so of the token, or of the key.
 */
export async function isTokenEnough(connection: Connection, tokenKeyId: string, key = tokenKeyId): Promise<boolean> {
  const found = await preparedOne<{ limited: boolean }>(connection, 'is token limited', {
    sql: `select exists (select from sites where token_ids @> array[:tokenKeyId::text] and (state = 'revoked' or lists is not null))
      or exists (select from distrusted d join links k on k.remote_url = d.remote_url where d.id in (:tokenKeyId, :key)) as limited`,
    parameters: { tokenKeyId, key },
  });
  return found?.limited !== true;
}

/**
 * What a node is that speaks by a key of its own; null if it has none here. `limited`: it may read some lists only, so that nobody who only says to be this node
 * may read all.
 */
export async function findKeyedSite(connection: Connection, node: string): Promise<'revoked' | 'limited' | 'free' | null> {
  const found = await queryOne<{ revoked: boolean; limited: boolean }>(
    connection,
    `select bool_or(state = 'revoked') as revoked,
       bool_or(lists is not null or exists (select from withdrawals w where w.site_id = s.id)) as limited
     from sites s where node = :node and key is not null and state <> 'pending' having count(*) > 0`,
    { node },
  );
  if (!found) return null;
  return found.revoked ? 'revoked' : found.limited ? 'limited' : 'free';
}

/** What a node says of itself. */
export interface Newcomer {
  key: string;
  words: string;
  node: string;
  name: string;
  address: string;
  version: string | null;
}

/**
 * Takes up a node that nobody has entered, vouched for by `introducedBy`. One that spoke by the token alone until now keeps its entry. Whoever says that it is a node
 * which speaks by another key, or was revoked, waits for a person. The same key again changes nothing.
 */
export async function admitNewcomer(
  database: Database,
  newcomer: Newcomer,
  { introducedBy, tokenId, state }: { introducedBy: 'token' | 'master'; tokenId: string | null; state: SiteState },
): Promise<Speaker> {
  await query(
    database,
    `with wanted as (
       select case when exists (select from sites where node = :node and (state = 'revoked' or (key is not null and key <> :key))) then 'pending' else :state end as state
     ), known as (
       update sites set key = :key, words = :words, introduced_by = :introducedBy, token_ids = ${withToken}, state = wanted.state, state_date = now()
       from wanted where sites.node = :node and sites.key is null and sites.state = 'accepted' returning id
     )
     insert into sites (name, node, key, words, state, introduced_by, token_ids, address, version, first_seen, last_seen)
     select :name, :node, :key, :words, wanted.state, :introducedBy, array_remove(array[:tokenId::text], null), :address, :version, now(), now() from wanted where not exists (select from known)
     on conflict (key) do nothing`,
    { ...newcomer, introducedBy, tokenId, state },
  );
  const site = await findSpeaker(database, newcomer.key);
  if (!site) throw new Error('a site vanished while it was taken up');
  return site;
}

/** More of those that wait aren't taken up: what nobody looks at is no list. */
const mostPending = 200;

/** Whether there is room for one more that waits for a person. */
export async function hasRoomForPending(connection: Connection): Promise<boolean> {
  const found = await queryOne<{ count: number }>(
    connection,
    `select count(*) as count from sites where state = 'pending' and key is not null`,
  );
  return (found?.count ?? 0) < mostPending;
}

/** Enters a node that speaks by the token alone, or renews what is known of it. Returns null if it was revoked. */
export async function noteTokenHolder(
  connection: Connection,
  seen: { node: string; name: string; address: string; version: string | null; tokenId: string },
): Promise<number | null> {
  const row = await queryOne<{ id: number; state: SiteState }>(
    connection,
    `insert into sites (name, node, state, introduced_by, token_ids, address, version, first_seen, last_seen)
     select :name, :node, 'accepted', 'token', array[:tokenId::text], :address, :version, now(), now() where set_config('synchronous_commit', 'off', true) is not null
     on conflict (node) where key is null and node is not null do update set last_seen = now(), address = excluded.address,
       version = coalesce(excluded.version, sites.version), token_ids = ${withToken}
     returning id, state`,
    seen,
  );
  return row?.state === 'accepted' ? row.id : null;
}
