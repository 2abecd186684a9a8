import { z } from 'zod';
import type { Request } from 'express';
import { recordReads } from '@dossier/accounts/reads.ts';
import { createGate } from '@dossier/photos/gate.ts';
import type { DossierPage } from '@dossier/protocol/dossier.ts';
import type { Database } from '@dossier/postgres/database.ts';
import type { DossierFilter } from '@dossier/registry/dossier-pages.ts';
import { mostRanked, searchDossiers } from '@dossier/registry/search/search.ts';
import type { SearchAnswer } from '@dossier/registry/search/search.ts';
import { badParam } from '@dossier/runtime/errors.ts';
import { presentDossier } from './present.ts';
import { actorOf } from './session.ts';

/** Searches of this process that may be at the database at once; the gate's other readers keep the rest of the connections. */
const searchesAtOnce = 3;

interface SearchRequest {
  readonly text: string;
  readonly filter: DossierFilter;
  readonly limit: number;
  /** As `next_page` or `prev_page` of another answer said. */
  readonly page?: string | undefined;
}

/** Answers searches, some at once; the others wait for their turn, and what nobody waits for any more gives it back at once. */
export function createSearch(database: Database): (request: Request, search: SearchRequest) => Promise<DossierPage> {
  const gate = createGate(searchesAtOnce);
  return async (request, { text, filter, limit, page }) => {
    const offset = decodeOffset(page);
    const found = await gate(() => searchDossiers(database, { text, filter, limit, offset }));
    await recordReads(database, actorOf(request), { kind: 'page', dossiers: found.rows.map(({ id }) => id) });
    return {
      results: found.rows.map((row) => ({ ...presentDossier(row), matches: row.matches.map((match) => ({ ...match })) })),
      next_page: offset + limit < found.total ? encodeOffset(offset + limit) : null,
      prev_page: offset > 0 ? encodeOffset(Math.max(0, offset - limit)) : null,
      search: presentSearch(found),
    };
  };
}

function presentSearch({ total, more, behind, forgiving }: SearchAnswer): DossierPage['search'] {
  return {
    total,
    total_is_more: more,
    not_indexed: behind.map(({ list_id: list, done, total: all }) => ({ dossier_list: list, done, total: all })),
    typing_errors: forgiving,
  };
}

const offsetShape = z.tuple([z.literal('q'), z.int().nonnegative().max(mostRanked)]);

function encodeOffset(offset: number): string {
  return Buffer.from(JSON.stringify(['q', offset])).toString('base64url');
}

function decodeOffset(page: string | undefined): number {
  if (page === undefined || page === '') return 0;
  try {
    return offsetShape.parse(JSON.parse(Buffer.from(page, 'base64url').toString('utf8')))[1];
  } catch (cause) {
    if (cause instanceof SyntaxError || cause instanceof z.ZodError) {
      throw badParam('page', 'page: is not a cursor of a search; take it from next_page or prev_page of another answer.');
    }
    throw cause;
  }
}
