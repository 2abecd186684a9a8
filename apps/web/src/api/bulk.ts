import { useMutation, useQueryClient } from '@tanstack/react-query';
import { bulkReportSchema, dossierCountSchema } from '@dossier/protocol/bulk.ts';
import type { BulkReport, BulkRequest } from '@dossier/protocol/bulk.ts';
import { keys } from './keys.ts';
import { read, send } from './request.ts';
import type { Query } from './request.ts';

/** What is done with many: a change, or that they are deleted. */
export type BulkDeed = Required<Pick<BulkRequest, 'change'>> | Required<Pick<BulkRequest, 'delete'>>;

/** Whom it is done with: those who were chosen, each as it was seen, or all that a filter found. */
export type BulkTarget =
  | { readonly kind: 'chosen'; readonly dossiers: readonly { readonly id: number; readonly modified_date: string }[] }
  | { readonly kind: 'found'; readonly filter: BulkFilter; readonly count: number; readonly state: string };

export type BulkFilter = NonNullable<BulkRequest['filter']>;

/** So many are named in one request, for it to be told how far it has come. */
const namedAtOnce = 2000;

/** How many dossiers a filter finds, and in which state of the lists. */
export function useCountFound() {
  return useMutation({
    mutationFn: ({ dossier_lists: lists, ...filter }: BulkFilter) =>
      read(dossierCountSchema, '/dossiers/count/', { query: { ...(filter as Query), dossier_lists: lists?.join(',') } }),
  });
}

interface Bulk {
  readonly target: BulkTarget;
  readonly deed: BulkDeed;
  /** Called with how many are through. */
  readonly tell: (through: number) => void;
}

/** What came of all requests together. */
export type BulkSum = Pick<BulkReport, 'done' | 'unchanged' | 'refused' | 'refusals' | 'next'> & {
  /** By which the deleted ones are in the bin: one for each request that deleted some. */
  readonly deletions: number[];
};

/** Does it, request after request; what was done before a failure stays done. */
export function useBulk() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: doBulk,
    onSettled: () => Promise.all([keys.dossiers, keys.watchLists, keys.bin].map((queryKey) => client.invalidateQueries({ queryKey }))),
  });
}

async function doBulk({ target, deed, tell }: Bulk): Promise<BulkSum> {
  const sum: BulkSum = { done: 0, unchanged: 0, refused: 0, refusals: [], next: null, deletions: [] };
  for (const request of requestsOf(target)) {
    for (let after: number | null = 0; after !== null; after = sum.next) {
      const report: BulkReport = await send(bulkReportSchema, ['POST', '/dossiers/bulk/'], {
        body: { ...request, ...deed, ...(after > 0 && { after }) } satisfies BulkRequest,
      });
      sum.done += report.done;
      sum.unchanged += report.unchanged;
      sum.refused += report.refused;
      sum.refusals.push(...report.refusals);
      if (report.deletion !== null) sum.deletions.push(report.deletion);
      sum.next = report.next;
      tell(sum.done + sum.unchanged + sum.refused);
    }
  }
  return sum;
}

function requestsOf(target: BulkTarget): BulkRequest[] {
  if (target.kind === 'found') return [{ filter: target.filter, state: target.state }];
  const parts = Math.ceil(target.dossiers.length / namedAtOnce);
  return Array.from({ length: parts }, (_, part) => ({ dossiers: target.dossiers.slice(part * namedAtOnce, (part + 1) * namedAtOnce) }));
}
