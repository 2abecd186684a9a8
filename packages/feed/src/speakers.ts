import type { SiteState } from '@dossier/protocol/site.ts';
import { preparedOne, query } from '@dossier/postgres/database.ts';
import type { Connection } from '@dossier/postgres/database.ts';

/** A site as its rights are looked up for a request. */
export interface Speaker {
  id: number;
  name: string;
  node: string | null;
  state: SiteState;
  /** The lists that it may read; null: all. */
  lists: number[] | null;
}

const speakerColumns = `
  s.id, s.name, s.node,
  case when exists (select from distrusted d join links k on k.remote_url = d.remote_url where d.id = s.key) then 'revoked' else s.state end as state,
  array_to_json(s.lists) as lists`;

/**
 * The site that speaks by this key, the present one or the one before it; null if none does. Of one that was revoked neither is ever taken again, nor is a key
 * that a master revoked from which this node has lists.
 */
export async function findSpeaker(connection: Connection, key: string): Promise<Speaker | null> {
  return preparedOne<Speaker>(connection, 'find speaker', {
    sql: `select ${speakerColumns} from sites s where s.key = :key
      union all select ${speakerColumns} from sites s where s.previous_key = :key and (s.previous_until > now() or s.state = 'revoked') limit 1`,
    parameters: { key },
  });
}

/** Lets a site's next key speak for it, and the one before for a while yet; null if no site has the old one. */
export async function followSuccession(
  connection: Connection,
  { old, next, words, until }: { old: string; next: string; words: string; until: Date },
): Promise<Speaker | null> {
  await query(
    connection,
    `update sites set key = :next, words = :words, previous_key = :old, previous_until = :until
     where key = :old and state <> 'revoked' and not exists (select from sites where key = :next or previous_key = :next)`,
    { old, next, words, until },
  );
  return findSpeaker(connection, next);
}

/** The tokens that a site has shown, with one more. */
export const withToken = `case when :tokenId::text is null or :tokenId = any(sites.token_ids) then sites.token_ids else sites.token_ids || :tokenId::text end`;

/** Keeps what a site told of itself by asking, where it is news, and which token it has shown. */
export async function noteSeen(
  connection: Connection,
  siteId: number,
  seen: { node: string; address: string; version: string | null; tokenId: string | null },
): Promise<void> {
  await query(
    connection,
    `update sites set last_seen = now(), first_seen = coalesce(first_seen, now()), node = coalesce(node, :node), version = coalesce(:version, version),
       token_ids = ${withToken}, address = :address
     where id = :siteId and set_config('synchronous_commit', 'off', true) is not null`,
    { siteId, ...seen },
  );
}
