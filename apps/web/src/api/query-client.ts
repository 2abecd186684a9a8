import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';
import { keys } from './keys.ts';
import { Problem } from './problem.ts';

/** Keeps answers fresh for a while, tries again what may pass, and leads to the sign-in when the session has ended. */
export function createQueryClient(): QueryClient {
  const askToSignIn = (error: Error): void => {
    if (error instanceof Problem && error.status === 401) client.setQueryData(keys.session, null);
  };
  const client: QueryClient = new QueryClient({
    queryCache: new QueryCache({
      onError(error, query) {
        if (query.queryKey[0] !== keys.session[0]) askToSignIn(error);
      },
    }),
    mutationCache: new MutationCache({ onError: askToSignIn }),
    defaultOptions: {
      queries: {
        staleTime: 15_000,
        retry: (failures, error) => failures < 2 && (!(error instanceof Problem) || error.status === 0 || error.status >= 500),
      },
    },
  });
  return client;
}
