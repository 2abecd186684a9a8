import { useInfiniteQuery } from '@tanstack/react-query';
import { auditEntrySchema } from '@dossier/protocol/audit.ts';
import type { AuditEntry } from '@dossier/protocol/audit.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import { keys } from './keys.ts';
import { read } from './request.ts';

const pageSize = 100;

export interface AuditFilter {
  readonly actor?: string | undefined;
  readonly action?: string | undefined;
  readonly via?: string | undefined;
  readonly since?: string | undefined;
  readonly until?: string | undefined;
}

/** Who did what, newest first, page after page. */
export function useAudit(filter: AuditFilter) {
  return useInfiniteQuery({
    queryKey: keys.audit(filter),
    initialPageParam: '',
    queryFn: ({ pageParam, signal }) =>
      read(pageOf(auditEntrySchema), '/audit/', { query: { ...filter, page: pageParam, limit: pageSize }, signal }),
    getNextPageParam: (page) => page.next_page,
  });
}

/** What was done to a watch list last, for administrators; null where nothing is kept of that. */
export async function readLastListDeed(list: number): Promise<AuditEntry | null> {
  const query = { object: 'watch-list', object_id: list, action: 'list-changed', limit: 1 };
  const { results } = await read(pageOf(auditEntrySchema), '/audit/', { query });
  return results[0] ?? null;
}
