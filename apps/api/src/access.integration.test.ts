import { afterAll, beforeAll, expect, test } from 'vitest';
import { mayActAs, roles } from '@dossier/domain/role.ts';
import { sessionSchema } from '@dossier/protocol/session.ts';
import { issuedTokenSchema } from '@dossier/protocol/user.ts';
import { problemSchema } from '@dossier/protocol/problem.ts';
import { ensureAdministrator } from '@dossier/accounts/administrator.ts';
import { countAttempt } from '@dossier/accounts/attempts.ts';
import { query, transaction } from '@dossier/postgres/database.ts';
import { issueToken } from '@dossier/accounts/tokens.ts';
import { createUser, findUser, setPassword } from '@dossier/accounts/users.ts';
import { startTestApi } from '../../../test/kit/api.ts';
import type { TestApi } from '../../../test/kit/api.ts';
import { listRoutes } from './app.ts';
import { createMetrics } from './metrics.ts';
import type { Access } from './route.ts';
import { cookieName } from './session.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.stop());

/** Who may do what, said a second time: a route that is missing here or opened by mistake fails the test. */
const table: Record<string, Access> = {
  'post /auth/login/': 'everyone',
  'get /auth/session/': 'viewer',
  'post /auth/logout/': 'viewer',
  'post /auth/password/': 'viewer',
  'get /auth/methods/': 'everyone',
  'post /auth/passkey/options/': 'everyone',
  'post /auth/passkey/': 'everyone',
  'get /auth/oidc/start/': 'everyone',
  'get /auth/oidc/callback/': 'everyone',
  'get /auth/oidc/logout/': 'everyone',
  'get /auth/second-factor/': 'viewer',
  'post /auth/second-factor/totp/': 'viewer',
  'post /auth/second-factor/totp/confirm/': 'viewer',
  'post /auth/second-factor/totp/remove/': 'viewer',
  'post /auth/second-factor/recovery-codes/': 'viewer',
  'post /auth/second-factor/passkeys/options/': 'viewer',
  'post /auth/second-factor/passkeys/': 'viewer',
  'patch /auth/second-factor/passkeys/:id/': 'viewer',
  'post /auth/second-factor/passkeys/:id/remove/': 'viewer',
  'delete /users/:id/second-factor/': 'admin',
  'get /dossier-lists/': 'viewer',
  'post /dossier-lists/': 'admin',
  'get /dossier-lists/:id/': 'viewer',
  'patch /dossier-lists/:id/': 'admin',
  'delete /dossier-lists/:id/': 'admin',
  'post /dossier-lists/:id/purge/': 'admin',
  'post /dossier-lists/:id/import/': 'operator',
  'get /dossier-lists/:id/export/': 'viewer',
  'get /dossiers/count/': 'viewer',
  'post /dossiers/bulk/': 'operator',
  'post /dossiers/export/': 'viewer',
  'get /dossiers/': 'viewer',
  'post /dossiers/': 'operator',
  'get /dossiers/:id/': 'viewer',
  'patch /dossiers/:id/': 'operator',
  'delete /dossiers/:id/': 'operator',
  'get /dossiers/:id/deletion/': 'operator',
  'get /dossiers/:id/history/': 'viewer',
  'get /history/:id/thumbnails/:sha256/': 'viewer',
  'get /sync/dossier-lists/:id/held/thumbnails/:sha256/': 'viewer',
  'get /dossier-faces/': 'viewer',
  'post /dossier-faces/': 'operator',
  'get /dossier-faces/:id/': 'viewer',
  'delete /dossier-faces/:id/': 'operator',
  'get /dossier-faces/:id/photo/': 'viewer',
  'get /dossier-faces/:id/thumbnail/': 'viewer',
  'get /users/': 'admin',
  'post /users/': 'admin',
  'patch /users/:id/': 'admin',
  'delete /users/:id/': 'admin',
  'get /tokens/': 'viewer',
  'post /tokens/': 'viewer',
  'delete /tokens/:id/': 'viewer',
  'get /audit/': 'admin',
  'delete /bin/': 'admin',
  'delete /bin/:id/': 'admin',
  'delete /bin/deletions/:id/': 'admin',
  'get /audit/export/': 'admin',
  'get /bin/': 'operator',
  'get /bin/:id/thumbnails/:sha256/': 'operator',
  'get /bin/deletions/': 'operator',
  'get /dossier-faces/:id/rendition/': 'viewer',
  'get /dossier-lists/:id/misfits/': 'operator',
  'get /dossiers/duplicates/': 'viewer',
  'get /dossiers/export/': 'viewer',
  'get /imports/': 'viewer',
  'get /imports/:id/': 'viewer',
  'get /imports/:id/refused/': 'operator',
  'post /bin/restore/': 'operator',
  'post /dossier-faces/check/': 'operator',
  'post /dossier-lists/:id/import/columns/': 'operator',
  'post /dossiers/:id/merge/': 'operator',
  'post /imports/:id/undo/': 'operator',
  'get /healthz': 'everyone',
  'get /reads/': 'admin',
  'get /readyz': 'everyone',
  'get /metrics': 'viewer',
  'get /openapi.json': 'viewer',
  'get /docs/': 'viewer',
  'get /docs/:file': 'viewer',
  'get /': 'everyone',
  'get /ui/': 'everyone',
  'get /ui/assets/:file': 'everyone',
  'get /ui/*address': 'everyone',
};

