import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { mayActAs } from '@dossier/domain/role.ts';
import type { Role } from '@dossier/domain/role.ts';
import { currentSessionSchema, ownPasswordChangedSchema, sessionSchema } from '@dossier/protocol/session.ts';
import { signInMethodsSchema } from '@dossier/protocol/second-factor.ts';
import { keys } from './keys.ts';
import { Problem } from './problem.ts';
import { command, read, send } from './request.ts';

/** Who is signed in; null for nobody. */
export function useSession() {
  return useQuery({
    queryKey: keys.session,
    staleTime: Infinity,
    queryFn: async ({ signal }) => {
      try {
        const { user, ...session } = await read(currentSessionSchema, '/auth/session/', { signal });
        const { sign_in, second_factor_missing, dossier_lists } = session;
        return { ...user, sign_in, second_factor_missing, dossier_lists };
      } catch (error) {
        if (error instanceof Problem && error.status === 401) return null;
        throw error;
      }
    },
  });
}

/** Whether the person who is signed in may do what takes the role. */
export function useMay(role: Role): boolean {
  const { data: user } = useSession();
  return user != null && mayActAs(user.role, role);
}

/** Whether there are only some watch lists for the person who is signed in. Pages then ask for nothing that is about others, too. */
export function useIsLimited(): boolean {
  const { data: user } = useSession();
  return user != null && user.dossier_lists !== null;
}

/** What the sign-in page offers beside the password. */
export function useSignInMethods() {
  return useQuery({
    queryKey: keys.signInMethods,
    staleTime: Infinity,
    queryFn: ({ signal }) => read(signInMethodsSchema, '/auth/methods/', { signal }),
  });
}

/** Signs in, so that the browser keeps the session's cookie. Throws Problem: of the code SECOND_FACTOR_REQUIRED where `code` has to be sent along. */
export async function signIn({ name, password, code }: { name: string; password: string; code?: string }): Promise<void> {
  const credentials = btoa(String.fromCharCode(...new TextEncoder().encode(`${name}:${password}`)));
  await send(sessionSchema, ['POST', '/auth/login/'], {
    query: { cookie: 1 },
    headers: { authorization: `Basic ${credentials}` },
    ...(code !== undefined && { body: { code } }),
  });
}

/** Signs out and forgets everything that was read. */
export function useSignOut(): () => Promise<void> {
  const client = useQueryClient();
  return async () => {
    const byProvider = client.getQueryData<{ sign_in?: string } | null>(keys.session)?.sign_in === 'oidc';
    await command(['POST', '/auth/logout/']);
    // The next one at this desk is not to come in as the one before.
    if (byProvider) return location.assign('/auth/oidc/logout/');
    // What is on view hears of this only while the session is the one that it asked for.
    client.setQueryData(keys.session, null);
    client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== keys.session[0] });
    client.getMutationCache().clear();
  };
}

/** Changes the own password; the other sessions and the API tokens end. */
export function useChangeOwnPassword() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: { password: string; new_password: string }) => send(ownPasswordChangedSchema, ['POST', '/auth/password/'], { body }),
    onSuccess: () => client.invalidateQueries({ queryKey: keys.tokens }),
  });
}
