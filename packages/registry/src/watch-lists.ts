import type { Knex } from 'knex';
import type { DeclaredField, Words } from '@dossier/domain/declaration.ts';
import type { LinkDoubt, LinkState } from '@dossier/domain/link.ts';
import { declarationText, emptyDeclarationText, lengthFault, readDeclaration } from '@dossier/protocol/declaration.ts';
import { ApplicationError, badParam, conflict, notFound } from '@dossier/runtime/errors.ts';
import { query, queryOne, transaction } from '@dossier/postgres/database.ts';
import type { Connection, Database } from '@dossier/postgres/database.ts';
import { toPage } from '@dossier/postgres/keyset.ts';
import type { Page, PageRequest } from '@dossier/postgres/keyset.ts';
import { binList } from './bin/deletions.ts';
import type { BinnableDeletion } from './dossier-deletions.ts';
import type { Change } from './history-values.ts';
import { leaveMissingPhotos } from './missing-photos.ts';
import { emptyList, lockLists } from './positions.ts';
import { readOnly, requireWritable } from './read-only.ts';

/** A watch list as people see it. */
export interface WatchListRow {
  id: number;
  uuid: string;
  name: string;
  comment: string;
  color: string;
  active: boolean;
  /** Whether it is kept who looks at its dossiers. */
  log_reads: boolean;
  /** Whether changes have to name what they change by `If-Match`. */
  require_match: boolean;
  /** Its fields and what to do at the door, as `readDeclaration` takes it. */
  declaration: string;
  dossier_count: number;
  created_date: Date;
  modified_date: Date;
  /** When its dossiers were last changed here. */
  content_date: Date;
  /** The master's address if the list is a replica; the next three with it. */
  remote_url: string | null;
  remote_list_id: number | null;
  link_state: LinkState | null;
  link_doubt: LinkDoubt | null;
}

const columns = `
  l.id, l.uuid, l.name, l.comment, l.color, l.active, l.log_reads, l.require_match, l.declaration::text as declaration, p.dossier_count, l.created_date, l.modified_date,
  p.changed_date as content_date, k.remote_url, k.remote_list_id, k.state as link_state, link_doubt(k) as link_doubt
  from watch_lists l
  join list_positions p on p.list_id = l.id
  left join links k on k.slave_list_id = l.id`;

/** One page of the watch lists, by id; `lists`: of these. */
export async function listWatchLists(
  connection: Connection,
  { lists = null, ...page }: PageRequest & { lists?: readonly number[] | null },
): Promise<Page<WatchListRow>> {
  const backwards = page.cursor?.direction === 'before';
  const rows = await query<WatchListRow>(
    connection,
    `select ${columns}
     where (:lists::bigint[] is null or l.id = any(:lists::bigint[])) and ${page.cursor ? `l.id ${backwards ? '<' : '>'} :id` : 'true'}
     order by l.id ${backwards ? 'desc' : 'asc'} limit :rows`,
    { lists: lists && [...lists], id: page.cursor?.id ?? 0, rows: page.limit + 1 },
  );
  return toPage(rows, page, (row) => ({ value: null, id: row.id }));
}

/** The watch list of this id; NOT_FOUND if there is none. */
export async function readWatchList(connection: Connection, id: number): Promise<WatchListRow> {
  const list = await queryOne<WatchListRow>(connection, `select ${columns} where l.id = :id`, { id });
  if (!list) throw notFound(`watch list ${id}`);
  return list;
}

/** A list as it is after it was written, and what became of it; null: nothing. */
export interface WrittenList {
  list: WatchListRow;
  change: Change | null;
}

const remembered = ['name', 'comment', 'color', 'active', 'log_reads', 'require_match'] as const;

/** What became of a list, for its history. */
export function listChangeOf(before: WatchListRow | null, after: WatchListRow | null): Change | null {
  const [was, is] = [before, after].map((list) => list && rememberedOf(list));
  return differenceOf(was ?? null, is ?? null);
}

/** What became of what a list declares. */
export function declarationChange(before: string, after: string): Change | null {
  return differenceOf({ ...readDeclaration(before) }, { ...readDeclaration(after) });
}

function rememberedOf(list: WatchListRow): Record<string, unknown> {
  const { fields, instruction } = readDeclaration(list.declaration);
  return {
    ...Object.fromEntries(remembered.map((field) => [field, list[field]])),
    // A list that declares nothing says nothing of it.
    fields: fields.length > 0 ? fields : undefined,
    instruction: Object.keys(instruction).length > 0 ? instruction : undefined,
  };
}

function differenceOf(was: Record<string, unknown> | null, is: Record<string, unknown> | null): Change | null {
  const names = Object.keys(was ?? is ?? {});
  const differing = names.filter((name) => JSON.stringify(was?.[name]) !== JSON.stringify(is?.[name]));
  if (differing.length === 0) return null;
  const valuesOf = (values: Record<string, unknown> | null) =>
    values && JSON.stringify(Object.fromEntries(differing.map((name) => [name, values[name]])));
  return { before: valuesOf(was), after: valuesOf(is) };
}

export interface WatchListContent {
  name: string;
  comment: string;
  color: string;
  active: boolean;
}

/** What people set of a list's declaration; what is undefined stays. */
interface DeclarationChange {
  fields?: readonly DeclaredField[] | undefined;
  instruction?: Words | undefined;
}

