import type { Knex } from 'knex';
import { query, transaction } from '@dossier/postgres/database.ts';
import type { Database } from '@dossier/postgres/database.ts';
import type { CopiesDeletion } from './bin/deletions.ts';
import { changeFields, isSame } from './bulk-content.ts';
import type { BulkFields, ContentChange } from './bulk-content.ts';
import { findTaken, insertRows, updateRows } from './bulk-rows.ts';
import type { BulkRow } from './bulk-rows.ts';
import type { Heads } from './bulk-selection.ts';
import { declaredRefusal, readDeclaringLists } from './declared-values.ts';
import type { DeclaringList } from './declared-values.ts';
import { holdListsOf, removeCopies } from './dossier-copies.ts';
import { deleteHeld } from './dossier-deletions.ts';
import { rememberBulk } from './history.ts';
import type { DeedOrigin, RememberedDossier } from './history.ts';
import { changeOf } from './history-values.ts';
import type { ListPosition } from './positions.ts';
import { requireWritable } from './read-only.ts';

/** What becomes of each of many dossiers: they are deleted, or their content and lists are changed. */
export type BulkDeed = 'delete' | BulkChange;

export interface BulkChange extends ContentChange {
  readonly add_to_lists?: readonly number[] | undefined;
  readonly take_from_lists?: readonly number[] | undefined;
}

export interface BulkMember {
  readonly id: number;
  /** When it was last changed, as somebody saw it, in milliseconds; undefined: not said. */
  readonly seen?: number | undefined;
}

export interface BulkBatch {
  readonly members: readonly BulkMember[];
  readonly deed: BulkDeed;
  /** Where the lists stood when somebody looked at them, instead of `seen`. */
  readonly heads?: Heads | undefined;
  /** The deletion by which those that are deleted go to the bin; null: they are erased at once. */
  readonly bin: CopiesDeletion | null;
  /** What their history says of where this came from. */
  readonly origin: DeedOrigin;
}

/** Why a dossier was left as it was. */
export interface BulkRefusal {
  readonly id: number;
  readonly name: string | null;
  readonly code: 'NOT_FOUND' | 'PRECONDITION_FAILED' | 'PRECONDITION_REQUIRED' | 'CONFLICT' | 'BAD_PARAM' | 'TOO_LARGE';
  readonly desc: string;
  /** Another dossier, of which `desc` tells. */
  readonly other?: number;
}

export interface BulkCounts {
  /** Dossiers that were changed, or deleted. */
  done: number;
  /** Those that were so already. */
  unchanged: number;
  refused: BulkRefusal[];
  /** By which the deleted ones are in the bin; null: none are. */
  deletion: number | null;
}

/** So many are written in one transaction, for nobody to wait long for their lists; as many as have their digest computed with them. */
export const bulkBatch = 1000;

/** A dossier's row in one list, without what is long. */
interface BulkCopy extends BulkFields {
  readonly list_id: number;
  readonly set_id: number;
  readonly uuid: string;
  readonly id: number;
  readonly revision: number;
  readonly hash: string;
  readonly modified_ms: number;
  readonly external_id: string | null;
  readonly name: string;
  readonly photos: string;
}

const selectCopies = `
  select p.list_id, p.set_id, d.uuid, d.id, d.revision, encode(d.hash, 'hex') as hash, floor(extract(epoch from d.modified_date) * 1000)::bigint as modified_ms,
    d.active, d.external_id, d.name, d.comment, d.valid_from::text as valid_from, d.valid_until::text as valid_until, d.meta::text as meta,
    d.photos::text as photos
  from unnest(:ids::bigint[]) i (id) cross join lateral (select * from rows_of(i.id) limit 10000) d join list_positions p on p.set_id = d.set_id
  order by d.id, d.modified_date desc, p.list_id`;

/**
 * Does the same to many dossiers, at most `bulkBatch`, in one transaction. Who can't have it done is left as it was and named with the reason; the others are
 * done. Once more it changes nothing. READ_ONLY on a slave; BAD_PARAM for a list to which dossiers are to be added and which isn't there.
 */
