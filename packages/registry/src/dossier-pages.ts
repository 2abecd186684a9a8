import type { PageRequest } from '@dossier/postgres/keyset.ts';

export const dossierOrderings = ['id', 'name', 'created_date', 'modified_date'] as const;
export type DossierOrdering = (typeof dossierOrderings)[number];

export interface DossierFilter {
  /** In at least one of these; all lists of the node without. */
  lists?: readonly number[] | undefined;
  nameContains?: string | undefined;
  active?: boolean | undefined;
  externalId?: string | undefined;
  /** Only those that are valid today, by the calendar of UTC. */
  validNow?: boolean | undefined;
}

interface Listing extends PageRequest {
  filter: DossierFilter;
  ordering: DossierOrdering;
  descending: boolean;
}

/** A list, and the set that its rows are. */
export interface ListSet {
  list_id: number;
  set_id: number;
}

/** Per ordering: the expression that orders, its value as text for a cursor, and the cursor's value brought back. */
const keys: Record<DossierOrdering, { expression: string; text: string; value: string }> = {
  id: { expression: 'd.id', text: 'null::text', value: ':id' },
  name: { expression: `d.name collate "und-x-icu"`, text: 'd.name', value: ':value' },
  created_date: dateKey('created_date'),
  modified_date: dateKey('modified_date'),
};

function dateKey(column: string): { expression: string; text: string; value: string } {
  // Text with microseconds: a JavaScript Date would lose three digits and with them rows.
  return { expression: `d.${column}`, text: `d.${column}::text`, value: ':value::timestamptz' };
}

const today = `(now() at time zone 'UTC')::date`;

/** Names are compared without regard to case in all scripts; the needle's `%` and `_` stand for themselves. */
export function contentConditions(filter: DossierFilter): string[] {
  const conditions: string[] = [];
  if (filter.nameContains !== undefined) {
    conditions.push(`lower(d.name collate "und-x-icu") like lower(:pattern collate "und-x-icu")`);
  }
  if (filter.active !== undefined) conditions.push('d.active = :active');
  if (filter.externalId !== undefined) conditions.push('d.external_id = :externalId');
  if (filter.validNow === true) conditions.push(`coalesce(d.valid_from <= ${today}, true) and coalesce(d.valid_until >= ${today}, true)`);
  return conditions;
}

/** How rows follow each other as they are read: by key, then by id, then by list. */
function directionsOf({ descending, cursor }: Listing): { rows: 'asc' | 'desc'; lists: 'asc' | 'desc' } {
  const backwards = cursor?.direction === 'before';
  return { rows: backwards === descending ? 'asc' : 'desc', lists: backwards ? 'desc' : 'asc' };
}

/** The first rows of a list's set behind the cursor, as `list` and `set` say in SQL. */
function seriesStatement(listing: Listing, list: string, set: string): string {
  const { ordering, cursor } = listing;
  const { expression, text, value } = keys[ordering];
  const { rows, lists } = directionsOf(listing);
  const place = ordering === 'id' ? 'd.id' : `(${expression}, d.id)`;
  const begin = ordering === 'id' ? value : `(${value}, :id)`;
  const conditions = [`d.set_id = ${set}`, ...contentConditions(listing.filter)];
  if (cursor) {
    conditions.push(`${place} ${rows === 'asc' ? '>=' : '<='} ${begin}`);
    conditions.push(`(${list} ${lists === 'asc' ? '>' : '<'} :list or ${place} <> ${begin})`);
  }
  const order = ordering === 'id' ? `d.id ${rows}` : `${expression} ${rows}, d.id ${rows}`;
  return `select ${list} as list_id, ${set} as set_id, d.uuid, d.id, d.hash, ${expression} as sort, ${text} as key, row_number() over (order by ${order}) as place
    from dossiers d where ${conditions.join(' and ')} order by ${order} limit :rows`;
}

/**
 * The statement that finds the rows of a page: one row (list_id, set_id, uuid, id, hash, key, place) for each different copy, of equal ones with the same
 * key the one of the lowest list. At most `limit`; at least `limit - 1` if there are more.
 */
export function pageStatement(listing: Listing, lists: readonly ListSet[]): { page: string; parameters: Record<string, unknown> } {
  const { filter, cursor, limit } = listing;
  return {
    page: findStatement(listing, lists),
    parameters: {
      rows: limit,
      value: cursor?.value ?? null,
      id: cursor?.id ?? null,
      list: cursor?.list ?? null,
      listIds: lists.map((list) => list.list_id),
      setIds: lists.map((list) => list.set_id),
      ...contentParameters(filter),
    },
  };
}

/** What the conditions of a filter name. */
export function contentParameters({ lists, nameContains, active, externalId }: DossierFilter): Record<string, unknown> {
  return {
    lists: lists ?? null,
    pattern: nameContains === undefined ? null : `%${nameContains.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`,
    active: active ?? null,
    externalId: externalId ?? null,
  };
}

function findStatement(listing: Listing, lists: readonly ListSet[]): string {
  const [only, ...others] = lists;
  // The number of the set stands in the statement: how many rows it has is what the planner knows best.
  if (only && others.length === 0) return seriesStatement(listing, `${only.list_id}::bigint`, `${only.set_id}::bigint`);
  const { rows, lists: direction } = directionsOf(listing);
  // Each list gives as many rows as the page has. Behind the end of a list that could give more, others may have rows whose turn it isn't yet.
  return `select list_id, set_id, uuid, id, hash, key, place
    from (
      select *, min(place) filter (where nth = :rows) over () as bound
      from (
        select s.list_id, s.set_id, s.uuid, s.id, s.hash, s.key, s.place as nth,
          row_number() over (order by s.sort ${rows}, s.id ${rows}, s.list_id ${direction}) as place,
          row_number() over (partition by s.sort, s.id, s.uuid, s.hash order by s.list_id) as copy
        from unnest(:listIds::bigint[], :setIds::bigint[]) l (list_id, set_id)
        cross join lateral (${seriesStatement(listing, 'l.list_id', 'l.set_id')}) s
      ) numbered
    ) bounded
    where copy = 1 and place <= coalesce(bound, place) order by place limit :rows`;
}