test('every route is for exactly those whom the table names', async () => {
  const routes = listRoutes(api.deps, createMetrics(api.test.database));
  expect(Object.fromEntries(routes.map((route) => [`${route.method} ${route.path}`, route.access]))).toEqual(table);
  for (const { method, path, access } of routes.filter((route) => route.path !== '/auth/logout/')) {
    const target = path.replace(':id', '999999').replace(':file', 'none');
    const stranger = await fetch(api.url + target, { method: method.toUpperCase(), redirect: 'manual' });
    await stranger.arrayBuffer();
    if (access !== 'everyone') expect([method, path, stranger.status]).toEqual([method, path, 401]);
    for (const role of roles) {
      const answer = await api.call(method.toUpperCase(), target, { role });
      if (access !== 'everyone') expect([method, path, role, answer.status === 403]).toEqual([method, path, role, !mayActAs(role, access)]);
    }
  }
});

async function logIn(name: string, password: string, options: { path?: string; headers?: Record<string, string> } = {}): Promise<Response> {
  return fetch(api.url + (options.path ?? '/auth/login/'), {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`, ...options.headers },
  });
}

async function status(authorization: string): Promise<number> {
  const answer = await fetch(`${api.url}/dossier-lists/`, { headers: { authorization } });
  await answer.arrayBuffer();
  return answer.status;
}

test('signing in gives a token that works in every form until signing out', async () => {
  const answer = await logIn('operator', 'operator-password');
  expect([answer.status, answer.headers.get('set-cookie'), answer.headers.get('www-authenticate')]).toEqual([200, null, null]);
  const session = sessionSchema.parse(await answer.json());
  expect(session.user).toMatchObject({ name: 'operator', role: 'operator' });
  expect(Date.parse(session.token_expiration_datetime)).toBeGreaterThan(Date.now() + 3_600_000);
  for (const form of [`token ${session.token}`, `Token  ${session.token}`, `TOKEN\t${session.token}`]) expect(await status(form)).toBe(200);
  for (const form of ['', 'Token', 'Token nonsense', `Bearer${session.token}`, `Token${session.token}`])
    expect(await status(form)).toBe(401);
  const out = await fetch(`${api.url}/auth/logout/`, { method: 'POST', headers: { authorization: `Token ${session.token}` } });
  expect([out.status, await status(`Token ${session.token}`)]).toEqual([204, 401]);
});

test('tokens end with their time, with a new password and with their user', async () => {
  const user = await createUser(api.test.database, { name: 'short', role: 'viewer', password: 'päss:wörd' });
  const lapsed = await issueToken(api.test.database, { userId: user.id, kind: 'api', label: '', lifetimeMs: -1 });
  expect(await status(`Token ${lapsed.token}`)).toBe(401);
  const lasting = await issueToken(api.test.database, { userId: user.id, kind: 'api', label: '', lifetimeMs: null });
  const session = sessionSchema.parse(await (await logIn('short', 'päss:wörd')).json());
  expect(await setPassword(api.test.database, 'short', 'another', { keepTokens: true })).toEqual({ sessions: 1, tokens: 0 });
  expect(await status(`Token ${session.token}`)).toBe(401);
  expect(await status(`Token ${lasting.token}`)).toBe(200);
  expect(await setPassword(api.test.database, 'short', 'another')).toEqual({ sessions: 0, tokens: 1 });
  expect(await status(`Token ${lasting.token}`)).toBe(401);
  expect([(await logIn('short', 'päss:wörd')).status, (await logIn('short', 'another')).status]).toEqual([401, 200]);
  const other = await issueToken(api.test.database, { userId: user.id, kind: 'api', label: '', lifetimeMs: null });
  expect(await status(`Token ${other.token}`)).toBe(200);
  await query(api.test.database, `update users set active = false where name = 'short'`);
  expect([await status(`Token ${other.token}`), (await logIn('short', 'another')).status]).toEqual([401, 401]);
});

test('a session makes a token only with the password, and no token makes one that outlives it', async () => {
  await createUser(api.test.database, { name: 'guard', role: 'viewer', password: 'guard-password' });
  const session = sessionSchema.parse(await (await logIn('guard', 'guard-password')).json());
  const make = (authorization: string, body: object): Promise<Response> =>
    fetch(`${api.url}/tokens/`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify({ label: 'gate', ...body }),
    });
  const asked = async (body: object): Promise<unknown[]> => {
    const answer = await make(`Token ${session.token}`, body);
    return [answer.status, ((await answer.json()) as { param?: string }).param];
  };
  expect(await asked({})).toEqual([400, 'password']);
  expect(await asked({ password: 'wrong' })).toEqual([403, 'password']);
  const made = await make(`Token ${session.token}`, { password: 'guard-password', expires_in_days: 2 });
  expect(made.status).toBe(201);
  const { token, expires_date: expires } = issuedTokenSchema.parse(await made.json());
  const child = issuedTokenSchema.parse(await (await make(`Token ${token}`, { expires_in_days: 30 })).json());
  expect(Math.abs(Date.parse(child.expires_date ?? '') - Date.parse(expires ?? ''))).toBeLessThan(60_000);
  for (let guess = 0; guess < 10; guess += 1) await asked({ password: 'wrong' });
  expect(await asked({ password: 'guard-password' })).toEqual([429, undefined]);
});

test('everybody changes the own password, which ends every other access but not the session that asks', async () => {
  await createUser(api.test.database, { name: 'desk', role: 'viewer', password: 'desk-password' });
  const signIn = async () => sessionSchema.parse(await (await logIn('desk', 'desk-password')).json()).token;
  const [here, elsewhere] = [await signIn(), await signIn()];
  const ask = async (body: object): Promise<unknown[]> => {
    const answer = await fetch(`${api.url}/auth/password/`, {
      method: 'POST',
      headers: { authorization: `Token ${here}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const { param, ended } = (await answer.json()) as { param?: string; ended?: object };
    return [answer.status, param ?? ended];
  };
  expect(await ask({ password: 'wrong', new_password: 'a lantern for the harbour' })).toEqual([403, 'password']);
  expect(await ask({ password: 'desk-password', new_password: 'x' })).toEqual([400, 'new_password']);
  expect(await ask({ password: 'desk-password', new_password: 'passwordpassword' })).toEqual([400, 'new_password']);
  expect(await ask({ password: 'desk-password', new_password: 'desk-password' })).toEqual([400, 'new_password']);
  expect([await status(`Token ${here}`), await status(`Token ${elsewhere}`)]).toEqual([200, 200]);
  expect(await ask({ password: 'desk-password', new_password: 'a lantern for the harbour' })).toEqual([200, { sessions: 1, tokens: 0 }]);
  expect([await status(`Token ${here}`), await status(`Token ${elsewhere}`)]).toEqual([200, 401]);
  expect([(await logIn('desk', 'desk-password')).status, (await logIn('desk', 'a lantern for the harbour')).status]).toEqual([401, 200]);
});

