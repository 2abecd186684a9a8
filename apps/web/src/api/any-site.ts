import { useQuery } from '@tanstack/react-query';
import { z } from 'zod';
import { keys } from './keys.ts';
import { read } from './request.ts';

const first = z.looseObject({ results: z.array(z.unknown()) });

/** Whether any site is known; undefined until that is known. */
export function useAnySite({ enabled }: { enabled: boolean }): boolean | undefined {
  const { data } = useQuery({
    enabled,
    queryKey: keys.anySite,
    refetchInterval: 60_000,
    queryFn: async ({ signal }) => (await read(first, '/sites/', { query: { limit: 1 }, signal })).results.length > 0,
  });
  return data;
}
