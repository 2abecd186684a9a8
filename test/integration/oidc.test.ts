import { afterAll, beforeAll, expect, test } from 'vitest';
import { auditEntrySchema } from '@dossier/protocol/audit.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import { createUser } from '@dossier/accounts/users.ts';
import { query } from '@dossier/postgres/database.ts';
import { freePort } from '../kit/free-port.ts';
import { startTestApi } from '../kit/api.ts';
import type { TestApi } from '../kit/api.ts';
import { startProvider } from '../kit/oidc-provider.ts';
import type { TestProvider } from '../kit/oidc-provider.ts';

let api: TestApi;
let provider: TestProvider;

beforeAll(async () => {
  provider = await startProvider({ sub: 'p1' });
  api = await startTestApi({ configuration: configuration(provider.issuer) });
});
afterAll(async () => {
  await api.stop();
  await provider.stop();
});

function configuration(issuer: string): TestApi['deps']['configuration'] {
  const roles = { admin: ['chiefs'], operator: ['guards'], viewer: ['staff'] };
  const oidc = { issuer, clientId: 'dossiers', clientSecret: 'the secret of the client', roleClaim: 'groups', roles };
  return {
    host: '127.0.0.1',
    port: 0,
    nodeName: 'Gate 7',
    installedApps: [],
    tokenMaximumDays: null,
    binDays: 30,
    secondFactor: 'required',
    oidc,
    externalAddress: null,
  };
}

/** A browser's cookies, which follows where it is led. */
class Visitor {
  readonly cookies = new Map<string, string>();

