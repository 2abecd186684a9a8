import type { z } from 'zod';
import type { dossierQuery } from '@dossier/protocol/queries.ts';
import type { DossierFilter } from '@dossier/registry/dossier-pages.ts';

type Query = Pick<z.output<typeof dossierQuery>, 'dossier_lists' | 'name_contains' | 'active' | 'external_id' | 'valid'>;

/** What a query of dossiers asks for. */
export function filterOf(query: Query): DossierFilter {
  return {
    lists: query.dossier_lists,
    nameContains: query.name_contains === '' ? undefined : query.name_contains,
    active: query.active,
    externalId: query.external_id,
    validNow: query.valid === 'now',
  };
}
