import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { deadLetterCountSchema, deadLetterSchema, runSchema } from '@dossier/protocol/sync.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import { keys } from './keys.ts';
import { readAll } from './read-all.ts';
import { command, send } from './request.ts';

/** What failed for good and waits for a person. */
export function useDeadLetters({ enabled = true } = {}) {
  return useQuery({
    enabled,
    queryKey: keys.deadLetters,
    refetchInterval: 30_000,
    queryFn: ({ signal }) => readAll(pageOf(deadLetterSchema), '/sync/dead-letters/', { signal }),
  });
}

function useForgetLetters(): () => Promise<unknown> {
  const client = useQueryClient();
  return () => Promise.all([keys.deadLetters, keys.links, keys.allRuns].map((queryKey) => client.invalidateQueries({ queryKey })));
}

export function useRetryLetter() {
  return useMutation({
    mutationFn: (id: number) => send(runSchema, ['POST', `/sync/dead-letters/${id}/retry/`]),
    onSuccess: useForgetLetters(),
  });
}

export function useDiscardLetter() {
  return useMutation({ mutationFn: (id: number) => command(['DELETE', `/sync/dead-letters/${id}/`]), onSuccess: useForgetLetters() });
}

export function useRetryAllLetters() {
  return useMutation({
    mutationFn: () => send(deadLetterCountSchema, ['POST', '/sync/dead-letters/retry/']),
    onSuccess: useForgetLetters(),
  });
}

export function useDiscardAllLetters() {
  return useMutation({ mutationFn: () => send(deadLetterCountSchema, ['DELETE', '/sync/dead-letters/']), onSuccess: useForgetLetters() });
}
