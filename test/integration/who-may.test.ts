import { readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listRoutes } from '@dossier/api/app.ts';
import { createMetrics } from '@dossier/api/metrics.ts';
import { mayActAs, roles } from '@dossier/domain/role.ts';
import type { Role } from '@dossier/domain/role.ts';
import { issueToken } from '@dossier/accounts/tokens.ts';
import { createUser } from '@dossier/accounts/users.ts';
import { expectGenerated, markdownTable } from '../kit/generated-page.ts';
import { startNodeApi } from '../kit/node-api.ts';
import type { NodeApi } from '../kit/node-api.ts';

/* Every call of a whole node, asked for by everybody: who is let in is written to docs/access.md, where a change shows. */

let node: NodeApi;
const asking: Record<Role, { token: string; cookie: string }> = {} as never;
const refusedTokens: Record<string, string> = {};

beforeAll(async () => {
  node = await startNodeApi({ INSTALLED_APPS: 'ffsecurity_sync' });
  const { database } = node.test;
  for (const role of roles) {
    const user = await createUser(database, { name: `asking ${role}`, role, password: `${role} asks` });
    const { token } = await issueToken(database, { userId: user.id, kind: 'api', label: '', lifetimeMs: null });
    const signedIn = await fetch(`${node.url}/auth/login/?cookie=1`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`asking ${role}:${role} asks`).toString('base64')}` },
    });
    asking[role] = { token, cookie: signedIn.headers.getSetCookie()[0]?.split(';')[0] ?? '' };
    if (role !== 'admin') continue;
    const lapsed = await issueToken(database, { userId: user.id, kind: 'api', label: '', lifetimeMs: -1 });
    const revoked = await issueToken(database, { userId: user.id, kind: 'api', label: '', lifetimeMs: null });
    await fetch(`${node.url}/auth/logout/`, { method: 'POST', headers: { authorization: `Token ${revoked.token}` } });
    refusedTokens['Token '] = '';
    refusedTokens['a token that is none'] = `Token ${'x'.repeat(50)}`;
    refusedTokens['a token that has lapsed'] = `Token ${lapsed.token}`;
    refusedTokens['a token that was revoked'] = `Token ${revoked.token}`;
    refusedTokens['Basic'] = `Basic ${Buffer.from('admin:admin-password').toString('base64')}`;
  }
});
afterAll(() => node.stop());

interface Answer {
  status: number;
  body: string;
}

/** The status of an answer and, unless it goes on for ever, its body. */
async function ask(method: string, path: string, headers: Record<string, string> = {}): Promise<Answer> {
  const aborting = new AbortController();
  const response = await fetch(node.url + path, { method, headers, redirect: 'manual', signal: aborting.signal });
  const stream = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
  const body = stream ? '' : await response.text();
  aborting.abort();
  return { status: response.status, body };
}

type Verdict = 'in' | 'unknown' | 'role';

function verdictOf({ status, body }: Answer): Verdict {
  if (status === 401) return 'unknown';
  return status === 403 && body.includes('This takes the role') ? 'role' : 'in';
}

interface Call {
  method: string;
  path: string;
  access: Role | 'everyone';
  /** What of it there is for who is limited to watch lists. */
  limited: string;
}

const address = (path: string): string => path.replace(':id', '999999').replace(':file', 'none').replace('*address', 'none');

/** Routes, and what is served below a path without being a route. */
function calls(): Call[] {
  const routes = listRoutes(node.deps, createMetrics(node.test.database)).map(({ method, path, access, limited }) => ({
    method: method.toUpperCase(),
    path,
    access,
    limited: access === 'everyone' || path.startsWith('/auth/') ? 'all' : (limited ?? ''),
  }));
  const board = ['/queues/', '/queues/api/queues', '/queues/static/none'].map((path): Call => ({
    method: 'GET',
    path,
    access: 'admin',
    limited: '',
  }));
  return [...routes, ...board, { method: 'PUT', path: '/queues/api/queues/pause', access: 'admin', limited: '' }];
}

describe('all calls × all roles × no credentials', () => {
  test('are let in exactly as docs/access.md says', async () => {
    const rows: string[][] = [];
    for (const { method, path, access, limited } of calls()) {
      const target = address(path);
      const what = `${method} ${path}`;
      const row = [`\`${what}\``];
      const strangers = [{}, ...Object.values(refusedTokens).map((authorization) => ({ authorization }))];
      for (const headers of strangers) {
        const verdict = verdictOf(await ask(method, target, headers));
        // Signing in without a name is nobody's, whatever came with it.
        if (what !== 'POST /auth/login/')
          expect([what, headers, verdict]).toEqual([what, headers, access === 'everyone' ? 'in' : 'unknown']);
      }
      row.push(access === 'everyone' ? 'yes' : '');
      for (const role of roles) {
        const allowed = access === 'everyone' || mayActAs(role, access);
        row.push(allowed ? 'yes' : '');
        if (what === 'POST /auth/logout/' || what === 'POST /auth/login/') continue;
        for (const headers of [{ authorization: `Token ${asking[role].token}` }, { cookie: asking[role].cookie }]) {
          expect([what, role, Object.keys(headers), verdictOf(await ask(method, target, headers))]).toEqual([
            what,
            role,
            Object.keys(headers),
            allowed ? 'in' : 'role',
          ]);
        }
      }
      row.push(limited);
      rows.push(row);
    }
    await expectGenerated('docs/access.md', 'who may', markdownTable(['call', 'nobody', ...roles, 'limited to lists'], rows));
  });

  test('change nothing for a page of another site that has the cookie', async () => {
    for (const { method, path, access } of calls().filter((call) => call.method !== 'GET' && call.access !== 'everyone')) {
      for (const foreign of [
        { origin: 'https://evil.example' },
        { origin: 'null' },
        { 'sec-fetch-site': 'cross-site' },
        { 'sec-fetch-site': 'same-site' },
      ]) {
        const { status, body } = await ask(method, address(path), { cookie: asking.admin.cookie, ...foreign });
        expect([method, path, foreign, access, status, body]).toEqual([
          method,
          path,
          foreign,
          access,
          403,
          expect.stringContaining('another site'),
        ]);
      }
    }
  });

  test('are named by the contract or by the reference', () => {
    const reference = readFileSync(fileURLToPath(new URL('../../docs/api.md', import.meta.url)), 'utf8');
    const unnamed = calls().filter(
      ({ method, path }) => !contract.has(`${method} ${path}`) && !path.startsWith('/ui/') && !path.startsWith('/docs/'),
    );
    for (const { path } of unnamed) expect(reference).toContain(path.replaceAll(/:(\w+)/g, '{$1}'));
  });
});

