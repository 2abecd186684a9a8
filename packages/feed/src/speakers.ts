import type { SiteState } from '@dossier/protocol/site.ts';
import { preparedOne, query, queryOne } from '@dossier/postgres/database.ts';
import type { Connection } from '@dossier/postgres/database.ts';

/** A site as its rights are looked up for a request. */
export interface Speaker {
  id: number;
  name: string;
  node: string | null;
  state: SiteState;
  /** The lists that it may read; null: all. */
  lists: number[] | null;
  /** Of those the ones that it may not read, as their master says. */
  denied: number[];
}

/**
 * The site that speaks by this key, the present one or the one before it; null if none does. Of one that was revoked no key that it ever had is taken again, whether
 * it was revoked here or by the master from which this node has its lists.
 */
export async function findSpeaker(connection: Connection, key: string): Promise<Speaker | null> {
  return preparedOne<Speaker>(connection, 'find speaker', {
    sql: `select * from (
        select s.id, s.name, s.node, site_state(s) as state, array_to_json(s.lists) as lists, array_to_json(denied_lists(s.id)) as denied,
          s.key = :key or (s.previous_key = :key and s.previous_until > now()) as present
        from site_keys k join sites s on s.id = k.site_id where k.key = :key
      ) found where coalesce(present, false) or state = 'revoked'`,
    parameters: { key },
  });
}

/** Whether a site here has, or ever had, this key. */
export async function isKeyOfSite(connection: Connection, key: string): Promise<boolean> {
  return (await queryOne(connection, `select from site_keys where key = :key`, { key })) !== null;
}

/**
 * Lets a site's next key speak for it, and the one before for a week yet; once a day: `too-soon` until that is over. Null if no site has the old one as its
 * present key, or a site has or had the next one.
 */
export async function followSuccession(
  connection: Connection,
  { old, next }: { old: string; next: string },
): Promise<Speaker | 'too-soon' | null> {
  const followed = await queryOne<{ id: number }>(
    connection,
    `update sites s set key = :next, words = null, previous_key = :old, previous_until = now() + interval '7 days'
     where key = :old and site_state(s) <> 'revoked' and coalesce(previous_until < now() + interval '6 days', true)
       and not exists (select from site_keys where key = :next) returning id`,
    { old, next },
  );
  if (followed !== null) return findSpeaker(connection, next);
  const waits = await queryOne(
    connection,
    `select from sites s where key = :old and site_state(s) <> 'revoked' and not exists (select from site_keys where key = :next)`,
    { old, next },
  );
  return waits === null ? null : 'too-soon';
}

/** Whether another site is the node `:node` already than the site `:id`. */
export const isTaken = `exists (select from sites o where o.node = :node and o.id <> :id and o.state <> 'revoked')`;

/** Learns of a site that was entered by its key which node it is, and what it is then: it waits for a person if another site is that node already. */
export async function claimNode(connection: Connection, id: number, node: string): Promise<SiteState> {
  const claimed = await queryOne<{ state: SiteState }>(
    connection,
    `update sites set node = :node, state = case when ${isTaken} then 'pending' else state end, state_date = case when ${isTaken} then now() else state_date end
     where id = :id and node is null and state = 'accepted' returning state`,
    { id, node },
  );
  return claimed?.state ?? 'accepted';
}

/** The tokens that a site has shown, with one more. */
export const withToken = `case when :tokenId::text is null or :tokenId = any(sites.token_ids) then sites.token_ids else sites.token_ids || :tokenId::text end`;

/** Keeps what a site told of itself by asking, where it is news, and which token it has shown. */
export async function noteSeen(
  connection: Connection,
  siteId: number,
  seen: { address: string; version: string | null; tokenId: string | null },
): Promise<void> {
  await query(
    connection,
    `update sites set last_seen = now(), first_seen = coalesce(first_seen, now()), version = coalesce(:version, version),
       token_ids = ${withToken}, address = :address
     where id = :siteId and set_config('synchronous_commit', 'off', true) is not null`,
    { siteId, ...seen },
  );
}
