import { describe, expect, test } from 'vitest';
import { type ReceivedRequest, type RequestToSign, signRequest, verifyRequest } from './request-signature.ts';
import { deriveSigningKey } from './signing-key.ts';

const key = deriveSigningKey('ABC_123456789');
const now = new Date('2026-11-23T03:00:00.400Z');
const url = new URL('http://master.example:8000/feed/lists/1/?since=5&x=%20');

function signed(request: RequestToSign = { method: 'GET', url }, at = now): ReceivedRequest {
  const fields = { ...request.headers, ...signRequest(key, request, { now: at, nonce: 'n-1' }), host: request.url.host };
  return {
    method: request.method,
    target: request.url.pathname + request.url.search,
    headers: Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, [value]])),
    ...(request.body && { body: request.body }),
  };
}

function withHeaders(request: ReceivedRequest, headers: Record<string, string[] | undefined>): ReceivedRequest {
  return { ...request, headers: { ...request.headers, ...headers } };
}

function headOf({ method, target, headers }: ReceivedRequest): ReceivedRequest {
  return { method, target, headers };
}

const posted: RequestToSign = {
  method: 'POST',
  url,
  headers: { 'content-type': 'application/json', 'content-length': '2' },
  body: Buffer.from('{}'),
};
const conditional: RequestToSign = { method: 'GET', url, headers: { 'if-none-match': '"1-2"' } };

test('spells the signature in the one way of the profile', () => {
  expect(signRequest(key, { method: 'GET', url }, { now, nonce: 'n-1' })).toEqual({
    'signature-input': `dossier=("@method" "@authority" "@path" "@query");created=1795402800;nonce="n-1";alg="hmac-sha256";keyid="${key.id}";tag="dossier-feed"`,
    signature: expect.stringMatching(/^dossier=:[A-Za-z0-9+/]{43}=:$/),
  });
});

test.each([{ method: 'GET', url }, { method: 'GET', url: new URL('http://MASTER.example:80') }, conditional, posted])(
  'accepts what it signed: $method $url',
  (request) => {
    const received = signed(request);
    const verified = verifyRequest([deriveSigningKey('other'), key], received, { now });
    expect(verified).toMatchObject({ ok: true, nonce: 'n-1', skewMs: 0 });
    expect(verified.ok && `dossier=${verified.signature}`).toBe(received.headers['signature']?.[0]);
  },
);