/** The text of a declaration with what is given of it; BAD_PARAM if it is too long. */
function changeDeclaration(kept: string, { fields, instruction }: DeclarationChange): string {
  if (fields === undefined && instruction === undefined) return kept;
  const before = readDeclaration(kept);
  const after = { fields: fields ?? before.fields, instruction: instruction ?? before.instruction };
  const fault = lengthFault(after);
  if (fault !== null) throw badParam(fields === undefined ? 'instruction' : 'fields', `${fault}.`);
  return declarationText(after);
}

/** Makes an empty watch list. BAD_PARAM if it declares too much. */
export async function createWatchList(
  database: Database,
  { fields, instruction, ...content }: WatchListContent & DeclarationChange,
): Promise<WatchListRow> {
  return transaction(database, async (tx) => {
    const made = await queryOne<{ id: number }>(
      tx,
      `insert into watch_lists (name, comment, color, active, declaration) values (:name, :comment, :color, :active, :declaration) returning id`,
      { ...content, declaration: changeDeclaration(emptyDeclarationText, { fields, instruction }) },
    );
    if (!made) throw new Error('insert returned no row');
    return readWatchList(tx, made.id);
  });
}

/** Locks the list's row, so that no link to it is made meanwhile, and returns it. */
async function holdWatchList(tx: Knex.Transaction, id: number): Promise<WatchListRow> {
  const held = await queryOne(tx, `select id from watch_lists where id = :id for update`, { id });
  if (!held) throw notFound(`watch list ${id}`);
  return readWatchList(tx, id);
}

/** What a node decides of a list by itself, also of a replica. */
interface OwnChoices {
  log_reads?: boolean | undefined;
  require_match?: boolean | undefined;
}

/** Called with the list as it is when it is locked; what it throws is the refusal. */
export type ListExpectation = (list: WatchListRow) => void;

/**
 * Changes the given fields; of a replica nothing but this node's own choices (READ_ONLY otherwise). What is equal already changes nothing. BAD_PARAM if it
 * declares too much.
 */
export async function updateWatchList(
  database: Database,
  id: number,
  {
    log_reads: logReads,
    require_match: requireMatch,
    ...change
  }: { [Field in keyof WatchListContent]?: WatchListContent[Field] | undefined } & DeclarationChange & OwnChoices,
  expect?: ListExpectation,
): Promise<WrittenList> {
  return transaction(database, async (tx) => {
    const list = await holdWatchList(tx, id);
    expect?.(list);
    if (list.remote_url !== null && Object.keys(change).length > 0) throw readOnly([list.remote_url]);
    const declaration = changeDeclaration(list.declaration, change);
    // Whoever writes a dossier meanwhile is through, or reads what is declared from now on.
    if (declaration !== list.declaration) await lockLists(tx, [id]);
    await query(
      tx,
      `update watch_lists set log_reads = coalesce(:logReads::boolean, log_reads), require_match = coalesce(:requireMatch::boolean, require_match)
       where id = :id
         and (log_reads, require_match) is distinct from (coalesce(:logReads::boolean, log_reads), coalesce(:requireMatch::boolean, require_match))`,
      { id, logReads: logReads ?? null, requireMatch: requireMatch ?? null },
    );
    await query(
      tx,
      `update watch_lists set name = :name, comment = :comment, color = :color, active = :active, declaration = :declaration, modified_date = clock_timestamp()
       where id = :id and (name, comment, color, active, declaration::text) is distinct from (:name, :comment, :color, :active, :declaration)`,
      {
        id,
        name: change.name ?? list.name,
        comment: change.comment ?? list.comment,
        color: change.color ?? list.color,
        active: change.active ?? list.active,
        declaration,
      },
    );
    const changed = await readWatchList(tx, id);
    return { list: changed, change: listChangeOf(list, changed) };
  });
}

/** Deletes an empty list that is no replica, and returns what it was; CONFLICT otherwise. */
export async function deleteWatchList(database: Database, id: number, expect?: ListExpectation): Promise<WatchListRow> {
  return transaction(database, async (tx) => {
    const list = await holdWatchList(tx, id);
    expect?.(list);
    if (list.remote_url !== null) {
      throw new ApplicationError('CONFLICT', `Watch list ${id} is a replica of a list on ${list.remote_url}.`, {
        remedy: 'Cancel its replication first.',
      });
    }
    // Whoever puts a dossier into the list waits for this lock, and then finds no list.
    const [position] = await lockLists(tx, [id]);
    if (position && position.dossier_count > 0) {
      throw conflict(`Watch list ${id} holds ${position.dossier_count} dossiers. Purge it first; nothing was deleted.`);
    }
    await leaveMissingPhotos(tx, id);
    // Its tombstones are left to upkeep.
    await query(
      tx,
      `insert into sets (set_id, list_id, purpose) values (:setId, :id, 'garbage') on conflict (set_id) do update set purpose = 'garbage', since = age_moment()`,
      { setId: position?.set_id, id },
    );
    await query(tx, `delete from watch_lists where id = :id`, { id });
    return list;
  });
}

/** Removes all dossiers from a list; returns what it was, and the deletion in the bin, if there is one. READ_ONLY on a slave. */
export async function purgeWatchList(
  database: Database,
  id: number,
  { binnedBy, expect }: BinnableDeletion<ListExpectation>,
): Promise<{ list: WatchListRow; deletion: number | null }> {
  return transaction(database, async (tx) => {
    await requireWritable(tx);
    await readWatchList(tx, id);
    const [position] = await lockLists(tx, [id]);
    const list = await readWatchList(tx, id);
    expect?.(list);
    if (position === undefined || position.dossier_count === 0) return { list, deletion: null };
    if (binnedBy !== null) return { list, deletion: await binList(tx, position, binnedBy) };
    await emptyList(tx, id);
    return { list, deletion: null };
  });
}
