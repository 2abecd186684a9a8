/**
 * Why nobody was signed in by OpenID Connect:
 * - `OIDC_UNREACHABLE` the provider doesn't answer, or not as one;
 * - `OIDC_FAILED` what came back doesn't fit what was begun here, or the provider refused;
 * - `OIDC_NO_ROLE` no value of the claim is mapped to a role;
 * - `OIDC_NAME_TAKEN` another user has the name already;
 * - `OIDC_NAME_UNUSABLE` nobody can have the name here;
 * - `OIDC_LOCKED` the user was shut out here;
 * - `OIDC_LAST_ADMINISTRATOR` the provider gives the last administrator another role.
 */
export type OidcFaultCode =
  | 'OIDC_UNREACHABLE'
  | 'OIDC_FAILED'
  | 'OIDC_NO_ROLE'
  | 'OIDC_NAME_TAKEN'
  | 'OIDC_NAME_UNUSABLE'
  | 'OIDC_LOCKED'
  | 'OIDC_LAST_ADMINISTRATOR';

/** Nobody was signed in. The sentence is fit for log and audit. */
export class OidcFault extends Error {
  override readonly name = 'OidcFault';
  readonly code: OidcFaultCode;

  constructor(code: OidcFaultCode, sentence: string, cause?: unknown) {
    super(sentence, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}
