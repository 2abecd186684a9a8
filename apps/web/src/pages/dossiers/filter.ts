import type { BulkFilter } from '../../api/bulk.ts';
import type { Query } from '../../api/request.ts';
import type { DossierSearch } from './search.ts';

/** The filter of the address as it stands in a request that is about all that it finds. */
export function filterOf({ list, q, external, active, valid }: DossierSearch): BulkFilter {
  return {
    ...(list !== undefined && { dossier_lists: [list] }),
    ...(q !== undefined && { q }),
    ...(external !== undefined && { external_id: external }),
    ...(active !== undefined && { active }),
    // People see also what isn't valid any more, or not yet, and by a mark that it isn't.
    valid: valid ?? 'all',
  };
}

/** A filter as it stands in a query. */
export function filterQuery({ dossier_lists: lists, ...filter }: BulkFilter): Query {
  return { ...(filter as Query), dossier_lists: lists?.join(',') };
}

/** The filter and the order of the address as a query; what is searched for comes by how well it fits. */
export function queryOf(search: DossierSearch): Query {
  return { ...filterQuery(filterOf(search)), ordering: search.q === undefined ? search.order : undefined };
}

/** Whether only some of a list, or of all, are asked for. */
export function isFiltered({ q, external, active, valid }: DossierSearch): boolean {
  return q !== undefined || external !== undefined || active !== undefined || valid !== undefined;
}
