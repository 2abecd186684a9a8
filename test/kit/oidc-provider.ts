import { Events, OAuth2Server } from 'oauth2-mock-server';

/** A provider of OpenID Connect on this host, at which everybody is signed in already as whom `claims` say. */
export interface TestProvider {
  readonly issuer: string;
  /** Of the person who comes next. */
  claims: Record<string, unknown>;
  /** What else is told of that person to who asks for it. */
  more: Record<string, unknown>;
  /** What the token endpoint was asked with, newest last. */
  readonly asked: { readonly verifier: unknown; readonly authorization: string | undefined }[];
  stop(): Promise<void>;
}

export async function startProvider(claims: Record<string, unknown>): Promise<TestProvider> {
  const server = new OAuth2Server();
  await server.issuer.keys.generate('RS256');
  await server.start(0, '127.0.0.1');
  const provider: TestProvider = {
    issuer: server.issuer.url ?? '',
    claims,
    more: {},
    asked: [],
    stop: () => server.stop(),
  };
  server.service.on(Events.BeforeTokenSigning, (token, request) => {
    Object.assign(token.payload, provider.claims);
    const body: Record<string, unknown> = { ...request.body };
    provider.asked.push({ verifier: body['code_verifier'], authorization: request.headers.authorization });
  });
  server.service.on(Events.BeforeUserinfo, (answer) => {
    answer.body = { sub: provider.claims['sub'], ...provider.more };
  });
  server.service.on(Events.BeforeWellKnownOpenIdConfiguration, ({ body }) => {
    Object.assign(body, { token_endpoint_auth_methods_supported: ['client_secret_basic'] });
  });
  return provider;
}
