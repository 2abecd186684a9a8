import type { SiteState } from '@dossier/protocol/site.ts';
import { preparedOne, query, queryOne } from '@dossier/postgres/database.ts';
import type { Connection, Database } from '@dossier/postgres/database.ts';
import { findSpeaker, withToken } from './speakers.ts';
import type { Speaker } from './speakers.ts';

/** Whether the id of a token is that of one which lets nobody in alone any more, or that of a key which a master takes no more, as SQL. */
export function isLimited(id: string): string {
  return `(exists (select from sites where token_ids @> array[${id}] and (state = 'revoked' or lists is not null))
    or exists (
      select from distrusted d join links l on l.slave_list_id = d.list_id
      where d.id = ${id} or exists (select from site_keys k join sites s on s.id = k.site_id where k.key = d.id and s.token_ids @> array[${id}])))`;
}

/**
 * Whether a token alone still lets its holder read everything. No longer once a site that has shown it was revoked, or may read some lists only, be it that this
 * node says so or a master of its: its box holds the token, and whoever has the box could come again under another key. Nor if a master says so of the token, or of the key.
 */
export async function isTokenEnough(connection: Connection, tokenKeyId: string, key = tokenKeyId): Promise<boolean> {
  const found = await preparedOne<{ limited: boolean }>(connection, 'is token limited', {
    sql: `select ${isLimited(':tokenKeyId::text')} or ${isLimited(':key::text')} as limited`,
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
    `select bool_or(site_state(s) = 'revoked') as revoked,
       bool_or(lists is not null or denied_lists(s.id) <> '{}' or exists (select from withdrawals w where w.site_id = s.id)) as limited
     from sites s where node = :node and key is not null and state <> 'pending' having count(*) > 0`,
    { node },
  );
  if (!found) return null;
  return found.revoked ? 'revoked' : found.limited ? 'limited' : 'free';
}

/** What a node says of itself. */
export interface Newcomer {
  key: string;
  node: string;
  name: string;
  address: string;
  version: string | null;
}

/** Whether a node says that it is one which was revoked, or speaks by another key. */
const isTaken = `exists (select from sites where node = :node and (state = 'revoked' or (key is not null and key <> :key)))`;

/**
 * Takes up a node that nobody has entered, vouched for by `introducedBy`. One that spoke by the token alone until now keeps its entry. Whoever says that it is a node
 * which speaks by another key, or was revoked, waits for a person. The same key again changes nothing. The words of its key are left to whoever
 * has the time for them. Null for a key that a site had long ago.
 */
export async function admitNewcomer(
  database: Database,
  newcomer: Newcomer,
  { introducedBy, tokenId, state }: { introducedBy: 'token' | 'master'; tokenId: string | null; state: SiteState },
): Promise<Speaker | null> {
  await query(
    database,
    `with wanted as (
       select case when ${isTaken} then 'pending' else :state end as state
       where not exists (select from site_keys where key = :key)
     ), known as (
       update sites set key = :key, words = null, introduced_by = :introducedBy, token_ids = ${withToken}, state = wanted.state, state_date = now()
       from wanted where sites.node = :node and sites.key is null and sites.state = 'accepted' returning id
     )
     insert into sites (name, node, key, state, introduced_by, token_ids, address, version, first_seen, last_seen)
     select :name, :node, :key, wanted.state, :introducedBy, array_remove(array[:tokenId::text], null), :address, :version, now(), now() from wanted where not exists (select from known)
     on conflict (key) do nothing`,
    { ...newcomer, introducedBy, tokenId, state },
  );
  return findSpeaker(database, newcomer.key);
}

/** So many whom one token introduces may wait for a person, and so many may come by it within an hour: what nobody looks at is no list. */
const mostUnseen = 200;
const cameLately = `count(*) filter (where introduced_by = 'token' and created_date > now() - interval '1 hour')`;

/** Whether there is room for one more that a token introduces, or (`tokenId` null) the word of this node itself. */
export async function hasRoomFor(
  connection: Connection,
  { node, key, tokenId, waits }: { node: string; key: string; tokenId: string | null; waits: boolean },
): Promise<boolean> {
  const found = await queryOne<{ room: boolean }>(
    connection,
    `select case when :waits::boolean or ${isTaken} then count(*) filter (where state = 'pending' and key is not null) else ${cameLately} end < ${mostUnseen} as room
     from sites where case when :tokenId::text is null then introduced_by = 'master' else token_ids @> array[:tokenId::text] end`,
    { node, key, tokenId, waits },
  );
  return found?.room === true;
}

/** Enters a node that speaks by the token alone, or renews what is known of it. Null if that is one too many within the hour. */
export async function noteTokenHolder(
  connection: Connection,
  seen: { node: string; name: string; address: string; version: string | null; tokenId: string },
): Promise<{ id: number; state: SiteState } | null> {
  return queryOne<{ id: number; state: SiteState }>(
    connection,
    `insert into sites (name, node, state, introduced_by, token_ids, address, version, first_seen, last_seen)
     select :name, :node, 'accepted', 'token', array[:tokenId::text], :address, :version, now(), now()
     where set_config('synchronous_commit', 'off', true) is not null and (exists (select from sites where node = :node and key is null)
       or (select ${cameLately} from sites where token_ids @> array[:tokenId::text]) < ${mostUnseen})
     on conflict (node) where key is null and node is not null do update set last_seen = now(), address = excluded.address,
       version = coalesce(excluded.version, sites.version), token_ids = ${withToken}
     returning id, state`,
    seen,
  );
}
