import * as fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { sha256Of } from '@dossier/protocol/content-digest.ts';
import { type ReceivedRequest, signRequest, verifyRequest } from '@dossier/protocol/request-signature.ts';
import { type ReceivedResponse, signResponse, verifyResponse } from '@dossier/protocol/response-signature.ts';
import { nodeKeyFromSeed } from '@dossier/protocol/node-key.ts';
import { findVoucher, readSuccession, REFUSAL_FIELD, succeed, SUCCESSION_FIELD, vouch, VOUCHER_FIELD } from '@dossier/protocol/voucher.ts';
import { deriveSigningKey } from '@dossier/protocol/signing-key.ts';
import type { SigningKey } from '@dossier/protocol/signing-key.ts';

/* Whatever an attacker on the line does to what is covered, it is refused. */

// Hundreds of runs each, which a busy machine needs its time for.
vi.setConfig({ testTimeout: 60_000 });

const now = new Date('2026-11-23T03:00:00Z');
const printable = fc.string({
  unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
  minLength: 1,
  maxLength: 30,
});
const segment = fc.stringMatching(/^[A-Za-z0-9_-]{1,8}$/);
const headersIn = (fields: Record<string, string>) => Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, [value]]));

const exchange = fc.record(
  {
    // Few, since deriving the key of one takes a third of a second.
    /** Of a token, or of a node with this seed. */
    token: fc.constantFrom('node 1', 'node 2', 'a', 'ABC_123456789', 'жетон', '\u{1F511}'.repeat(20)),
    nonce: printable,
    host: fc.constantFrom('http://master.example', 'http://10.0.0.1:8000', 'https://[::1]:8443'),
    path: fc.array(segment, { maxLength: 4 }),
    query: fc.dictionary(segment, fc.string({ maxLength: 8 }), { maxKeys: 3 }),
    body: fc.option(fc.uint8Array({ maxLength: 40 }), { nil: undefined }),
    ifNoneMatch: fc.option(printable, { nil: undefined }),
    status: fc.integer({ min: 100, max: 599 }),
    content: fc.uint8Array({ maxLength: 40 }),
    contentType: fc.option(printable, { nil: undefined }),
    encoding: fc.option(fc.constantFrom('zstd', 'gzip'), { nil: undefined }),
    etag: fc.option(printable, { nil: undefined }),
    voucher: fc.option(printable, { nil: undefined }),
  },
  { noNullPrototype: true },
);
type Exchange = typeof exchange extends fc.Arbitrary<infer T> ? T : never;

const nodeKeys: Record<string, SigningKey> = {
  'node 1': nodeKeyFromSeed(Buffer.alloc(32, 1)),
  'node 2': nodeKeyFromSeed(Buffer.alloc(32, 2)),
};

const keyOf = ({ token }: Exchange): SigningKey => nodeKeys[token] ?? deriveSigningKey(token);

function requestOf(given: Exchange): { request: ReceivedRequest; signature: string } {
  const url = new URL(`/feed/${given.path.join('/')}?${new URLSearchParams(given.query).toString()}`, given.host);
  const headers = {
    ...(given.ifNoneMatch !== undefined && { 'if-none-match': given.ifNoneMatch }),
    ...(given.voucher !== undefined && { [VOUCHER_FIELD]: given.voucher }),
    ...(given.body && { 'content-type': 'application/json' }),
  };
  const fields = signRequest(
    keyOf(given),
    { method: 'GET', url, headers, ...(given.body && { body: given.body }) },
    { now, nonce: given.nonce },
  );
  const request = {
    method: 'GET',
    target: url.pathname + url.search,
    headers: headersIn({ host: url.host, ...headers, ...fields }),
    ...(given.body && { body: given.body }),
  };
  return { request, signature: fields.signature };
}

function responseOf(given: Exchange, requestSignature: string): ReceivedResponse {
  const headers = {
    ...(given.contentType !== undefined && { 'content-type': given.contentType }),
    ...(given.encoding !== undefined && { 'content-encoding': given.encoding }),
    ...(given.etag !== undefined && { etag: given.etag }),
    ...(given.voucher !== undefined && { [VOUCHER_FIELD]: given.voucher, [REFUSAL_FIELD]: given.voucher }),
  };
  const head = { status: given.status, headers, sha256: sha256Of(given.content) };
  return {
    status: given.status,
    headers: headersIn({ ...headers, ...signResponse(keyOf(given), head, { requestSignature, now }) }),
  };
}

type Headers = ReceivedResponse['headers'];

/** Every way to tamper with one header: another character, a stripped, an added, a repeated one. */
function tampered(names: readonly string[]) {
  return fc
    .record({
      name: fc.constantFrom(...names),
      how: fc.constantFrom('alter', 'strip', 'repeat', 'cut', 'extend'),
      at: fc.nat(),
      code: fc.integer({ min: 0x21, max: 0x7e }),
    })
    .map(({ name, how, at, code }) => (headers: Headers): Headers | null => {
      const value = headers[name]?.[0];
      const character = String.fromCharCode(code);
      if (value === undefined) return { ...headers, [name]: [character] };
      const position = at % value.length;
      if (how === 'strip') return { ...headers, [name]: undefined };
      if (how === 'repeat') return { ...headers, [name]: [value, value] };
      if (how === 'cut') return { ...headers, [name]: [value.slice(0, position)] };
      if (how === 'extend') return { ...headers, [name]: [value.slice(0, position) + character + value.slice(position)] };
      if (value[position] === character) return null;
      return { ...headers, [name]: [value.slice(0, position) + character + value.slice(position + 1)] };
    });
}

