import { describe, expect, test } from 'vitest';
import { contentDigestOf, parseContentDigest, sha256Of } from './content-digest.ts';
import { type ReceivedResponse, signResponse, verifyResponse } from './response-signature.ts';
import { type SignatureFields, signComponents } from './signature-base.ts';
import { deriveSigningKey } from './signing-key.ts';

const key = deriveSigningKey('ABC_123456789');
const now = new Date('2026-11-23T03:00:00Z');
const requestSignature = `:${'A'.repeat(43)}=:`;
const sha256 = sha256Of(Buffer.from('{"end":true}\n'));
const sent = { 'content-type': 'application/x-ndjson', etag: '"e-7"' };

function answer(headers: Record<string, string> = sent, status = 200): ReceivedResponse {
  const fields = { ...headers, ...signResponse(key, { status, headers, sha256 }, { requestSignature, now }) };
  return { status, headers: Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, [value]])) };
}

function withHeaders(headers: Record<string, string[] | undefined>): ReceivedResponse {
  return { status: 200, headers: { ...answer().headers, ...headers } };
}

test('spells the signature in the one way of the profile', () => {
  expect(answer().headers['signature-input']).toEqual([
    `dossier=("@status" "content-digest" "content-type" "etag" "signature";req;key="dossier");created=1795402800;alg="hmac-sha256";keyid="${key.id}";tag="dossier-feed"`,
  ]);
});

test.each([
  [sent, 200],
  [{ etag: '"e-7"' }, 304],
  [{ ...sent, 'content-encoding': 'zstd' }, 200],
  [{}, 404],
])('accepts what it signed: %j %i', (headers, status) => {
  const verified = verifyResponse(key, answer(headers, status), { requestSignature, now });
  expect(verified).toEqual({ ok: true, key, sha256, skewMs: 0 });
});

test('takes the request signature as the field that was sent, too', () => {
  expect(verifyResponse(key, answer(), { requestSignature: `dossier=${requestSignature}`, now }).ok).toBe(true);
});

describe('refuses', () => {
  const signature = answer().headers['signature']?.[0] ?? '';
  const cases: [string, ReceivedResponse, string][] = [
    ['another status', { ...answer(), status: 404 }, 'wrong-signature'],
    ['another digest', withHeaders({ 'content-digest': [contentDigestOf(sha256Of(Buffer.from('')))] }), 'wrong-signature'],
    ['a stripped digest', withHeaders({ 'content-digest': undefined }), 'malformed'],
    ['a second digest', withHeaders({ 'content-digest': [`${contentDigestOf(sha256)}, sha-512=:AAAA:`] }), 'malformed'],
    ['another content type', withHeaders({ 'content-type': ['text/html'] }), 'wrong-signature'],
    ['a stripped content type', withHeaders({ 'content-type': undefined }), 'wrong-components'],
    ['another etag', withHeaders({ etag: ['"e-8"'] }), 'wrong-signature'],
    ['a stripped etag', withHeaders({ etag: undefined }), 'wrong-components'],
    ['a repeated etag', withHeaders({ etag: ['"e-7"', '"e-7"'] }), 'malformed'],
    ['an added content encoding', withHeaders({ 'content-encoding': ['gzip'] }), 'wrong-components'],
    ['no signature', withHeaders({ signature: undefined }), 'missing'],
    ['another signature', withHeaders({ signature: [signature.replace(/:./, signature.includes(':B') ? ':C' : ':B')] }), 'wrong-signature'],
  ];
  test.each(cases)('%s', (_what, response, reason) => {
    expect(verifyResponse(key, response, { requestSignature, now })).toEqual({ ok: false, reason });
  });

  test('the answer to another request', () => {
    const other = `:${'B'.repeat(43)}=:`;
    expect(verifyResponse(key, answer(), { requestSignature: other, now })).toEqual({ ok: false, reason: 'wrong-signature' });
  });

  test('a nonce, which only requests have, though signed', () => {
    const components = [
      { identifier: '"@status"', value: '404' },
      { identifier: '"content-digest"', value: contentDigestOf(sha256) },
      { identifier: '"signature";req;key="dossier"', value: requestSignature },
    ];
    const parameters = { created: now.getTime() / 1000 };
    const respond = (fields: SignatureFields) =>
      verifyResponse(
        key,
        {
          status: 404,
          headers: {
            'content-digest': [contentDigestOf(sha256)],
            signature: [fields.signature],
            'signature-input': [fields['signature-input']],
          },
        },
        { requestSignature, now },
      );
    expect(respond(signComponents(key, components, parameters)).ok).toBe(true);
    expect(respond(signComponents(key, components, { ...parameters, nonce: 'n' }))).toEqual({ ok: false, reason: 'malformed' });
  });

  test('another key, whatever it calls itself', () => {
    expect(verifyResponse(deriveSigningKey('other'), answer(), { requestSignature, now })).toEqual({ ok: false, reason: 'unknown-key' });
    const pretender = { ...deriveSigningKey('other'), id: key.id };
    expect(verifyResponse(pretender, answer(), { requestSignature, now })).toEqual({ ok: false, reason: 'wrong-signature' });
  });

  test('an answer from another time', () => {
    const later = new Date(now.getTime() + 301_000);
    expect(verifyResponse(key, answer(), { requestSignature, now: later })).toEqual({ ok: false, reason: 'clock', skewMs: -301_000 });
  });
});

test('will not sign what a header line cannot carry', () => {
  expect(() => answer({ etag: '"é"' })).toThrow(RangeError);
});

test('reads a content digest in its canonical spelling only', () => {
  expect(parseContentDigest(contentDigestOf(sha256))).toBe(sha256);
  const others = ['', 'sha-256=abc', 'sha-256=:AAAA:', 'sha-512=:AAAA:', ` ${contentDigestOf(sha256)}`, `${contentDigestOf(sha256)};a=1`];
  for (const field of others) expect(parseContentDigest(field)).toBeNull();
});