export async function doBulk(database: Database, { members, deed, heads, bin, origin }: BulkBatch): Promise<BulkCounts> {
  return transaction(database, async (tx) => {
    await requireWritable(tx);
    const joining = deed === 'delete' ? [] : (deed.add_to_lists ?? []);
    const { lists, copies } = await holdDossiers(
      tx,
      members.map(({ id }) => id),
      joining,
    );
    const strict = await listsThatRequireMatch(tx, lists);
    const declaring = await readDeclaringLists(
      tx,
      lists.map((list) => list.list_id),
    );
    const counts: BulkCounts = { done: 0, unchanged: 0, refused: [], deletion: null };
    const plans: Plan[] = [];
    for (const member of members) {
      const [newest, ...others] = copies.get(member.id) ?? [];
      const plan = newest ? planFor([newest, ...others], { lists, deed }) : absent(member.id, deed);
      if (plan === 'nothing') counts.unchanged += 1;
      else if ('code' in plan) counts.refused.push(plan);
      else {
        const refusal = refuseUnseen(member, plan, { heads, strict }) ?? refuseUndeclared(plan, declaring);
        if (refusal) counts.refused.push(refusal);
        else plans.push(plan);
      }
    }
    const { free, taken } = await freePlans(tx, plans);
    counts.refused.push(...taken);
    counts.deletion = await write(tx, free, bin);
    await rememberBulk(tx, origin, free.map(remembered));
    counts.done = free.length;
    return counts;
  });
}

/** What is to be written of one dossier. */
interface Plan {
  readonly copies: readonly [BulkCopy, ...BulkCopy[]];
  /** Null: it is deleted. */
  readonly fields: BulkFields | null;
  readonly updated: readonly BulkRow[];
  readonly inserted: readonly BulkRow[];
  readonly removed: readonly BulkCopy[];
}

/** Locks the lists that hold the dossiers, and others besides, and reads the dossiers: their copies by id, the newest first. */
async function holdDossiers(
  tx: Knex.Transaction,
  ids: readonly number[],
  besides: readonly number[],
): Promise<{ lists: ListPosition[]; copies: Map<number, BulkCopy[]> }> {
  const { rows, lists } = await holdListsOf(tx, () => query<BulkCopy>(tx, selectCopies, { ids }), besides);
  const copies = Map.groupBy(rows, ({ id }) => id);
  // Another one of the same number can only have been written by hand.
  for (const [id, of] of copies)
    copies.set(
      id,
      of.filter(({ uuid }) => uuid === of[0]?.uuid),
    );
  return { lists, copies };
}

async function listsThatRequireMatch(tx: Knex.Transaction, lists: readonly ListPosition[]): Promise<Set<number>> {
  const rows = await query<{ id: number }>(tx, `select id from watch_lists where id = any(:ids::bigint[]) and require_match`, {
    ids: lists.map((list) => list.list_id),
  });
  return new Set(rows.map(({ id }) => id));
}

/** Who is gone is deleted already. */
function absent(id: number, deed: BulkDeed): 'nothing' | BulkRefusal {
  return deed === 'delete' ? 'nothing' : { id, name: null, code: 'NOT_FOUND', desc: `There is no dossier ${id}.` };
}

function planFor(
  copies: readonly [BulkCopy, ...BulkCopy[]],
  { lists, deed }: { lists: readonly ListPosition[]; deed: BulkDeed },
): Plan | BulkRefusal | 'nothing' {
  const [newest] = copies;
  if (deed === 'delete') return { copies, fields: null, updated: [], inserted: [], removed: copies };
  const { add_to_lists: added = [], take_from_lists: left = [], ...change } = deed;
  const changed = changeFields(newest, change);
  if ('fault' in changed) return { id: newest.id, name: newest.name, code: changed.code, desc: changed.fault };
  const { fields } = changed;
  const removed = copies.filter((copy) => left.includes(copy.list_id));
  const staying = copies.filter((copy) => !removed.includes(copy));
  const holding = new Set(copies.map((copy) => copy.list_id));
  const joining = lists.filter((list) => added.includes(list.list_id) && !holding.has(list.list_id));
  if (staying.length + joining.length === 0) {
    return {
      id: newest.id,
      name: newest.name,
      code: 'CONFLICT',
      desc: 'It is in no other watch list. Delete it, or add it to another one.',
    };
  }
  const asksContent = Object.values(change).some((value) => value !== undefined);
  const stale = asksContent ? staying.filter((copy) => copy.hash !== newest.hash || !isSame(newest, fields)) : [];
  if (stale.length + joining.length + removed.length === 0) return 'nothing';
  const rowIn = ({ list_id: list, set_id: set }: { list_id: number; set_id: number }): BulkRow => ({
    uuid: newest.uuid,
    source: newest.set_id,
    list,
    set,
    fields,
  });
  return { copies, fields, updated: stale.map(rowIn), inserted: joining.map(rowIn), removed };
}