/** What CONTRACT.md names, so that none of it gets lost. */
const contract = new Set(
  `POST /auth/login/, POST /auth/logout/
  GET /dossier-lists/, POST /dossier-lists/, GET /dossier-lists/:id/, PATCH /dossier-lists/:id/, DELETE /dossier-lists/:id/, POST /dossier-lists/:id/purge/
  GET /dossiers/, POST /dossiers/, GET /dossiers/:id/, PATCH /dossiers/:id/, DELETE /dossiers/:id/
  GET /dossier-faces/, POST /dossier-faces/, GET /dossier-faces/:id/, GET /dossier-faces/:id/photo/, GET /dossier-faces/:id/thumbnail/, DELETE /dossier-faces/:id/
  POST /sync/dossier-lists/, GET /sync/dossier-lists/, GET /sync/dossier-lists/:id/, POST /sync/dossier-lists/:id/sync/, GET /sync/dossier-lists/:id/runs/
  DELETE /sync/dossier-lists/:id/, GET /sync/dead-letters/, POST /sync/dead-letters/:id/retry/, DELETE /sync/dead-letters/:id/, POST /sync/test/, GET /sync/events/
  GET /healthz, GET /readyz, GET /metrics, GET /openapi.json, GET /docs/, GET /queues/, GET /queues/api/queues, GET /queues/static/none, PUT /queues/api/queues/pause
  GET /, GET /ui/, GET /dossier-lists/:id/changes/`
    .split(/,|\n/)
    .map((call) => call.trim()),
);

test('everything that the contract names is there', () => {
  const there = new Set(calls().map(({ method, path }) => `${method} ${path}`));
  expect([...contract].filter((call) => !there.has(call))).toEqual([]);
});

