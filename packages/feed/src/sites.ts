import { invitationMasterKey } from '@dossier/protocol/voucher.ts';
import type { SigningKey } from '@dossier/protocol/signing-key.ts';
import type { SiteAlert, SiteState } from '@dossier/protocol/site.ts';
import { preparedOne, query, queryOne, transaction } from '@dossier/postgres/database.ts';
import type { Connection, Database } from '@dossier/postgres/database.ts';
import { toPage } from '@dossier/postgres/keyset.ts';
import type { Page, PageRequest } from '@dossier/postgres/keyset.ts';
import { conflict, notFound } from '@dossier/runtime/errors.ts';
import { noteWithdrawals, withdrawalsOf } from './withdrawals.ts';
import type { WithdrawalRow } from './withdrawals.ts';

/** A site as its rights are looked up for a request. */
export interface Speaker {
  id: number;
  name: string;
  node: string | null;
  state: SiteState;
  /** The lists that it may read; null: all. */
  lists: number[] | null;
}

const speakerColumns = `s.id, s.name, s.node, s.state, array_to_json(s.lists) as lists`;

/** The site that speaks by this key, the present one or the one before it; null if none does. */
export async function findSpeaker(connection: Connection, key: string): Promise<Speaker | null> {
  return preparedOne<Speaker>(connection, 'find speaker', {
    sql: `select ${speakerColumns} from sites s where s.key = :key
      union all select ${speakerColumns} from sites s where s.previous_key = :key and s.previous_until > now() limit 1`,
    parameters: { key },
  });
}

/**
 * Whether a token alone still lets its holder read everything. No longer once a site that it introduced was revoked, or may read some lists only: its box
 * holds the token, and whoever has the box could come again under another key.
 */
export async function isTokenEnough(connection: Connection, tokenKeyId: string): Promise<boolean> {
  const found = await preparedOne<{ limited: boolean }>(connection, 'is token limited', {
    sql: `select exists (select from sites where token_id = :tokenKeyId and (state = 'revoked' or lists is not null)) as limited`,
    parameters: { tokenKeyId },
  });
  return found?.limited !== true;
}

