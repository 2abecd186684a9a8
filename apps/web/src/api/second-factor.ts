import type { PublicKeyCredentialCreationOptionsJSON, PublicKeyCredentialRequestOptionsJSON } from '@simplewebauthn/browser';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import {
  passkeyMadeSchema,
  passkeySchema,
  recoveryCodesSchema,
  secondFactorResetSchema,
  secondFactorSchema,
  totpSetUpSchema,
  webAuthnSchema,
} from '@dossier/protocol/second-factor.ts';
import { sessionSchema } from '@dossier/protocol/session.ts';
import { keys } from './keys.ts';
import { Problem } from './problem.ts';
import { command, read, send } from './request.ts';

const base = '/auth/second-factor/';

/** One's own second factor. */
export function useSecondFactor() {
  return useQuery({ queryKey: keys.secondFactor, queryFn: ({ signal }) => read(secondFactorSchema, base, { signal }) });
}

/** Reads anew what a change of the second factor changes: that itself, and the sessions that it ended. */
function useReadAgain(): () => Promise<unknown> {
  const client = useQueryClient();
  return () => Promise.all([keys.secondFactor, keys.tokens].map((queryKey) => client.invalidateQueries({ queryKey })));
}

/** Begins to set up an authenticator app. */
export function useBeginTotp() {
  return useMutation({ mutationFn: (password: string) => send(totpSetUpSchema, ['POST', `${base}totp/`], { body: { password } }) });
}

/** Sets it up by its first code; gives the recovery codes, if they are the first. */
export function useConfirmTotp() {
  return useMutation({
    mutationFn: (code: string) => send(recoveryCodesSchema, ['POST', `${base}totp/confirm/`], { body: { code } }),
    onSuccess: useReadAgain(),
  });
}

export function useRemoveTotp() {
  return useMutation({
    mutationFn: (password: string) => command(['POST', `${base}totp/remove/`], { body: { password } }),
    onSuccess: useReadAgain(),
  });
}

export function useMakeRecoveryCodes() {
  return useMutation({
    mutationFn: (password: string) => send(recoveryCodesSchema, ['POST', `${base}recovery-codes/`], { body: { password } }),
    onSuccess: useReadAgain(),
  });
}

/** Why the browser makes and uses no passkeys at this address; null where it does. */
export function passkeyObstacle(): 'impossibleNumber' | 'impossiblePlain' | 'impossibleBrowser' | null {
  if (/^[\d.]+$|^\[/.test(location.hostname)) return 'impossibleNumber';
  if (!window.isSecureContext) return 'impossiblePlain';
  return 'PublicKeyCredential' in window ? null : 'impossibleBrowser';
}

/** WebAuthn is of use to who presses its buttons: it is loaded then. */
const webAuthn = () => import('@simplewebauthn/browser');

/** What the browser says when the person, or the device, did not go along. */
function refusal(error: unknown): unknown {
  const name = error instanceof Error ? error.name : '';
  if (name === 'InvalidStateError') return new Problem('present', { status: 0, code: 'PASSKEY_PRESENT' }, { cause: error });
  if (name === 'NotAllowedError' || name === 'AbortError')
    return new Problem('cancelled', { status: 0, code: 'PASSKEY_CANCELLED' }, { cause: error });
  return error;
}

/** Makes a passkey on this device, or on one near by. */
export function useAddPasskey() {
  return useMutation({
    mutationFn: async ({ label, password }: { label: string; password: string }) => {
      const asked = await send(webAuthnSchema, ['POST', `${base}passkeys/options/`], { body: { password } });
      const { startRegistration } = await webAuthn();
      const optionsJSON = asked as unknown as PublicKeyCredentialCreationOptionsJSON;
      const credential = await startRegistration({ optionsJSON }).catch((error: unknown) => {
        throw refusal(error);
      });
      return send(passkeyMadeSchema, ['POST', `${base}passkeys/`], { body: { label, credential } });
    },
    onSuccess: useReadAgain(),
  });
}

export function useRenamePasskey() {
  return useMutation({
    mutationFn: ({ id, label }: { id: number; label: string }) =>
      send(passkeySchema, ['PATCH', `${base}passkeys/${id}/`], { body: { label } }),
    onSuccess: useReadAgain(),
  });
}

export function useRemovePasskey() {
  return useMutation({
    mutationFn: ({ id, password }: { id: number; password: string }) =>
      command(['POST', `${base}passkeys/${id}/remove/`], { body: { password } }),
    onSuccess: useReadAgain(),
  });
}

/** Signs in with a passkey, so that the browser keeps the session's cookie. */
export async function signInByPasskey(): Promise<void> {
  const asked = await send(webAuthnSchema, ['POST', '/auth/passkey/options/']);
  const { startAuthentication } = await webAuthn();
  const optionsJSON = asked as unknown as PublicKeyCredentialRequestOptionsJSON;
  const credential = await startAuthentication({ optionsJSON }).catch((error: unknown) => {
    throw refusal(error);
  });
  await send(sessionSchema, ['POST', '/auth/passkey/'], { query: { cookie: 1 }, body: { credential } });
}

/** Takes another user's second factor away. */
export function useResetSecondFactor() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (user: number) => send(secondFactorResetSchema, ['DELETE', `/users/${user}/second-factor/`]),
    onSuccess: () => Promise.all([keys.users, keys.tokens].map((queryKey) => client.invalidateQueries({ queryKey }))),
  });
}