describe('refuses', () => {
  const plain = signed();
  const input = plain.headers['signature-input']?.[0] ?? '';
  const signature = plain.headers['signature']?.[0] ?? '';
  const cases: [string, ReceivedRequest, string][] = [
    ['another method', { ...plain, method: 'DELETE' }, 'wrong-signature'],
    ['another path', { ...plain, target: '/feed/lists/2/?since=5&x=%20' }, 'wrong-signature'],
    ['another query', { ...plain, target: '/feed/lists/1/?since=4&x=%20' }, 'wrong-signature'],
    ['an absolute target', { ...plain, target: url.href }, 'malformed'],
    ['another host', withHeaders(plain, { host: ['evil.example:8000'] }), 'wrong-signature'],
    ['two hosts', withHeaders(plain, { host: ['master.example:8000', 'master.example:8000'] }), 'malformed'],
    ['no signature', withHeaders(plain, { signature: undefined }), 'missing'],
    ['no signature input', withHeaders(plain, { 'signature-input': undefined }), 'missing'],
    ['a repeated signature', withHeaders(plain, { signature: [signature, signature] }), 'malformed'],
    ['a second signature beside ours', withHeaders(plain, { signature: [`${signature}, other=:AAAA:`] }), 'malformed'],
    ['a second input beside ours', withHeaders(plain, { 'signature-input': [`${input}, other=()`] }), 'wrong-components'],
    ['another label', withHeaders(plain, { 'signature-input': [input.replace('dossier=', 'sig=')] }), 'malformed'],
    ['fewer components', withHeaders(plain, { 'signature-input': [input.replace(' "@query"', '')] }), 'wrong-components'],
    ['another algorithm', withHeaders(plain, { 'signature-input': [input.replace('sha256', 'sha512')] }), 'wrong-components'],
    ['another tag', withHeaders(plain, { 'signature-input': [input.replace('-feed', '-food')] }), 'wrong-components'],
    ['a further parameter', withHeaders(plain, { 'signature-input': [`${input};expires=1`] }), 'wrong-components'],
    ['no nonce', withHeaders(plain, { 'signature-input': [input.replace(';nonce="n-1"', '')] }), 'malformed'],
    ['another nonce', withHeaders(plain, { 'signature-input': [input.replace('n-1', 'n-2')] }), 'wrong-signature'],
    ['another key', withHeaders(plain, { 'signature-input': [input.replace(key.id, 'unknown')] }), 'unknown-key'],
    ['a short signature', withHeaders(plain, { signature: ['dossier=:AAAA:'] }), 'malformed'],
    ['garbage', withHeaders(plain, { 'signature-input': ['=('] }), 'malformed'],
    ['an added if-none-match', withHeaders(plain, { 'if-none-match': ['"1-2"'] }), 'wrong-components'],
    ['an altered if-none-match', withHeaders(signed(conditional), { 'if-none-match': ['"1-3"'] }), 'wrong-signature'],
    ['a stripped if-none-match', withHeaders(signed(conditional), { 'if-none-match': undefined }), 'wrong-components'],
    ['an added body', { ...plain, body: Buffer.from('x') }, 'wrong-digest'],
    ['an announced body', withHeaders(plain, { 'content-length': ['1'] }), 'wrong-digest'],
    ['another body', { ...signed(posted), body: Buffer.from('[]') }, 'wrong-digest'],
    ['a body that was not read', headOf(signed(posted)), 'wrong-digest'],
    ['a body of no type', signed({ method: 'POST', url, body: Buffer.from('{}') }), 'wrong-digest'],
    ['another content type', withHeaders(signed(posted), { 'content-type': ['text/plain'] }), 'wrong-signature'],
    ['a stripped digest', withHeaders(signed(posted), { 'content-digest': undefined }), 'wrong-components'],
  ];
  test.each(cases)('%s', (_what, request, reason) => {
    expect(verifyRequest([key], request, { now })).toEqual({ ok: false, reason });
  });

  test('a line break smuggled into the target', () => {
    const target = '/feed/"\n"@query": ?';
    expect(verifyRequest([key], { ...plain, target }, { now })).toEqual({ ok: false, reason: 'malformed' });
  });
});

test.each([
  [-300_000, true],
  [300_000, true],
  [-301_000, false],
  [301_000, false],
])('holds the window of five minutes: made %i ms from our time', (skewMs, ok) => {
  const received = signed({ method: 'GET', url }, new Date(now.getTime() + skewMs));
  expect(verifyRequest([key], received, { now })).toMatchObject(ok ? { ok, skewMs } : { ok, skewMs, reason: 'clock' });
});

test('says nothing about the clock to someone without the key', () => {
  const received = signed({ method: 'GET', url }, new Date(0));
  expect(verifyRequest([key], { ...received, method: 'POST' }, { now })).toEqual({ ok: false, reason: 'wrong-signature' });
});

test('derives different keys from different tokens and shows neither token nor secret', () => {
  expect(deriveSigningKey('a').id).not.toBe(deriveSigningKey('b').id);
  expect(deriveSigningKey('a').id).toBe(deriveSigningKey('a').id);
  expect(JSON.stringify(deriveSigningKey('a'))).toBe(
    JSON.stringify({ id: deriveSigningKey('a').id, algorithm: 'hmac-sha256', secret: {} }),
  );
  expect(() => deriveSigningKey('')).toThrow(RangeError);
});

test('derives the key that others get by Argon2id and HKDF, once', () => {
  expect(deriveSigningKey('ABC_123456789').id).toBe('a7cf65b331b2e698');
  expect(deriveSigningKey('ABC_123456789')).toBe(key);
});