test('an administrator can not give anybody a password that is guessed at once', async () => {
  const make = async (password: string): Promise<unknown[]> => {
    const answer = await fetch(`${api.url}/users/`, {
      method: 'POST',
      headers: { authorization: `Token ${api.tokens.admin}`, 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'second admin', role: 'admin', password }),
    });
    return [answer.status, ((await answer.json()) as { param?: string }).param];
  };
  for (const password of ['x', 'Password1234', 'second admin', 'йцукенгшщзхъ']) expect(await make(password)).toEqual([400, 'password']);
  expect(await make('a lantern for the harbour')).toEqual([201, undefined]);
});

test('secrets are in the database as hashes only', async () => {
  const kept = await query<{ text: string }>(
    api.test.database,
    `select cast(row(u.*) as text) as text from users u union all select cast(row(t.*) as text) from tokens t`,
  );
  const all = kept.map((row) => row.text).join('\n');
  expect(all).toContain('$argon2id$');
  for (const secret of [...Object.values(api.tokens), 'admin-password']) expect(all).not.toContain(secret);
});

test('many failed sign-ins at once count one by one', async () => {
  const codes = await Promise.all(Array.from({ length: 40 }, async () => (await logIn('crowd', 'x')).status));
  expect(codes.filter((code) => code === 401)).toHaveLength(20);
  expect(codes.filter((code) => code === 429)).toHaveLength(20);
});