/** Refuses what would change a dossier that is another than the one that was seen, or of which a list demands that it was. */
function refuseUnseen(
  member: BulkMember,
  { copies }: Plan,
  { heads, strict }: { heads: Heads | undefined; strict: ReadonlySet<number> },
): BulkRefusal | null {
  const [{ id, name }] = copies;
  if (heads !== undefined) {
    const known = copies.filter((copy) => heads.has(copy.list_id));
    // In a list that wasn't there nobody has seen it.
    const isOther = known.length === 0 || known.some((copy) => copy.revision > (heads.get(copy.list_id) ?? 0));
    return isOther ? { id, name, ...changedSince } : null;
  }
  if (member.seen !== undefined) {
    const { seen } = member;
    // Whoever saw an older copy of it saw it in the list that has that one.
    return copies.some((copy) => copy.modified_ms === seen) ? null : { id, name, ...changedSince };
  }
  if (!copies.some((copy) => strict.has(copy.list_id))) return null;
  return {
    id,
    name,
    code: 'PRECONDITION_REQUIRED',
    desc: 'Its watch list takes changes only from who says which state is meant (modified_date).',
  };
}

/** Refuses what would write a value that a list of the dossier declares otherwise. */
function refuseUndeclared({ copies, fields, updated, inserted }: Plan, declaring: readonly DeclaringList[]): BulkRefusal | null {
  if (fields === null) return null;
  const places = [
    ...updated.map(({ list }) => ({ list_id: list, before: copies.find((copy) => copy.list_id === list)?.meta ?? null })),
    ...inserted.map(({ list }) => ({ list_id: list, before: null })),
  ];
  const refusal = declaredRefusal(declaring, places, fields.meta);
  const [{ id, name }] = copies;
  return refusal && { id, name, code: 'BAD_PARAM', desc: refusal.desc };
}

const changedSince = { code: 'PRECONDITION_FAILED', desc: 'It was changed since it was read.' } as const;

/** Those whose external id nobody else has in the lists into which they come, and the refusals of the others. */
async function freePlans(tx: Knex.Transaction, plans: readonly Plan[]): Promise<{ free: Plan[]; taken: BulkRefusal[] }> {
  const coming = (plan: Plan) =>
    [...plan.inserted, ...plan.updated].map(({ set, uuid }) => ({ set, uuid, externalId: plan.copies[0].external_id }));
  const others = await findTaken(tx, plans.flatMap(coming));
  const takenBy = new Map(others.map(({ set, uuid, other }) => [`${set} ${uuid}`, other]));
  const claimed = new Map<string, number>();
  const free: Plan[] = [];
  const taken: BulkRefusal[] = [];
  for (const plan of plans) {
    const [{ id, name, external_id: externalId }] = plan.copies;
    const places = externalId === null ? [] : coming(plan).map(({ set }) => `${set} ${externalId}`);
    const other = coming(plan)
      .map(({ set, uuid }) => takenBy.get(`${set} ${uuid}`))
      .concat(places.map((place) => claimed.get(place)))
      .find((each) => each !== undefined);
    if (other !== undefined) {
      taken.push({
        id,
        name,
        code: 'CONFLICT',
        desc: `external_id: dossier ${other} has it already in a watch list to which this one would come.`,
        other,
      });
      continue;
    }
    for (const place of places) claimed.set(place, id);
    free.push(plan);
  }
  return { free, taken };
}

/** Writes it; returns the deletion by which the deleted ones are in the bin, null if none are. */
async function write(tx: Knex.Transaction, plans: readonly Plan[], bin: CopiesDeletion | null): Promise<number | null> {
  await updateRows(
    tx,
    plans.flatMap(({ updated }) => updated),
  );
  await insertRows(
    tx,
    plans.flatMap(({ inserted }) => inserted),
  );
  const changed = plans.filter(({ fields }) => fields !== null);
  await removeCopies(
    tx,
    changed.flatMap(({ removed }) => removed),
    changed.map(({ copies: [newest] }) => newest.photos).join(' '),
  );
  const deleted = plans.flatMap(({ fields, removed }) => (fields === null ? removed : []));
  return deleted.length === 0 ? null : deleteHeld(tx, deleted, bin);
}

function remembered({ copies, fields, inserted, removed }: Plan): RememberedDossier {
  const [newest] = copies;
  const before = copies.map((copy) => copy.list_id);
  const gone = new Set(removed.map((copy) => copy.list_id));
  const after = [...before.filter((list) => !gone.has(list)), ...inserted.map(({ list }) => list)];
  const was = { ...newest, features: null, lists: before };
  return {
    uuid: newest.uuid,
    lists: [...new Set([...before, ...after])],
    change: changeOf(was, fields && { ...was, ...fields, lists: after }),
  };
}
