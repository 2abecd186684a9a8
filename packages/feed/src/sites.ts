import type { SiteAlert, SiteState } from '@dossier/protocol/site.ts';
import { query, queryOne } from '@dossier/postgres/database.ts';
import type { Connection } from '@dossier/postgres/database.ts';
import { toPage } from '@dossier/postgres/keyset.ts';
import type { Page, PageRequest } from '@dossier/postgres/keyset.ts';
import { badParam, conflict, notFound } from '@dossier/runtime/errors.ts';
import { writeInvitation } from './invitations.ts';
import { forgetNumbers } from './site-numbers.ts';
import { isKeyOfSite } from './speakers.ts';
import { noteWithdrawals, withdrawalsOf } from './withdrawals.ts';
import type { WithdrawalRow } from './withdrawals.ts';

/** Raises an alert about a site, beside those of other codes that stand. False if one of this code does. */
export async function raiseAlert(connection: Connection, siteId: number, alert: Omit<SiteAlert, 'date'>): Promise<boolean> {
  const rows = await query(
    connection,
    `update sites set alert = jsonb_build_object('code', :code::text, 'desc', concat_ws(' ', :desc::text, alert ->> 'desc'),
       'remedy', concat_ws(' ', :remedy::text, alert ->> 'remedy'), 'codes', coalesce(alert -> 'codes', '[]') || to_jsonb(:code::text), 'date', now())
     where id = :siteId and not coalesce(alert -> 'codes' @> to_jsonb(:code::text), false) returning id`,
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
  /** Left out where many sites are listed: all that they signed is megabytes. */
  statement?: { base: string; signature: string; key: string; date: string } | null;
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
  /** Ids of the tokens that it has shown to hold. */
  token_ids: string[];
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
  s.id, s.name, s.node, s.key, s.words, site_state(s) as state, s.state_date, s.reason, array_to_json(s.lists) as lists, s.introduced_by, s.token_ids, s.address, s.version, s.first_seen, s.last_seen, s.alert,
  s.created_date,
  ${withdrawalsOf} as withdrawn,
  (select json_build_object('expires_date', i.expires_date, 'used_date', i.used_date) from invitations i where i.site_id = s.id) as invitation`;

/** One page of the sites: those that wait for a person first, then by name. */
export async function listSites(connection: Connection, page: PageRequest): Promise<Page<SiteRow>> {
  const backwards = page.cursor?.direction === 'before';
  const direction = backwards ? 'desc' : 'asc';
  const order = `(case site_state(s) when 'pending' then '0' when 'accepted' then '1' else '2' end || s.name)`;
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
    { signed: false },
  );
  for (const row of result.rows) row.holdings = holdings.get(row.id) ?? [];
  return result;
}

/** How many nodes have come and wait until a person accepts them. */
export async function countWaiting(connection: Connection): Promise<number> {
  const row = await queryOne<{ count: number }>(
    connection,
    `select count(*) as count from sites where state = 'pending' and (key is not null or node is not null)`,
  );
  return row?.count ?? 0;
}

/** The site of this id; NOT_FOUND if there is none. */
export async function readSite(connection: Connection, id: number): Promise<SiteRow> {
  const site = await queryOne<SiteRow>(connection, `select ${siteColumns} from sites s where s.id = :id`, { id });
  if (!site) throw notFound(`site ${id}`);
  const holdings = await readHoldings(connection, [id], { signed: true });
  return { ...site, holdings: holdings.get(id) ?? [] };
}

/** By site. `signed`: with the statements as they came. */
async function readHoldings(
  connection: Connection,
  siteIds: readonly number[],
  { signed }: { signed: boolean },
): Promise<Map<number, HoldingRow[]>> {
  const statement = `, case when t.id is not null then json_build_object('base', t.base, 'signature', t.signature, 'key', t.key, 'date', t.date) end as statement`;
  const rows = await query<HoldingRow & { site_id: number }>(
    connection,
    `select f.site_id, f.list_id, l.name, f.last_seen, f.epoch, f.revision, f.dossier_count, f.digest, f.applied_date, f.state, f.set_aside,
       p.revision as head_revision, coalesce(f.epoch = p.epoch and f.digest = encode(p.digest, 'hex'), false) as current
       ${signed ? statement : ''}
     from followers f join watch_lists l on l.id = f.list_id join list_positions p on p.list_id = f.list_id
     ${signed ? 'left join statements t on t.id = f.statement_id' : ''}
     where f.site_id = any(:siteIds::bigint[]) order by f.site_id, f.list_id`,
    { siteIds },
  );
  return Map.groupBy(rows, (row) => row.site_id);
}

/** Keeps the words of a site's key, if it is its key still. */
export async function keepWords(connection: Connection, { id, key, words }: { id: number; key: string; words: string }): Promise<void> {
  await query(connection, `update sites set words = :words where id = :id and key = :key`, { id, key, words });
}

export interface SiteCreation {
  name: string;
  /** Left out: all, or those of the invitation whose place it takes. */
  lists?: readonly number[] | null;
  /** Either a key that somebody brought, which needs no code, or what a new invitation stands for. */
  introduction: { key: string; words: string } | { codeKey: string; answerSecret: Buffer; minutes: number };
}

/**
 * Enters a site before it comes, in the place of an invitation of its name that nobody has used (`replaced` is its id). CONFLICT if another one of its name, or
 * with its key, is there.
 */
export async function createSite(
  tx: Connection,
  { name, lists: granted, introduction }: SiteCreation,
): Promise<{ site: SiteRow; replaced: number | null }> {
  const replaced = await takeBackInvitation(tx, name);
  const lists = granted === undefined ? (replaced?.lists ?? null) : granted;
  await requireFreeName(tx, name);
  const brought = 'key' in introduction ? introduction : null;
  if (brought !== null && (await isKeyOfSite(tx, brought.key))) {
    throw conflict('A site with this key is there already, or had it once.');
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
  return { site: await readSite(tx, made.id), replaced: replaced?.id ?? null };
}

/** Takes the invitation of this name back, unless somebody has come by it. */
async function takeBackInvitation(tx: Connection, name: string): Promise<{ id: number; lists: number[] | null } | null> {
  const waits = `s.name = :name and s.state = 'pending' and s.key is null and s.node is null`;
  const invited = await queryOne<{ id: number }>(tx, `select s.id from sites s where ${waits} limit 1`, { name });
  if (!invited) return null;
  await holdSite(tx, invited.id);
  return queryOne(tx, `delete from sites s where s.id = :id and ${waits} returning s.id, array_to_json(s.lists) as lists`, {
    id: invited.id,
    name,
  });
}

/** Holds a site, and before it its invitation, in the order of who comes by that: neither changes before the transaction ends. */
async function holdSite(tx: Connection, id: number): Promise<void> {
  await query(tx, `select from invitations where site_id = :id for update`, { id });
  await query(tx, `select from sites where id = :id for update`, { id });
}

async function requireFreeName(tx: Connection, name: string, but = 0): Promise<void> {
  await query(tx, `select pg_advisory_xact_lock(hashtextextended('dossier site names', 0))`);
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

/**
 * Lets a site that waits in, to these lists where they are given (null: all), or puts an alert about one to rest: from then on it is there by a person's word.
 * CONFLICT if it can't be accepted, BAD_PARAM without lists where nobody knows which it might read.
 */
export async function acceptSite(tx: Connection, id: number, lists?: readonly number[] | null): Promise<void> {
  await holdSite(tx, id);
  const site = await readSite(tx, id);
  if (site.state === 'revoked') throw conflict('This site was revoked; its key is never taken again. Invite the new box instead.');
  if (site.key === null && site.node === null) throw conflict('This site has not come yet: it was invited, and nobody has used the code.');
  if (lists === undefined && site.state === 'pending' && site.introduced_by === 'master') {
    throw badParam(
      'lists',
      'lists: this node knew the site before a backup was restored, and has forgotten which lists it might read. Say which it may read ("dossier site accept SITE --lists 1,2", or "all").',
    );
  }
  if (lists !== undefined) await grantLists(tx, id, { lists, purge: false });
  await query(
    tx,
    `update sites set state = 'accepted', state_date = case when state = 'accepted' then state_date else now() end, alert = null, believed_lists = '{}',
       introduced_by = case when introduced_by = 'token' then 'person' else introduced_by end
     where id = :id`,
    { id },
  );
  await forgetNumbers(tx, id);
}

/** Revokes a site for good: its key and its code are worth nothing from the commit on. CONFLICT if it was before. */
export async function revokeSite(tx: Connection, id: number, reason: string): Promise<void> {
  await holdSite(tx, id);
  const rows = await query(
    tx,
    `update sites set refused = state = 'pending' and introduced_by <> 'master', state = 'revoked', state_date = now(), reason = :reason, alert = null,
       believed_lists = '{}'
     where id = :id and state <> 'revoked' returning id`,
    { id, reason },
  );
  if (rows.length === 0) throw conflict('This site is revoked already.');
  await query(tx, `delete from invitations where site_id = :id`, { id });
}

/** Of the sites that a token alone has let in, no person and no invitation, those that have shown one of these: the latest first, at most so many. */
export async function listLetInBy(connection: Connection, tokenIds: readonly string[], most: number): Promise<SiteRow[]> {
  return query<SiteRow>(
    connection,
    `select ${siteColumns} from sites s where s.introduced_by = 'token' and s.state = 'accepted' and s.token_ids && :tokenIds::text[]
     order by s.first_seen desc nulls last, s.id desc limit :most`,
    { tokenIds: [...tokenIds], most },
  );
}

/** Forgets a site that never came, waits, or speaks by the token alone. CONFLICT for one whose key is taken, or is refused for good. */
export async function deleteSite(tx: Connection, id: number): Promise<void> {
  await holdSite(tx, id);
  const site = await readSite(tx, id);
  if (site.state === 'accepted' && site.key !== null)
    throw conflict('This site may read lists. Revoke it instead: its key would be let in again by the token.');
  if (site.state === 'revoked') throw conflict('A revoked site is kept, so that its key stays refused.');
  await query(tx, `delete from sites where id = :id`, { id });
}