test('an attempt that began first and is counted second does not begin the window anew', async () => {
  const limits = [{ subject: 'overtaken', maximum: 1, windowSeconds: 60 }];
  const overtaken = await transaction(api.test.database, async (connection) => {
    await query(connection, `select now()`);
    expect(await countAttempt(api.test.database, limits)).toBeNull();
    return countAttempt(connection, limits);
  });
  expect(overtaken).toBeGreaterThan(0);
});

/** Tries from an address of its own, as a proxy on this host reports it. */
function logInFrom(address: string, name: string, options: { password?: string; cookie?: string } = {}): Promise<Response> {
  return logIn(name, options.password ?? 'wrong', {
    path: '/auth/login/?cookie=1',
    headers: { 'x-forwarded-for': address, ...(options.cookie !== undefined && { cookie: options.cookie }) },
  });
}

test('nobody can keep a user out by failing in the name of that user, nor guess from many addresses', async () => {
  const user = await createUser(api.test.database, { name: 'target', role: 'admin', password: 'target-password' });
  const first = await logInFrom('198.51.100.1', 'target', { password: 'target-password' });
  const cookie = first.headers
    .getSetCookie()
    .map((each) => each.split(';')[0])
    .find((each) => each?.startsWith('dossier_browser_'));
  const flags = first.headers.getSetCookie().find((each) => each.startsWith('dossier_browser_')) ?? '';
  for (const flag of [/; HttpOnly/, /; SameSite=Strict/, /; Path=\/auth\/login;/]) expect(flags).toMatch(flag);

  const attack = [];
  for (let host = 0; host < 130; host += 1) attack.push((await logInFrom(`203.0.113.${host}`, 'target')).status);
  expect(attack.filter((code) => code === 401)).toHaveLength(100);
  expect((await logInFrom('198.51.100.9', 'target', { password: 'target-password' })).status).toBe(429);
  const known = await logInFrom('198.51.100.9', 'target', { password: 'target-password', cookie: cookie ?? '' });
  expect([known.status, known.headers.getSetCookie().some((each) => each.startsWith(`${cookie};`))]).toEqual([200, true]);
  expect((await logInFrom('198.51.100.9', 'viewer', { password: 'viewer-password', cookie: cookie ?? '' })).status).toBe(200);

  const stolen = [];
  for (let times = 0; times < 21; times += 1) stolen.push((await logInFrom('198.51.100.9', 'target', { cookie: cookie ?? '' })).status);
  expect([stolen.slice(0, 20).every((code) => code === 401), stolen[20]]).toEqual([true, 429]);
  await setPassword(api.test.database, 'target', 'anew');
  expect((await logInFrom('198.51.100.9', 'target', { password: 'anew', cookie: cookie ?? '' })).status).toBe(200);
  expect(await query(api.test.database, `select id from known_browsers where user_id = :id`, { id: user.id })).toHaveLength(1);
});

test('one network can not try many names', async () => {
  expect((await logInFrom('2001:db8:0:7::1', 'name-1')).status).toBe(401);
  const [counted] = await query(
    api.test.database,
    `update attempts set count = 299 where subject like 'sign-in address 2001:db8:0:7:%' returning subject`,
  );
  expect(counted).toEqual({ subject: 'sign-in address 2001:db8:0:7::/64' });
  expect((await logInFrom('2001:db8:0:7:ffff::2', 'name-2')).status).toBe(401);
  expect((await logInFrom('2001:db8:0:7:ffff::3', 'name-3')).status).toBe(429);
  expect((await logInFrom('2001:db8:0:8::1', 'name-1')).status).toBe(401);
});

test('signing in takes as long for a name that is not there', async () => {
  const took = async (name: string): Promise<number> => {
    const times = [];
    for (let round = 0; round < 9; round += 1) {
      const begun = performance.now();
      await logInFrom(`192.0.2.${round}`, name);
      times.push(performance.now() - begun);
    }
    return times.toSorted((a, b) => a - b)[4] ?? 0;
  };
  await createUser(api.test.database, { name: 'here', role: 'viewer', password: 'x' });
  await took('warm-up');
  const [there, absent] = [await took('here'), await took('nowhere')];
  expect(Math.max(there, absent) / Math.min(there, absent)).toBeLessThan(5);
});

