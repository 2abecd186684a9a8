import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { auditEntrySchema } from '@dossier/protocol/audit.ts';
import { problemSchema } from '@dossier/protocol/problem.ts';
import { recoveryCodesSchema, secondFactorSchema, totpSetUpSchema } from '@dossier/protocol/second-factor.ts';
import { sessionSchema } from '@dossier/protocol/session.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import { createUser } from '@dossier/accounts/users.ts';
import { query } from '@dossier/postgres/database.ts';
import { codeOf } from '../kit/authenticator-app.ts';
import { startTestApi } from '../kit/api.ts';
import type { Answer, TestApi } from '../kit/api.ts';

/* Signing in with an authenticator app and recovery codes. Passkeys: test/browser/second-factor.test.ts. */

const password = 'an open harbour lantern';
let api: TestApi;

beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.stop());

const basic = (name: string): string => `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;

function logIn(name: string, code?: string, node = api): Promise<Answer> {
  return node.call('POST', '/auth/login/', { headers: { authorization: basic(name) }, ...(code !== undefined && { body: { code } }) });
}

async function tokenOf(name: string, code?: string, node = api): Promise<string> {
  return `Token ${sessionSchema.parse((await logIn(name, code, node)).json).token}`;
}

function as(authorization: string, node = api) {
  return (method: string, path: string, body?: unknown) => node.call(method, path, { headers: { authorization }, body });
}

/** The code of a problem, or the status where it is none. */
const codeIn = ({ json, status }: Answer): string | number => problemSchema.safeParse(json).data?.code ?? status;

interface Protected {
  secret: string;
  /** Of the session that set it up. */
  authorization: string;
  codes: string[];
}

/** A user with an authenticator app. The code that set it up was the one before now's. */
async function makeProtected(name: string, node = api): Promise<Protected> {
  await createUser(node.test.database, { name, role: 'operator', password });
  const authorization = await tokenOf(name, undefined, node);
  const call = as(authorization, node);
  const { secret } = totpSetUpSchema.parse((await call('POST', '/auth/second-factor/totp/', { password })).json);
  const confirmed = await call('POST', '/auth/second-factor/totp/confirm/', { code: codeOf(secret, -1) });
  const { recovery_codes: codes } = recoveryCodesSchema.parse(confirmed.json);
  return { secret, authorization, codes: codes ?? [] };
}

describe('a user with an authenticator app', () => {
  test('is asked for its code, which is good once, and with it all before', async () => {
    const { secret } = await makeProtected('anna');
    const asked = await logIn('anna');
    expect([asked.status, problemSchema.parse(asked.json)]).toMatchObject([
      401,
      { code: 'SECOND_FACTOR_REQUIRED', param: 'code', methods: ['totp', 'recovery-code'], remedy: expect.stringContaining('"code"') },
    ]);
    expect(asked.headers.get('www-authenticate')).toMatch(/^Basic/);
    const code = codeOf(secret);
    expect(codeIn(await logIn('anna', code))).toBe(200);
    expect(codeIn(await logIn('anna', code))).toBe('SECOND_FACTOR_WRONG');
    // A clock that is half a minute behind, and one that is ahead.
    expect(codeIn(await logIn('anna', codeOf(secret, -1)))).toBe('SECOND_FACTOR_WRONG');
    expect(codeIn(await logIn('anna', codeOf(secret, 1).replace(/(...)/, '$1 ')))).toBe(200);
  });

  test('is not let in by a code of another time, and by none without the password', async () => {
    const { secret } = await makeProtected('bert');
    for (const steps of [-3, -2, 2, 3])
      expect([steps, codeIn(await logIn('bert', codeOf(secret, steps)))]).toEqual([steps, 'SECOND_FACTOR_WRONG']);
    const wrong = await api.call('POST', '/auth/login/', {
      headers: { authorization: `Basic ${btoa('bert:not this one')}` },
      body: { code: codeOf(secret) },
    });
    expect(codeIn(wrong)).toBe('UNAUTHORIZED');
    expect(codeIn(await logIn('bert', codeOf(secret)))).toBe(200);
  });

  test('of many that come at once with the same code lets one in', async () => {
    const { secret } = await makeProtected('many');
    const code = codeOf(secret);
    const answers = await Promise.all(Array.from({ length: 5 }, () => logIn('many', code)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  test('who types wrong codes is stopped after ten, and by a new password is let try again', async () => {
    const { secret } = await makeProtected('carl');
    const answers: (string | number)[] = [];
    for (let attempt = 0; attempt < 11; attempt += 1) answers.push(codeIn(await logIn('carl', codeOf(secret, 20))));
    expect(answers).toEqual([...Array.from({ length: 10 }, () => 'SECOND_FACTOR_WRONG'), 'TOO_MANY_REQUESTS']);
    const stopped = await logIn('carl', codeOf(secret));
    expect([codeIn(stopped), Number(stopped.headers.get('retry-after')) > 0]).toEqual(['TOO_MANY_REQUESTS', true]);
    const [carl] = await query<{ id: number }>(api.test.database, `select id from users where name = 'carl'`);
    await api.call('PATCH', `/users/${carl?.id}/`, { body: { password } });
    expect(codeIn(await logIn('carl', codeOf(secret)))).toBe(200);
  });

  test('without the phone comes in by a recovery code, once each, however it is typed', async () => {
    const { codes } = await makeProtected('dora');
    expect([codes.length, new Set(codes).size, codes.every((code) => /^([A-Z2-7]{4}-){3}[A-Z2-7]{4}$/.test(code))]).toEqual([10, 10, true]);
    const typed = ` ${(codes[0] ?? '').toLowerCase().replaceAll('-', ' ')}`;
    expect(codeIn(await logIn('dora', typed))).toBe(200);
    expect(codeIn(await logIn('dora', codes[0]))).toBe('SECOND_FACTOR_WRONG');
    const authorization = await tokenOf('dora', codes[1]);
    const call = as(authorization);
    expect(secondFactorSchema.parse((await call('GET', '/auth/second-factor/')).json).recovery_codes).toBe(8);
    const { recovery_codes: fresh } = recoveryCodesSchema.parse(
      (await call('POST', '/auth/second-factor/recovery-codes/', { password })).json,
    );
    expect(codeIn(await logIn('dora', codes[2]))).toBe('SECOND_FACTOR_WRONG');
    expect(codeIn(await logIn('dora', fresh?.[0]))).toBe(200);
  });

  test('loses the other sessions when it is set up, and it and the codes go with the password only', async () => {
    await createUser(api.test.database, { name: 'emil', role: 'viewer', password });
    const [other, own] = [await tokenOf('emil'), await tokenOf('emil')];
    const call = as(own);
    expect(codeIn(await call('POST', '/auth/second-factor/totp/', { password: 'wrong' }))).toBe('PERMISSION_DENIED');
    const { secret, uri } = totpSetUpSchema.parse((await call('POST', '/auth/second-factor/totp/', { password })).json);
    expect(new URL(uri).searchParams.get('secret')).toBe(secret);
    expect(decodeURIComponent(uri)).toMatch(/^otpauth:\/\/totp\/Dossiers \(127\.0\.0\.1\):emil\?/);
    // Not confirmed yet: it is as it was.
    expect(codeIn(await logIn('emil'))).toBe(200);
    expect(codeIn(await call('POST', '/auth/second-factor/totp/confirm/', { code: codeOf(secret, 9) }))).toBe('BAD_PARAM');
    expect(codeIn(await call('POST', '/auth/second-factor/totp/confirm/', { code: codeOf(secret) }))).toBe(200);
    expect(codeIn(await as(other)('GET', '/auth/session/'))).toBe('UNAUTHORIZED');
    expect(codeIn(await call('POST', '/auth/second-factor/totp/', { password }))).toBe('CONFLICT');
    expect(codeIn(await call('POST', '/auth/second-factor/totp/remove/', { password: 'wrong' }))).toBe('PERMISSION_DENIED');
    expect(codeIn(await call('POST', '/auth/second-factor/totp/remove/', { password }))).toBe(204);
    expect(codeIn(await call('POST', '/auth/second-factor/recovery-codes/', { password }))).toBe('CONFLICT');
    expect(codeIn(await logIn('emil'))).toBe(200);
  });

  test('goes on with API tokens, which change nothing about how one signs in', async () => {
    const { authorization } = await makeProtected('fritz');
    const made = await as(authorization)('POST', '/tokens/', { label: 'x', password });
    const call = as(`Token ${(made.json as { token: string }).token}`);
    expect((await call('GET', '/dossier-lists/')).status).toBe(200);
    for (const path of ['totp/', 'totp/remove/', 'recovery-codes/', 'passkeys/options/', 'passkeys/1/remove/'])
      expect([path, codeIn(await call('POST', `/auth/second-factor/${path}`, { password }))]).toEqual([path, 'PERMISSION_DENIED']);
  });

  test('who lost it all is helped by an administrator: it goes, and so do the sessions', async () => {
    const { authorization } = await makeProtected('gerda');
    const [gerda] = await query<{ id: number }>(api.test.database, `select id from users where name = 'gerda'`);
    const reset = await api.call('DELETE', `/users/${gerda?.id}/second-factor/`);
    expect(reset.json).toEqual({ totp: true, passkeys: 0, sessions: 1 });
    expect(codeIn(await as(authorization)('GET', '/auth/session/'))).toBe('UNAUTHORIZED');
    expect(codeIn(await logIn('gerda'))).toBe(200);
    const codes = await query(api.test.database, `select * from recovery_codes where user_id = :id`, { id: gerda?.id });
    expect(codes).toEqual([]);
  });

  test('leaves what happened in the audit, and no secret there', async () => {
    const { secret, codes } = await makeProtected('hanna');
    await logIn('hanna', '000000');
    await logIn('hanna', codes[0]);
    const { results } = await api.want(200, pageOf(auditEntrySchema), ['GET', '/audit/?actor=hanna']);
    expect(results.map(({ action, details }) => [action, details])).toEqual([
      ['signed-in', { second_factor: 'recovery-code' }],
      ['sign-in-failed', { second_factor: 'wrong' }],
      ['second-factor-set-up', { method: 'totp' }],
      ['signed-in', {}],
    ]);
    const kept = JSON.stringify(await query(api.test.database, `select * from audit`));
    for (const hidden of [secret, ...codes, codes[0]?.replaceAll('-', '') ?? '']) expect(kept).not.toContain(hidden);
  });

  test('with a step noted by a clock that was ahead is let in when the clock is right again', async () => {
    const { secret } = await makeProtected('ida');
    await query(api.test.database, `update totp_secrets set last_step = last_step + 100000`);
    const code = codeOf(secret);
    expect(codeIn(await logIn('ida', code))).toBe(200);
    expect(codeIn(await logIn('ida', code))).toBe('SECOND_FACTOR_WRONG');
  });
});

describe('where a second factor is required', () => {
  let strict: TestApi;
  beforeAll(async () => {
    strict = await startTestApi({ configuration: { ...api.deps.configuration, secondFactor: 'required' } });
  });
  afterAll(() => strict.stop());

  test('who has none can set one up and nothing else; then all goes on in the same session', async () => {
    await createUser(strict.test.database, { name: 'otto', role: 'admin', password });
    const authorization = await tokenOf('otto', undefined, strict);
    const call = as(authorization, strict);
    expect((await call('GET', '/auth/session/')).json).toMatchObject({ second_factor_missing: true, sign_in: 'password' });
    for (const [method, path] of [
      ['GET', '/dossier-lists/'],
      ['GET', '/users/'],
      ['POST', '/tokens/'],
      ['GET', '/metrics'],
    ] as const) {
      const answer = await call(method, path, method === 'POST' ? { label: 'x', password } : undefined);
      expect([path, answer.status, codeIn(answer)]).toEqual([path, 403, 'SECOND_FACTOR_MISSING']);
    }
    const page = await fetch(`${strict.url}/docs/`, { redirect: 'manual', headers: { authorization, accept: 'text/html' } });
    expect([page.status, page.headers.get('location')]).toEqual([302, '/ui/?next=%2Fdocs%2F']);
    const { secret } = totpSetUpSchema.parse((await call('POST', '/auth/second-factor/totp/', { password })).json);
    await call('POST', '/auth/second-factor/totp/confirm/', { code: codeOf(secret) });
    expect((await call('GET', '/dossier-lists/')).status).toBe(200);
    expect((await call('GET', '/auth/session/')).json).toMatchObject({ second_factor_missing: false });
  });

  test('API tokens need none', async () => {
    expect((await strict.call('GET', '/users/')).status).toBe(200);
  });
});
