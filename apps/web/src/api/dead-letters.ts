import { useMutation, useQuery } from '@tanstack/react-query';
import { deadLetterCountSchema, deadLetterSchema, runSchema } from '@dossier/protocol/sync.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import { useForget } from './forget.ts';
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

const changed = [keys.deadLetters, keys.links, keys.allRuns] as const;

export function useRetryLetter() {
  return useMutation({
    mutationFn: (id: number) => send(runSchema, ['POST', `/sync/dead-letters/${id}/retry/`]),
    onSuccess: useForget(...changed),
  });
}

export function useDiscardLetter() {
  return useMutation({ mutationFn: (id: number) => command(['DELETE', `/sync/dead-letters/${id}/`]), onSuccess: useForget(...changed) });
}

export function useRetryAllLetters() {
  return useMutation({
    mutationFn: () => send(deadLetterCountSchema, ['POST', '/sync/dead-letters/retry/']),
    onSuccess: useForget(...changed),
  });
}

export function useDiscardAllLetters() {
  return useMutation({
    mutationFn: () => send(deadLetterCountSchema, ['DELETE', '/sync/dead-letters/']),
    onSuccess: useForget(...changed),
  });
}
