import type { ClientAuth, Configuration as Provider, IDToken, UserInfoResponse } from 'openid-client';
import type { OidcConfiguration } from '@dossier/runtime/configuration.ts';
import { OidcFault } from './oidc-fault.ts';
import { claimTexts, mappedRole } from './oidc-roles.ts';
import type { OidcPerson } from './oidc-users.ts';

/** Of use only where it is configured: it is loaded then. */
const openId = () => import('openid-client');

const timeoutSeconds = 8;
/** For so long what the provider says of itself is taken as it was. */
const rememberedMs = 3_600_000;

/** What a sign-in that was begun has to bring back, kept by the browser that began it. */
export interface OidcBeginning {
  state: string;
  nonce: string;
  verifier: string;
}

/** Signs people in by the configured provider: authorization code with PKCE, state and nonce. All throw OidcFault. */
export interface Oidc {
  /** Where the browser has to go. */
  begin(redirectUri: string): Promise<{ address: URL; beginning: OidcBeginning }>;
  /** Who came back. `address`: by which the browser came, with its query. */
  finish(address: URL, beginning: OidcBeginning): Promise<OidcPerson>;
  /** Where the browser ends the session at the provider; null where the provider has no such place. */
  signOutAddress(returnTo: string): Promise<URL | null>;
}

/** Asks the provider nothing before the first sign-in. */
export function createOidc(configuration: OidcConfiguration): Oidc {
  let remembered: { provider: Provider; until: number } | null = null;

  async function discover(): Promise<Provider> {
    if (remembered !== null && performance.now() < remembered.until) return remembered.provider;
    const { allowInsecureRequests, discovery } = await openId();
    const issuer = new URL(configuration.issuer);
    const provider = await discovery(issuer, configuration.clientId, undefined, await authentication(configuration.clientSecret), {
      timeout: timeoutSeconds,
      execute: issuer.protocol === 'http:' ? [allowInsecureRequests] : [],
    }).catch((error: unknown) => {
      throw new OidcFault('OIDC_UNREACHABLE', `${issuer.origin} does not answer as a provider of OpenID Connect does.`, error);
    });
    remembered = { provider, until: performance.now() + rememberedMs };
    return provider;
  }

  return {
    async begin(redirectUri) {
      const provider = await discover();
      const client = await openId();
      const beginning = { state: client.randomState(), nonce: client.randomNonce(), verifier: client.randomPKCECodeVerifier() };
      const address = client.buildAuthorizationUrl(provider, {
        redirect_uri: redirectUri,
        scope: 'openid profile email',
        state: beginning.state,
        nonce: beginning.nonce,
        code_challenge: await client.calculatePKCECodeChallenge(beginning.verifier),
        code_challenge_method: 'S256',
      });
      return { address, beginning };
    },
    async finish(address, { state, nonce, verifier }) {
      const provider = await discover();
      const client = await openId();
      const checks = { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier, idTokenExpected: true };
      const answer = await client.authorizationCodeGrant(provider, address, checks).catch((error: unknown) => {
        throw failure(error);
      });
      const token = answer.claims();
      if (token === undefined) throw new OidcFault('OIDC_FAILED', 'The provider sent no ID token.');
      const complete = claimTexts(token, configuration.roleClaim).length > 0 && nameOf(token) !== null;
      const more =
        complete || provider.serverMetadata().userinfo_endpoint === undefined
          ? null
          : await client.fetchUserInfo(provider, answer.access_token, token.sub).catch((error: unknown) => {
              throw failure(error);
            });
      return personOf(configuration, token, more);
    },
    async signOutAddress(returnTo) {
      const provider = await discover();
      if (provider.serverMetadata().end_session_endpoint === undefined) return null;
      return (await openId()).buildEndSessionUrl(provider, { post_logout_redirect_uri: returnTo });
    },
  };
}

/** How this node shows the provider that it is the client: as the provider takes it, by a header unless that says otherwise (OpenID Connect Discovery 1.0). */
async function authentication(secret: string | null): Promise<ClientAuth> {
  const { ClientSecretBasic, ClientSecretPost, None } = await openId();
  if (secret === null) return None();
  const [basic, post] = [ClientSecretBasic(secret), ClientSecretPost(secret)];
  return (server, client, body, headers) => {
    const methods = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
    (methods.includes('client_secret_basic') ? basic : post)(server, client, body, headers);
  };
}

/** The provider's own words stay the cause: they may hold a code or a token. */
function failure(error: unknown): OidcFault {
  const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : '';
  return new OidcFault('OIDC_FAILED', `What came back from the provider does not fit what was begun here, or it refused${code}.`, error);
}

type Claims = IDToken | UserInfoResponse;

function nameOf(claims: Claims): string | null {
  return [claims['preferred_username'], claims['email']].find((name) => typeof name === 'string' && name !== '') as string | null;
}

function personOf({ roleClaim, roles }: OidcConfiguration, token: IDToken, more: UserInfoResponse | null): OidcPerson {
  const sources = more === null ? [token] : [token, more];
  const texts = sources.flatMap((claims) => claimTexts(claims, roleClaim));
  const name = sources.map(nameOf).find((each) => each != null) ?? token.sub;
  const role = mappedRole(texts, roles);
  if (role === null) throw new OidcFault('OIDC_NO_ROLE', `The provider's claim ${roleClaim} gives ${name.slice(0, 256)} no role here.`);
  return { issuer: token.iss, subject: token.sub, name, role };
}