/** Host names are compared without regard to letter case. */
function isSame(one: Headers, other: Headers): boolean {
  return (
    JSON.stringify(one).toLowerCase() === JSON.stringify(other).toLowerCase() &&
    JSON.stringify({ ...one, host: 0 }) === JSON.stringify({ ...other, host: 0 })
  );
}

const requestFields = [
  'host',
  'signature',
  'signature-input',
  'content-digest',
  'content-type',
  'if-none-match',
  VOUCHER_FIELD,
  SUCCESSION_FIELD,
];
const responseFields = [
  'signature',
  'signature-input',
  'content-digest',
  'content-type',
  'content-encoding',
  'etag',
  VOUCHER_FIELD,
  SUCCESSION_FIELD,
  REFUSAL_FIELD,
];

test('what was signed is accepted, in both directions', () => {
  fc.assert(
    fc.property(exchange, (given) => {
      const key = keyOf(given);
      const { request, signature } = requestOf(given);
      expect(verifyRequest([key], request, { now })).toMatchObject({ ok: true, signature: signature.slice('dossier='.length) });
      const verified = verifyResponse(key, responseOf(given, signature), { requestSignature: signature, now });
      expect(verified).toEqual({ ok: true, key, sha256: sha256Of(given.content), skewMs: 0 });
    }),
  );
});

test('a request with any covered header altered, stripped, added or repeated is refused', () => {
  fc.assert(
    fc.property(exchange, tampered(requestFields), (given, tamper) => {
      const { request } = requestOf(given);
      const headers = tamper(request.headers);
      fc.pre(headers !== null && !isSame(headers, request.headers));
      expect(verifyRequest([keyOf(given)], { ...request, headers: headers ?? {} }, { now }).ok).toBe(false);
    }),
    { numRuns: 1000 },
  );
});

test('a request to any other target, by another method, or with other bytes is refused', () => {
  fc.assert(
    fc.property(exchange, exchange, fc.constantFrom('target', 'method', 'body'), (given, other, part) => {
      const { request } = requestOf(given);
      const changes = {
        target: { target: requestOf(other).request.target },
        method: { method: 'POST' },
        body: { body: Buffer.from([...(given.body ?? []), 1]) },
      };
      const changed: ReceivedRequest = { ...request, ...changes[part] };
      fc.pre(part !== 'target' || changed.target !== request.target);
      expect(verifyRequest([keyOf(given)], changed, { now }).ok).toBe(false);
    }),
    { numRuns: 500 },
  );
});

test('an answer with any covered header altered, stripped, added or repeated is refused', () => {
  fc.assert(
    fc.property(exchange, tampered(responseFields), (given, tamper) => {
      const { signature } = requestOf(given);
      const response = responseOf(given, signature);
      const headers = tamper(response.headers);
      fc.pre(headers !== null && !isSame(headers, response.headers));
      const verified = verifyResponse(keyOf(given), { ...response, headers: headers ?? {} }, { requestSignature: signature, now });
      expect(verified.ok).toBe(false);
    }),
    { numRuns: 1000 },
  );
});

test('an answer to another request, with another status or under another token is refused', () => {
  fc.assert(
    fc.property(exchange, exchange, (given, other) => {
      fc.pre(given.nonce !== other.nonce && given.token !== other.token && given.status !== other.status);
      const { signature } = requestOf(given);
      const response = responseOf(given, signature);
      const key = keyOf(given);
      const context = { requestSignature: signature, now };
      expect(
        verifyResponse(key, response, { ...context, requestSignature: requestOf({ ...given, nonce: other.nonce }).signature }).ok,
      ).toBe(false);
      expect(verifyResponse(key, { ...response, status: other.status }, context).ok).toBe(false);
      expect(verifyResponse(keyOf(other), response, context).ok).toBe(false);
    }),
    { numRuns: 300 },
  );
});

test('no garbage in the signature fields makes the verifier throw', () => {
  const key = deriveSigningKey('a');
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), fc.boolean(), (signature, input, labelled) => {
      const label = labelled ? 'dossier=' : '';
      const headers = { host: ['x'], signature: [label + signature], 'signature-input': [label + input], 'content-digest': [input] };
      expect(verifyRequest([key], { method: 'GET', target: '/', headers }, { now }).ok).toBe(false);
      expect(verifyResponse(key, { status: 200, headers }, { requestSignature: 'x', now }).ok).toBe(false);
    }),
    { numRuns: 400 },
  );
});

test('what vouches for a key, or lets one follow another, holds as it was written and in no other spelling', () => {
  const one = nodeKeyFromSeed(Buffer.alloc(32, 1));
  const other = nodeKeyFromSeed(Buffer.alloc(32, 2));
  const fields = [
    { field: vouch(one, 'site', other.id), holds: (field: string) => findVoucher([one], field, 'site', other.id) !== null },
    {
      field: vouch(deriveSigningKey('a'), 'master', other.id),
      holds: (field: string) => findVoucher([deriveSigningKey('a')], field, 'master', other.id) !== null,
    },
    { field: succeed(one, other.id, now), holds: (field: string) => readSuccession(field, other.id) !== null },
  ];
  for (const { field, holds } of fields) expect(holds(field)).toBe(true);
  fc.assert(
    fc.property(fc.constantFrom(...fields), tampered(['field']), ({ field, holds }, tamper) => {
      const altered = tamper({ field: [field] })?.['field']?.[0];
      fc.pre(altered !== undefined && altered !== field);
      expect(holds(altered ?? '')).toBe(false);
    }),
    { numRuns: 2000 },
  );
});
