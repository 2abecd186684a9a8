import { useMutation, useQuery } from '@tanstack/react-query';
import type { z } from 'zod';
import { issuedTokenSchema, tokenSchema, userDetailsSchema } from '@dossier/protocol/user.ts';
import type { tokenCreation, userChange, userCreation } from '@dossier/protocol/user.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import { useForget } from './forget.ts';
import { keys } from './keys.ts';
import { readAll } from './read-all.ts';
import { command, send } from './request.ts';

/** All users, for administrators. */
export function useUsers({ enabled = true } = {}) {
  return useQuery({
    enabled,
    queryKey: keys.users,
    queryFn: ({ signal }) => readAll(pageOf(userDetailsSchema), '/users/', { signal }),
  });
}

/** Valid tokens and sessions: one's own, and for administrators those of all. */
export function useTokens() {
  return useQuery({ queryKey: keys.tokens, queryFn: ({ signal }) => readAll(pageOf(tokenSchema), '/tokens/', { signal }) });
}

const changed = [keys.users, keys.tokens] as const;

export function useCreateUser() {
  return useMutation({
    mutationFn: (body: z.input<typeof userCreation>) => send(userDetailsSchema, ['POST', '/users/'], { body }),
    onSuccess: useForget(...changed),
  });
}

export function useChangeUser() {
  return useMutation({
    mutationFn: ({ id, ...body }: z.input<typeof userChange> & { id: number }) =>
      send(userDetailsSchema, ['PATCH', `/users/${id}/`], { body }),
    onSuccess: useForget(...changed),
  });
}

export function useDeleteUser() {
  return useMutation({ mutationFn: (id: number) => command(['DELETE', `/users/${id}/`]), onSuccess: useForget(...changed) });
}

export function useCreateToken() {
  return useMutation({
    mutationFn: (body: z.input<typeof tokenCreation>) => send(issuedTokenSchema, ['POST', '/tokens/'], { body }),
    onSuccess: useForget(...changed),
  });
}

export function useRevokeToken() {
  return useMutation({ mutationFn: (id: number) => command(['DELETE', `/tokens/${id}/`]), onSuccess: useForget(...changed) });
}
