import { randomUUID } from 'node:crypto';
import type { Knex } from 'knex';
import type { Meta } from '@dossier/domain/dossier.ts';
import type { StoredContent } from '@dossier/domain/dossier-hash.ts';
import { badParam, conflict } from '@dossier/runtime/errors.ts';
import { queryOne, transaction } from '@dossier/postgres/database.ts';
import type { Database } from '@dossier/postgres/database.ts';
import { changeMeta, datesFault, emptyContent } from './dossier-content.ts';
import { holdDossier, holdLists, insertCopies, removeCopies, updateCopies } from './dossier-copies.ts';
import type { HeldDossier } from './dossier-copies.ts';
import { readDossier } from './dossiers.ts';
import type { DossierRow } from './dossiers.ts';
import { requireDeclaredValues } from './declared-values.ts';
import { changeOf } from './history-values.ts';
import type { Change } from './history-values.ts';
import { orderPhotos } from './photo-order.ts';
import { requireWritable } from './read-only.ts';

/** What people write of a dossier. */
export interface DossierContent {
  name: string;
  comment: string;
  active: boolean;
  /** `YYYY-MM-DD`, both included; null: without this bound. */
  valid_from: string | null;
  valid_until: string | null;
  meta: Meta;
  external_id: string | null;
  lists: readonly number[];
}

export type DossierChange = { [Field in keyof DossierContent]?: DossierContent[Field] | undefined } & {
  /** The ids of all its photos, in another order. */
  readonly photos?: readonly string[] | undefined;
};

/** A dossier as it is after it was written, or was before it was deleted, and what became of it; null: nothing. */
export interface WrittenDossier {
  dossier: DossierRow;
  change: Change | null;
}

/** Called with the dossier as it is when its lists are locked; what it throws is the refusal. */
export type Expectation = (dossier: DossierRow) => void;

/**
 * Makes a dossier in the given lists: one row in each, all with one id. READ_ONLY on a slave; CONFLICT if a list has its external id already; BAD_PARAM if a
 * value isn't what a list declares.
 */
export async function createDossier(database: Database, { lists, ...content }: DossierContent): Promise<WrittenDossier> {
  return transaction(database, async (tx) => {
    await requireWritable(tx);
    const held = await holdLists(tx, [...new Set(lists)]);
    const made = await queryOne<{ id: number }>(tx, `select nextval('dossier_ids') as id`);
    const id = made?.id ?? 0;
    const stored = applyChange(emptyContent, content);
    await requireDeclaredValues(
      tx,
      held.map(({ list_id }) => ({ list_id, before: null })),
      stored.meta,
    );
    await insertCopies(tx, held, { uuid: randomUUID(), id, createdDate: null }, stored);
    const dossier = await readDossier(tx, id);
    return { dossier, change: changeOf(null, { ...stored, lists: dossier.lists }) };
  });
}

/**
 * Changes the given fields of a dossier in all lists that hold it, and the lists that do. Of copies that differ the newest is what the change is made to.
 * What is equal already changes nothing: neither a date nor any list's revision. READ_ONLY on a slave; CONFLICT if a list has its external id already;
 * BAD_PARAM if a value that is written isn't what a list declares.
 */
export async function updateDossier(
  database: Database,
  id: number,
  { photos, ...change }: DossierChange,
  expect?: Expectation,
): Promise<WrittenDossier> {
  return transaction(database, async (tx) => {
    await requireWritable(tx);
    const held = await holdDossier(tx, id, [...new Set(change.lists)]);
    expect?.(await readDossier(tx, id));
    const [newest] = held.copies;
    const changed = applyChange(newest, change);
    const content = photos === undefined ? changed : orderPhotos(changed, id, photos);
    return writeDossier(tx, held, { content, lists: change.lists ?? held.copies.map((copy) => copy.list_id) });
  });
}

/**
 * Gives a held dossier this content, in these lists and no others; those that it isn't in yet are among the held ones. `renewed`: its copies count as
 * changed, also those that are equal.
 */
export async function writeDossier(
  tx: Knex.Transaction,
  held: HeldDossier,
  { content, lists, renewed = false }: { content: StoredContent; lists: readonly number[]; renewed?: boolean },
): Promise<WrittenDossier> {
  const [newest] = held.copies;
  const wanted = new Set(lists);
  const holding = new Set(held.copies.map((copy) => copy.list_id));
  const staying = held.copies.filter((copy) => wanted.has(copy.list_id));
  const leaving = held.copies.filter((copy) => !wanted.has(copy.list_id));
  const joining = held.lists.filter((list) => wanted.has(list.list_id) && !holding.has(list.list_id));
  if (staying.length + joining.length !== wanted.size)
    throw conflict('The lists of the dossier are being changed. Nothing was changed; try again.');
  const places = [
    ...staying.map((copy) => ({ list_id: copy.list_id, before: copy.meta })),
    ...joining.map(({ list_id }) => ({ list_id, before: null })),
  ];
  await requireDeclaredValues(tx, places, content.meta);
  await removeCopies(tx, leaving, content.photos);
  await updateCopies(tx, staying, content, { renewed });
  await insertCopies(tx, joining, { uuid: newest.uuid, id: newest.id, createdDate: newest.created_date }, content);
  const dossier = await readDossier(tx, newest.id);
  return { dossier, change: changeOf({ ...newest, lists: [...holding] }, { ...content, lists: dossier.lists }) };
}

/** The content with the given fields changed. BAD_PARAM if it would be valid until a day before the first. */
export function applyChange(content: StoredContent, { meta, lists: _lists, ...fields }: Omit<DossierChange, 'photos'>): StoredContent {
  const given = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
  const changed: StoredContent = { ...content, ...given, meta: changeMeta(content.meta, meta) };
  const fault = datesFault(changed);
  if (fault !== null) throw badParam('valid_until', `${fault}.`);
  return changed;
}
