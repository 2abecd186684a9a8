import type { SiteAlert, SiteState } from '@dossier/protocol/site.ts';
import { query, queryOne } from '@dossier/postgres/database.ts';
import type { Connection } from '@dossier/postgres/database.ts';
import { toPage } from '@dossier/postgres/keyset.ts';
import type { Page, PageRequest } from '@dossier/postgres/keyset.ts';
import { conflict, notFound } from '@dossier/runtime/errors.ts';
import { writeInvitation } from './invitations.ts';
import { forgetNumbers } from './site-numbers.ts';
import { noteWithdrawals, withdrawalsOf } from './withdrawals.ts';
import type { WithdrawalRow } from './withdrawals.ts';

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
  s.id, s.name, s.node, s.key, s.words, s.state, s.state_date, s.reason, array_to_json(s.lists) as lists, s.introduced_by, s.token_ids, s.address, s.version, s.first_seen, s.last_seen, s.alert,
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

/** Lets a site that waits in, or puts an alert about one to rest: from then on it is there by a person's word. CONFLICT if it can't be accepted. */
export async function acceptSite(tx: Connection, id: number): Promise<void> {
  const site = await readSite(tx, id);
  if (site.state === 'revoked') throw conflict('This site was revoked; its key is never taken again. Invite the new box instead.');
  if (site.key === null && site.node === null) throw conflict('This site has not come yet: it was invited, and nobody has used the code.');
  await query(
    tx,
    `update sites set state = 'accepted', state_date = case when state = 'accepted' then state_date else now() end, alert = null,
       introduced_by = case when introduced_by = 'token' then 'person' else introduced_by end
     where id = :id`,
    { id },
  );
  await forgetNumbers(tx, id);
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

/** Of the sites that a token alone has let in, no person and no invitation, those that have shown one of these: the latest first, at most so many. */
export async function listLetInBy(connection: Connection, tokenIds: readonly string[], most: number): Promise<SiteRow[]> {
  return query<SiteRow>(
    connection,
    `select ${siteColumns} from sites s where s.introduced_by = 'token' and s.state = 'accepted' and s.token_ids && :tokenIds::text[]
     order by s.first_seen desc nulls last, s.id desc limit :most`,
    { tokenIds: [...tokenIds], most },
  );
}

/** Forgets a site that is revoked, or never came. CONFLICT for one that could ask. */
export async function deleteSite(tx: Connection, id: number): Promise<void> {
  const site = await readSite(tx, id);
  if (site.state === 'accepted' && site.key !== null)
    throw conflict('This site may read lists. Revoke it instead: its key would be let in again by the token.');
  if (site.state === 'revoked') throw conflict('A revoked site is kept, so that its key stays refused.');
  await query(tx, `delete from sites where id = :id`, { id });
}