/** Whether a site speaks for this node by a key of its own. */
export async function hasKeyedSite(connection: Connection, node: string): Promise<boolean> {
  const found = await queryOne<{ keyed: boolean }>(
    connection,
    `select exists (select from sites where node = :node and key is not null and state <> 'pending') as keyed`,
    { node },
  );
  return found?.keyed === true;
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
 * which speaks by another key waits for a person. The same key again changes nothing.
 */
export async function admitNewcomer(
  database: Database,
  newcomer: Newcomer,
  { introducedBy, tokenId, state }: { introducedBy: 'token' | 'master'; tokenId: string | null; state: SiteState },
): Promise<Speaker> {
  await query(
    database,
    `with wanted as (
       select case when exists (select from sites where node = :node and key is not null and key <> :key) then 'pending' else :state end as state
     ), known as (
       update sites set key = :key, words = :words, introduced_by = :introducedBy, token_id = :tokenId, state = wanted.state, state_date = now()
       from wanted where sites.node = :node and sites.key is null and sites.state = 'accepted' returning id
     )
     insert into sites (name, node, key, words, state, introduced_by, token_id, address, version, first_seen, last_seen)
     select :name, :node, :key, :words, wanted.state, :introducedBy, :tokenId, :address, :version, now(), now() from wanted where not exists (select from known)
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

/** An invitation as it is found by what its holder proves. */
export interface Invitation {
  siteId: number;
  /** Proves to its holder that this is the node which made it. */
  master: SigningKey;
  state: 'open' | 'used' | 'expired';
  usedBy: string | null;
}

export async function findInvitation(connection: Connection, codeKey: string): Promise<Invitation | null> {
  const row = await queryOne<{ site_id: number; answer_secret: Buffer; used_by: string | null; expired: boolean }>(
    connection,
    `select site_id, answer_secret, used_by, expires_date <= now() as expired from invitations where code_key = :codeKey`,
    { codeKey },
  );
  if (!row) return null;
  return {
    siteId: row.site_id,
    master: invitationMasterKey(codeKey, row.answer_secret),
    state: row.used_by === null ? (row.expired ? 'expired' : 'open') : 'used',
    usedBy: row.used_by,
  };
}

/**
 * Uses an invitation for a node's key: of several that try at once, one does. What the node was to this one before is given up, unless it was revoked. Null if it
 * was used or has expired meanwhile, or if the key was revoked.
 */
export async function useInvitation(database: Database, codeKey: string, newcomer: Newcomer): Promise<Speaker | null> {
  return transaction(database, async (tx) => {
    const open = await queryOne(
      tx,
      `select site_id from invitations where code_key = :codeKey and used_by is null and expires_date > now() for update`,
      { codeKey },
    );
    // Whoever comes second, or too late, stays what it was.
    if (!open) return null;
    await query(
      tx,
      `delete from sites where key = :key and state <> 'revoked' and id not in (select site_id from invitations where used_by = :key)`,
      {
        key: newcomer.key,
      },
    );
    await query(tx, `delete from sites where node = :node and key is null`, { node: newcomer.node });
    const used = await queryOne<{ id: number }>(
      tx,
      `with used as (
         update invitations set used_date = now(), used_by = :key
         where code_key = :codeKey and used_by is null and expires_date > now() and not exists (select from sites where key = :key) returning site_id
       )
       update sites set key = :key, words = :words, node = :node, state = 'accepted', state_date = now(), introduced_by = 'invitation',
         address = :address, version = :version, first_seen = now(), last_seen = now()
       from used where sites.id = used.site_id and sites.state = 'pending' returning sites.id`,
      { ...newcomer, codeKey },
    );
    return used && findSpeaker(tx, newcomer.key);
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

/** Keeps what a site told of itself by asking, where it is news. Returns how often it has changed between two addresses in turns. */
export async function noteSeen(
  connection: Connection,
  siteId: number,
  seen: { node: string; address: string; version: string | null; tokenId: string | null },
): Promise<{ turns: number }> {
  const row = await queryOne<{ turns: number }>(
    connection,
    `update sites set last_seen = now(), first_seen = coalesce(first_seen, now()), node = coalesce(node, :node), version = coalesce(:version, version),
       token_id = coalesce(:tokenId, token_id),
       former_address = case when address <> :address then address else former_address end,
       turns = case when address = :address or address is null then turns when former_address = :address then turns + 1 else 0 end,
       address = :address
     where id = :siteId and set_config('synchronous_commit', 'off', true) is not null returning turns`,
    { siteId, ...seen },
  );
  return { turns: row?.turns ?? 0 };
}

/** Enters a node that speaks by the token alone, or renews what is known of it. Returns null if it was revoked. */
export async function noteTokenHolder(
  connection: Connection,
  seen: { node: string; name: string; address: string; version: string | null; tokenId: string },
): Promise<number | null> {
  const row = await queryOne<{ id: number; state: SiteState }>(
    connection,
    `insert into sites (name, node, state, introduced_by, token_id, address, version, first_seen, last_seen)
     select :name, :node, 'accepted', 'token', :tokenId, :address, :version, now(), now() where set_config('synchronous_commit', 'off', true) is not null
     on conflict (node) where key is null and node is not null do update set last_seen = now(), address = excluded.address,
       version = coalesce(excluded.version, sites.version)
     returning id, state`,
    seen,
  );
  return row?.state === 'accepted' ? row.id : null;
}

/** Raises an alert about a site, unless the same stands. True if it is new. */
export async function raiseAlert(connection: Connection, siteId: number, alert: Omit<SiteAlert, 'date'>): Promise<boolean> {
  const rows = await query(
    connection,
    `update sites set alert = jsonb_build_object('code', :code::text, 'desc', :desc::text, 'remedy', :remedy::text, 'date', now())
     where id = :siteId and alert ->> 'code' is distinct from :code returning id`,
    { siteId, ...alert },
  );
  return rows.length > 0;
}

/** What a site last said of a list. */
export interface HoldingRow {
  list_id: number;
  name: string | null;
  last_seen: Date;
  epoch: string | null;
  revision: number | null;
  dossier_count: number | null;
  digest: string | null;
  applied_date: Date | null;
  state: string | null;
  set_aside: number | null;
  head_revision: number | null;
  /** Whether it proved to hold what this node holds now. */
  current: boolean;
  statement: { base: string; signature: string; key: string; date: string } | null;
}

export interface SiteRow {
  id: number;
  name: string;
  node: string | null;
  key: string | null;
  words: string | null;
  state: SiteState;
  state_date: Date;
  reason: string | null;
  lists: number[] | null;
  withdrawn: WithdrawalRow[];
  introduced_by: 'token' | 'invitation' | 'person' | 'master';
  address: string | null;
  version: string | null;
  first_seen: Date | null;
  last_seen: Date | null;
  alert: SiteAlert | null;
  created_date: Date;
  invitation: { expires_date: string; used_date: string | null } | null;
  holdings: HoldingRow[];
}

const siteColumns = `
  s.id, s.name, s.node, s.key, s.words, s.state, s.state_date, s.reason, array_to_json(s.lists) as lists, s.introduced_by, s.address, s.version, s.first_seen, s.last_seen, s.alert,
  s.created_date,
  ${withdrawalsOf} as withdrawn,
  (select json_build_object('expires_date', i.expires_date, 'used_date', i.used_date) from invitations i where i.site_id = s.id) as invitation`;

/** One page of the sites: those that wait for a person first, then by name. */
export async function listSites(connection: Connection, page: PageRequest): Promise<Page<SiteRow>> {
  const backwards = page.cursor?.direction === 'before';
  const direction = backwards ? 'desc' : 'asc';
  const order = `(case when s.state = 'pending' then '0' when s.state = 'accepted' then '1' else '2' end || s.name)`;
  const rows = await query<SiteRow & { place: string }>(
    connection,
    `select ${siteColumns}, ${order} as place from sites s
     ${page.cursor ? `where (${order}, s.id) ${backwards ? '<' : '>'} (:place, :id)` : ''}
     order by ${order} ${direction}, s.id ${direction} limit :rows`,
    { place: page.cursor?.value ?? '', id: page.cursor?.id ?? 0, rows: page.limit + 1 },
  );
  const result = toPage(rows, page, (row) => ({ value: row.place, id: row.id }));
  const holdings = await readHoldings(
    connection,
    result.rows.map((row) => row.id),
  );
  for (const row of result.rows) row.holdings = holdings.get(row.id) ?? [];
  return result;
}

/** The site of this id; NOT_FOUND if there is none. */
export async function readSite(connection: Connection, id: number): Promise<SiteRow> {
  const site = await queryOne<SiteRow>(connection, `select ${siteColumns} from sites s where s.id = :id`, { id });
  if (!site) throw notFound(`site ${id}`);
  const holdings = await readHoldings(connection, [id]);
  return { ...site, holdings: holdings.get(id) ?? [] };
}

async function readHoldings(connection: Connection, siteIds: readonly number[]): Promise<Map<number, HoldingRow[]>> {
  const rows = await query<HoldingRow & { site_id: number }>(
    connection,
    `select f.site_id, f.list_id, l.name, f.last_seen, f.epoch, f.revision, f.dossier_count, f.digest, f.applied_date, f.state, f.set_aside,
       p.revision as head_revision, coalesce(f.epoch = p.epoch and f.digest = encode(p.digest, 'hex'), false) as current,
       case when t.id is not null then json_build_object('base', t.base, 'signature', t.signature, 'key', t.key, 'date', t.date) end as statement
     from followers f join watch_lists l on l.id = f.list_id join list_positions p on p.list_id = f.list_id left join statements t on t.id = f.statement_id
     where f.site_id = any(:siteIds::bigint[]) order by f.site_id, f.list_id`,
    { siteIds },
  );
  return Map.groupBy(rows, (row) => row.site_id);
}

export interface SiteCreation {
  name: string;
  lists: readonly number[] | null;
  /** Either a key that somebody brought, which needs no code, or what a new invitation stands for. */
  introduction: { key: string; words: string } | { codeKey: string; answerSecret: Buffer; minutes: number };
}

/** Enters a site before it comes. CONFLICT if one of its name, or with its key, is there. */
export async function createSite(tx: Connection, { name, lists, introduction }: SiteCreation): Promise<SiteRow> {
  await requireFreeName(tx, name);
  const brought = 'key' in introduction ? introduction : null;
  if (brought !== null && (await queryOne(tx, `select id from sites where key = :key or previous_key = :key`, { key: brought.key }))) {
    throw conflict('A site with this key is there already.');
  }
  const made = await queryOne<{ id: number }>(
    tx,
    `insert into sites (name, lists, state, key, words, introduced_by) values (:name, :lists::bigint[], :state, :key, :words, :by) returning id`,
    {
      name,
      lists: lists === null ? null : [...lists],
      state: brought === null ? 'pending' : 'accepted',
      key: brought?.key ?? null,
      words: brought?.words ?? null,
      by: brought === null ? 'invitation' : 'person',
    },
  );
  if (!made) throw new Error('insert returned no row');
  if ('codeKey' in introduction) await writeInvitation(tx, made.id, introduction);
  return readSite(tx, made.id);
}

async function writeInvitation(
  tx: Connection,
  siteId: number,
  invitation: { codeKey: string; answerSecret: Buffer; minutes: number },
): Promise<void> {
  await query(
    tx,
    `insert into invitations (site_id, code_key, answer_secret, expires_date)
     values (:siteId, :codeKey, :answerSecret, now() + make_interval(mins => :minutes))`,
    { siteId, ...invitation },
  );
}

async function requireFreeName(tx: Connection, name: string, but = 0): Promise<void> {
  const other = await queryOne(tx, `select id from sites where name = :name and state <> 'revoked' and id <> :but limit 1`, { name, but });
  if (other) throw conflict(`There is a site of the name ${JSON.stringify(name)} already.`);
}

/** Renames a site. CONFLICT if another one has the name, NOT_FOUND if it is gone. */
export async function renameSite(tx: Connection, id: number, name: string): Promise<void> {
  await requireFreeName(tx, name, id);
  await query(tx, `update sites set name = :name where id = :id`, { id, name });
}

/** Grants a site these lists and no others; null: all. Those that it could read before and may not any more are withdrawn. Takes effect with the commit. */
export async function grantLists(
  tx: Connection,
  id: number,
  { lists, purge }: { lists: readonly number[] | null; purge: boolean },
): Promise<void> {
  await query(tx, `select from sites where id = :id for update`, { id });
  await noteWithdrawals(tx, { siteId: id, lists, purge });
  await query(tx, `update sites set lists = :lists::bigint[] where id = :id`, { id, lists: lists === null ? null : [...lists] });
}

/** Lets a site that waits in, or puts an alert about one to rest. CONFLICT if it can't be accepted. */
export async function acceptSite(tx: Connection, id: number): Promise<void> {
  const site = await readSite(tx, id);
  if (site.state === 'revoked') throw conflict('This site was revoked; its key is never taken again. Invite the new box instead.');
  if (site.key === null && site.node === null) throw conflict('This site has not come yet: it was invited, and nobody has used the code.');
  await query(
    tx,
    `update sites set state = 'accepted', state_date = case when state = 'accepted' then state_date else now() end, alert = null, turns = 0 where id = :id`,
    { id },
  );
}

/** Revokes a site for good: its key and its code are worth nothing from the commit on. CONFLICT if it was before. */
export async function revokeSite(tx: Connection, id: number, reason: string): Promise<void> {
  const rows = await query(
    tx,
    `update sites set state = 'revoked', state_date = now(), reason = :reason, alert = null where id = :id and state <> 'revoked' returning id`,
    { id, reason },
  );
  if (rows.length === 0) throw conflict('This site is revoked already.');
  await query(tx, `delete from invitations where site_id = :id`, { id });
}

/** Forgets a site that is revoked, or never came. CONFLICT for one that could ask. */
export async function deleteSite(tx: Connection, id: number): Promise<void> {
  const site = await readSite(tx, id);
  if (site.state === 'accepted' && site.key !== null)
    throw conflict('This site may read lists. Revoke it instead: its key would be let in again by the token.');
  if (site.state === 'revoked') throw conflict('A revoked site is kept, so that its key stays refused.');
  await query(tx, `delete from sites where id = :id`, { id });
}