  async open(address: string | URL): Promise<{ status: number; location: URL | null; text: string }> {
    const headers = { cookie: [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; '), accept: 'text/html' };
    const response = await fetch(address, { redirect: 'manual', headers });
    for (const cookie of response.headers.getSetCookie()) {
      const [pair = ''] = cookie.split(';');
      const at = pair.indexOf('=');
      if (/expires=thu, 01 jan 1970/i.test(cookie)) this.cookies.delete(pair.slice(0, at));
      else this.cookies.set(pair.slice(0, at), pair.slice(at + 1));
    }
    const location = response.headers.get('location');
    return { status: response.status, location: location === null ? null : new URL(location, address), text: await response.text() };
  }

  /** Presses the button of the sign-in page and goes where it leads, to the address at which the browser stays. */
  async signIn(next = ''): Promise<URL> {
    return this.follow(new URL(`/auth/oidc/start/${next}`, api.url));
  }

  async follow(address: URL): Promise<URL> {
    const { location } = await this.open(address);
    return location === null || location.pathname.startsWith('/ui/') ? (location ?? address) : this.follow(location);
  }

  async session(): Promise<unknown> {
    const { status, text } = await this.open(`${api.url}/auth/session/`);
    return status === 200 ? JSON.parse(text) : null;
  }
}

const shown = (address: URL): string => address.pathname + address.search;

test('a person is made a user at the first sign-in, with the role of the claim, and is the same one later', async () => {
  provider.claims = { sub: 'p1', preferred_username: 'paula', groups: ['guards', 'staff'] };
  const visitor = new Visitor();
  expect(shown(await visitor.signIn())).toBe('/ui/');
  expect(await visitor.session()).toMatchObject({
    user: { name: 'paula', role: 'operator' },
    sign_in: 'oidc',
    // The provider sees to that.
    second_factor_missing: false,
  });
  expect(provider.asked.at(-1)).toEqual({
    verifier: expect.stringMatching(/^[\w-]{43,}$/),
    authorization: `Basic ${btoa('dossiers:the+secret+of+the+client')}`,
  });
  // Married, and promoted.
  provider.claims = { sub: 'p1', preferred_username: 'paula-2', groups: 'chiefs' };
  const again = new Visitor();
  await again.signIn();
  expect(await again.session()).toMatchObject({ user: { name: 'paula', role: 'admin' } });
  const { results } = await api.want(200, pageOf(auditEntrySchema), ['GET', '/audit/?actor=paula']);
  const issuer = provider.issuer;
  expect(results.map(({ action, details }) => [action, details])).toEqual([
    ['signed-in', { by: 'oidc', issuer }],
    ['user-changed', { role: 'admin', issuer }],
    ['signed-in', { by: 'oidc', issuer }],
    ['user-made', { role: 'operator', issuer }],
  ]);
});

test('what the token does not say is asked for', async () => {
  provider.claims = { sub: 'p4' };
  provider.more = { email: 'piotr@site.example', groups: ['staff'] };
  const visitor = new Visitor();
  await visitor.signIn();
  expect(await visitor.session()).toMatchObject({ user: { name: 'piotr@site.example', role: 'viewer' } });
  provider.more = {};
});

test('leads on to where one was going, and to no other site', async () => {
  provider.claims = { sub: 'p1', preferred_username: 'paula', groups: ['chiefs'] };
  const visitor = new Visitor();
  await visitor.signIn(`?next=${encodeURIComponent('/ui/dossiers?q=x')}`);
  for (const [next, ends] of [
    ['/ui/dossiers?q=x', '/ui/dossiers?q=x'],
    ['https://evil.example/ui/', '/ui/'],
    ['//evil.example/ui/', '/ui/'],
    ['/\\evil.example/ui/', '/ui/'],
  ] as const) {
    const ended = await visitor.signIn(`?next=${encodeURIComponent(next)}`);
    expect([next, ended.origin, shown(ended)]).toEqual([next, new URL(api.url).origin, ends]);
  }
});

test.each([
  ['no role of the claim', { groups: ['visitors'] }, 'OIDC_NO_ROLE'],
  ['no claim', {}, 'OIDC_NO_ROLE'],
  ['the name of somebody who is here', { preferred_username: 'local', groups: ['chiefs'] }, 'OIDC_NAME_TAKEN'],
  ['a name that none can have', { preferred_username: 'a:b', groups: ['chiefs'] }, 'OIDC_NAME_UNUSABLE'],
])('who comes with %s is not let in, and nobody is changed', async (_what, claims, code) => {
  if (code === 'OIDC_NAME_TAKEN')
    await createUser(api.test.database, { name: 'local', role: 'viewer', password: 'an open harbour lantern' });
  const users = () => query(api.test.database, `select * from users order by id`);
  const before = await users();
  provider.claims = { sub: `p2 ${code}`, preferred_username: 'petra', ...claims };
  const visitor = new Visitor();
  expect(shown(await visitor.signIn())).toBe(`/ui/?fault=${code}`);
  expect([await visitor.session(), await users()]).toEqual([null, before]);
  const { results } = await api.want(200, pageOf(auditEntrySchema), ['GET', '/audit/?action=sign-in-failed&limit=1']);
  expect(results[0]?.details).toMatchObject({ by: 'oidc', code });
});

test('what another browser began, or nobody, or what was answered before, signs nobody in', async () => {
  provider.claims = { sub: 'p1', preferred_username: 'paula', groups: ['chiefs'] };
  const begun = new Visitor();
  const { location: atProvider } = await begun.open(`${api.url}/auth/oidc/start/`);
  const { location: back } = await begun.open(atProvider ?? '');
  if (back === null) throw new Error('the provider leads nowhere');
  const other = new Visitor();
  expect(shown(await other.follow(back))).toBe('/ui/?fault=OIDC_FAILED');
  await other.open(`${api.url}/auth/oidc/start/`);
  expect(shown(await other.follow(back))).toBe('/ui/?fault=OIDC_FAILED');
  expect(await other.session()).toBeNull();
  expect(shown(await begun.follow(back))).toBe('/ui/');
  expect(shown(await begun.follow(back))).toBe('/ui/?fault=OIDC_FAILED');
  const refused = new URL(`${back.origin}${back.pathname}?error=access_denied&state=${back.searchParams.get('state')}`);
  expect(shown(await new Visitor().follow(refused))).toBe('/ui/?fault=OIDC_FAILED');
});

test('a token of another nonce signs nobody in', async () => {
  provider.claims = { sub: 'p1', preferred_username: 'paula', groups: ['chiefs'], nonce: 'of another sign-in' };
  const visitor = new Visitor();
  expect([shown(await visitor.signIn()), await visitor.session()]).toEqual(['/ui/?fault=OIDC_FAILED', null]);
});

test('who is shut out here stays out; who has no password here gets none, nor a second factor, and makes tokens in a new session', async () => {
  provider.claims = { sub: 'p3', preferred_username: 'pavel', groups: ['guards'] };
  const visitor = new Visitor();
  await visitor.signIn();
  const [pavel] = await query<{ id: number }>(api.test.database, `select id from users where name = 'pavel'`);
  expect((await api.call('GET', '/users/?limit=1000')).json).toMatchObject({
    results: expect.arrayContaining([expect.objectContaining({ name: 'pavel', sign_in: 'oidc' })]),
  });
  await api.refused('CONFLICT', ['PATCH', `/users/${pavel?.id}/`, { password: 'an open harbour lantern' }]);
  const basic = `Basic ${btoa('pavel:')}`;
  expect((await api.call('POST', '/auth/login/', { headers: { authorization: basic } })).status).toBe(401);
  const session = (await query<{ id: number }>(api.test.database, `select id from tokens where user_id = :id`, { id: pavel?.id }))[0];
  const token = [...visitor.cookies].find(([name]) => name.startsWith('dossier_session_'))?.[1] ?? '';
  const call = (path: string, body: unknown) => api.call('POST', path, { headers: { authorization: `Token ${token}` }, body });
  expect((await call('/auth/second-factor/totp/', { password: 'x' })).json).toMatchObject({ code: 'CONFLICT' });
  expect((await call('/tokens/', { label: 'fresh' })).status).toBe(201);
  await query(api.test.database, `update tokens set created_date = created_date - interval '11 minutes' where id = :id`, {
    id: session?.id,
  });
  expect((await call('/tokens/', { label: 'stale' })).json).toMatchObject({
    code: 'PERMISSION_DENIED',
    detail: expect.stringContaining('10 minutes'),
  });
  await api.call('PATCH', `/users/${pavel?.id}/`, { body: { active: false } });
  expect(shown(await new Visitor().signIn())).toBe('/ui/?fault=OIDC_LOCKED');
});

test('signing out leads on to the provider’s own end of the session', async () => {
  const { location } = await new Visitor().open(`${api.url}/auth/oidc/logout/`);
  expect([location?.origin, location?.searchParams.get('post_logout_redirect_uri')]).toEqual([provider.issuer, `${api.url}/ui/`]);
});

test('a provider that does not answer keeps nobody from the password, and is asked anew', async () => {
  const port = await freePort();
  const alone = await startTestApi({ configuration: { ...configuration(`http://127.0.0.1:${port}`), secondFactor: 'optional' } });
  try {
    const { location } = await new Visitor().open(`${alone.url}/auth/oidc/start/`);
    expect(location === null ? null : shown(location)).toBe('/ui/?fault=OIDC_UNREACHABLE');
    expect((await alone.call('GET', '/auth/methods/')).json).toEqual({ node_name: 'Gate 7', oidc: { name: `127.0.0.1:${port}` } });
    const authorization = `Basic ${btoa('admin:admin-password')}`;
    expect((await alone.call('POST', '/auth/login/', { headers: { authorization } })).status).toBe(200);
  } finally {
    await alone.stop();
  }
});