describe('a browser', () => {
  test.each(['/ui/', '/ui/overview', '/docs/', '/queues/'])('gets a page at %s that runs no script but our own files', async (path) => {
    const response = await fetch(node.url + path, { headers: { cookie: asking.admin.cookie, accept: 'text/html' } });
    const page = await response.text();
    expect([response.status, page.startsWith('<!doctype html>') || page.startsWith('<!DOCTYPE html>')]).toEqual([200, true]);
    const policy = new Map(
      (response.headers.get('content-security-policy') ?? '').split(';').map((directive) => {
        const [name = '', ...sources] = directive.trim().split(' ');
        return [name, sources.join(' ')];
      }),
    );
    expect(policy.get('script-src') ?? policy.get('default-src')).toBe("'self'");
    expect([policy.get('object-src'), policy.get('base-uri'), policy.get('frame-ancestors')]).toEqual(["'none'", "'self'", "'self'"]);
    for (const [, attributes = '', content = ''] of page.matchAll(/<script\b([^>]*)>([\s\S]*?)<\/script>/g)) {
      const isData = /type="application\/json"/.test(attributes);
      expect([attributes, isData || (/src="(?!https?:|\/\/)/.test(attributes) && content.trim() === '')]).toEqual([attributes, true]);
    }
    expect(page).not.toMatch(/\son[a-z]+\s*=\s*["']|javascript:/i);
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  });

  test('keeps the session to TLS where it came over TLS, as a proxy on this host says, and to this host', async () => {
    const signIn = async (headers: Record<string, string>): Promise<string[]> => {
      const answer = await fetch(`${node.url}/auth/login/?cookie=1`, {
        method: 'POST',
        headers: { authorization: `Basic ${Buffer.from('asking viewer:viewer asks').toString('base64')}`, ...headers },
      });
      return answer.headers.getSetCookie();
    };
    for (const cookie of await signIn({ 'x-forwarded-proto': 'https' })) {
      expect(cookie).toMatch(/; Secure/);
      expect(cookie).toMatch(/; HttpOnly/);
      expect(cookie).toMatch(/; SameSite=(Lax|Strict)/);
      expect(cookie).not.toMatch(/; Domain=/);
    }
    expect((await signIn({})).join()).not.toMatch(/Secure/);
  });
});

/** Sends a path as it is, where fetch would tidy it up. */
function askRaw(method: string, path: string, headers: Record<string, string> = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(node.url);
    const request = httpRequest({ hostname, port, method, path, headers, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    request.on('error', reject);
    request.on('connect', (response) => resolve(response.statusCode ?? 0));
    request.end();
  });
}

describe('nothing else is reachable', () => {
  const strange =
    '/admin /api /api/v1 /.env /.git/config /package.json /server-status /actuator/health /debug /debug/pprof /graphql /swagger /swagger.json /console /static/ /uploads/ /media/ /node_modules/ /src/main.ts /favicon.ico /robots.txt /users /.well-known/security.txt /data/postgres.password /docs/../package.json /docs/..%2freference.html /docs/%2e%2e%2fapp.ts /docs/absolute-path.js /docs/package.json /dossier-faces/../../etc/passwd /dossier-faces/..%2f..%2fetc%2fpasswd/photo/ //dossiers/ /dossiers/1/../../users/ /DOSSIERS/ /%64ossiers/ /dossiers;x=1/ /dossiers%00/ /feed/../dossiers/ /queues/../dossiers/'.split(
      ' ',
    );

  test.each(strange)('%s', async (path) => {
    const status = await askRaw('GET', path);
    expect([path, status]).toEqual([path, expect.toSatisfy((code: number) => [400, 401, 404].includes(code))]);
  });

  test('by a method that is not named', async () => {
    const named = new Map<string, Set<string>>();
    for (const { method, path } of calls()) named.set(path, (named.get(path) ?? new Set()).add(method));
    const admin = { authorization: `Token ${asking.admin.token}` };
    for (const [path, methods] of named) {
      if (path.startsWith('/queues')) continue;
      for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND', 'QUERY', 'MKCOL', 'SEARCH', 'LINK']) {
        if (methods.has(method)) continue;
        const expected = method === 'OPTIONS' ? 204 : 405;
        expect([method, path, await askRaw(method, address(path), admin)]).toEqual([method, path, expected]);
      }
    }
    expect(await askRaw('CONNECT', '127.0.0.1:22').catch(() => 'cut')).toBe('cut');
    expect(await askRaw('GET', 'http://127.0.0.1:1/dossiers/')).toBe(401);
  });

  test('of the feed without a signature, whatever is asked and whoever asks', async () => {
    const admin = { authorization: `Token ${asking.admin.token}` };
    for (const path of [
      '/feed',
      '/feed/',
      '/feed/v1/dossier-lists/',
      '/feed/v1/dossier-lists/1/head',
      '/feed/v1/photos?sha256=x',
      '/feed/v1/photos/x',
      '/feed/v9/',
      '/feed/../feed/',
    ]) {
      for (const method of ['GET', 'HEAD', 'POST', 'DELETE', 'OPTIONS']) {
        for (const headers of [{}, admin, { cookie: asking.admin.cookie }])
          expect([method, path, await askRaw(method, path, headers)]).toEqual([method, path, 401]);
      }
    }
  });
});