test('a page of another site can not sign a browser in', async () => {
  const answer = await logIn('viewer', 'viewer-password', { path: '/auth/login/?cookie=1', headers: { origin: 'https://evil.example' } });
  expect([answer.status, answer.headers.getSetCookie()]).toEqual([403, []]);
});

test('failed sign-ins are refused after twenty, for that name only', async () => {
  const challenge = await logIn('nobody', 'x');
  expect([challenge.status, challenge.headers.get('www-authenticate')?.startsWith('Basic ')]).toEqual([401, true]);
  expect((await logIn('nobody', 'x', { headers: { origin: api.url } })).headers.get('www-authenticate')).toMatch(/^Token /);
  for (const authorization of ['Basic', 'Basic !!!', 'Basic bm9jb2xvbg==', `Basic ${Buffer.from('a\u0000b:c').toString('base64')}`]) {
    const { status: code } = await fetch(`${api.url}/auth/login/`, { method: 'POST', headers: { authorization } });
    expect(code).toBe(401);
  }
  const codes = [];
  for (let times = 0; times < 19; times += 1) codes.push((await logIn('nobody', 'x')).status);
  expect(codes.slice(0, 18)).toEqual(Array.from({ length: 18 }, () => 401));
  const refused = await logIn('nobody', 'x');
  expect([refused.status, Number(refused.headers.get('retry-after')) > 0]).toEqual([429, true]);
  expect(problemSchema.parse(await refused.json()).code).toBe('TOO_MANY_REQUESTS');
  expect((await logIn('viewer', 'viewer-password')).status).toBe(200);
});

test('the session cookie is out of reach of scripts and of other sites', async () => {
  const answer = await logIn('admin', 'admin-password', { path: '/auth/login/?cookie=1' });
  const [set = ''] = answer.headers.getSetCookie();
  expect(set).toMatch(/; HttpOnly/);
  expect(set).toMatch(/; SameSite=Lax/);
  expect(set).not.toMatch(/Secure/);
  const cookie = set.split(';')[0] ?? '';
  expect(cookie.split('=')[0]).toBe(cookieName(api.deps.nodeUuid));
  const make = async (headers: Record<string, string>): Promise<number> => {
    const made = await fetch(`${api.url}/dossier-lists/`, {
      method: 'POST',
      headers: { cookie: `theme=dark; ${cookie}`, 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ name: 'by cookie' }),
    });
    await made.arrayBuffer();
    return made.status;
  };
  expect(await make({})).toBe(201);
  expect(await make({ origin: api.url })).toBe(201);
  expect(await make({ 'sec-fetch-site': 'same-origin' })).toBe(201);
  expect(await make({ origin: 'https://evil.example' })).toBe(403);
  expect(await make({ origin: 'null' })).toBe(403);
  expect(await make({ 'sec-fetch-site': 'cross-site', origin: api.url })).toBe(403);
  expect(await make({ authorization: 'Token nonsense' })).toBe(401);
});

test('the administrator is made once, and ADMIN_TOKEN follows the configuration', async () => {
  const { database } = api.test;
  const settings = { adminUsername: 'root', adminPassword: null, adminToken: 'first-token' };
  const made = await Promise.all([ensureAdministrator(database, settings), ensureAdministrator(database, settings)]);
  const [generated, none] = made.map((each) => each.generatedPassword).toSorted((a, b) => Number(b !== null) - Number(a !== null));
  expect(none).toBeNull();
  expect((await logIn('root', generated ?? '')).status).toBe(200);
  expect((await findUser(database, 'root'))?.role).toBe('admin');
  expect(await status('Token first-token')).toBe(200);
  expect(await ensureAdministrator(database, { ...settings, adminPassword: 'ignored', adminToken: 'second-token' })).toEqual({
    made: false,
    generatedPassword: null,
  });
  expect([await status('Token first-token'), await status('Token second-token')]).toEqual([401, 200]);
  expect((await logIn('root', 'ignored')).status).toBe(401);
  await fetch(`${api.url}/auth/logout/`, { method: 'POST', headers: { authorization: 'Token second-token' } });
  expect(await status('Token second-token')).toBe(200);
  await ensureAdministrator(database, { ...settings, adminToken: null });
  expect(await status('Token second-token')).toBe(401);
});
