import { createHmac, createPublicKey, sign, verify } from 'node:crypto';
import { createSignature, verifySignature } from 'http-message-sig';
import { httpbis } from 'http-message-signatures';
import { describe, expect, test } from 'vitest';
import { sha256Of } from '@dossier/protocol/content-digest.ts';
import { type RequestToSign, signRequest, verifyRequest } from '@dossier/protocol/request-signature.ts';
import { signResponse, verifyResponse } from '@dossier/protocol/response-signature.ts';
import { nodeKeyFromSeed } from '@dossier/protocol/node-key.ts';
import { deriveSigningKey } from '@dossier/protocol/signing-key.ts';

/* Two independent implementations of RFC 9421 must agree with ours on what is signed. */

const tokenKey = deriveSigningKey('ABC_123456789');
const nodeKey = nodeKeyFromSeed(Buffer.from('7f'.repeat(32), 'hex'));
/** The two kinds of keys, as somebody else makes and checks their signatures. */
const keys = [
  {
    key: tokenKey,
    signBytes: (data: Uint8Array) => createHmac('sha256', tokenKey.secret).update(data).digest(),
    isSigned: (data: Uint8Array, signature: Uint8Array) => createHmac('sha256', tokenKey.secret).update(data).digest().equals(signature),
  },
  {
    key: nodeKey,
    signBytes: (data: Uint8Array) => sign(null, data, nodeKey.secret),
    isSigned: (data: Uint8Array, signature: Uint8Array) => verify(null, data, createPublicKey(nodeKey.secret), signature),
  },
];
const now = new Date(Math.floor(Date.now() / 1000) * 1000);

const requests: RequestToSign[] = [
  { method: 'GET', url: new URL('http://Master.Example:80/feed/v1/dossier-lists/3/changes?since=5&x=a%20b') },
  { method: 'GET', url: new URL('https://master.example:8443/feed/'), headers: { 'if-none-match': '"1-2"' } },
  {
    method: 'POST',
    url: new URL('http://[::1]:8000/feed/v1/x?'),
    headers: { 'content-type': 'application/json' },
    body: Buffer.from('{"ids":[]}'),
  },
];

describe.each(keys)('$key.algorithm', ({ key, signBytes, isSigned }) => {
  const { algorithm } = key;
  function signed(request: RequestToSign) {
    const fields = signRequest(key, request, { now, nonce: 'nonce-1' });
    const headers: Record<string, string> = { host: request.url.host, ...request.headers, ...fields };
    return { headers, signature: fields.signature };
  }

  function answered(request: RequestToSign) {
    const asked = signed(request);
    const content = { 'content-type': 'application/x-ndjson', etag: '"1"' };
    const context = { requestSignature: asked.signature, now };
    const headers = { ...content, ...signResponse(key, { status: 200, headers: content, sha256: sha256Of(Buffer.from('x')) }, context) };
    return { asked, headers };
  }

  const distinct = (headers: Record<string, string>) => Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]));
  const fieldsOf = (headers: Record<string, string>) => Object.entries(headers).map(([name, value]) => ({ name, value }));
  const descriptorOf = ({ method, url }: RequestToSign, headers: Record<string, string>) =>
    ({ kind: 'request', method, targetUri: url.href, fields: fieldsOf(headers) }) as const;

  const policy = {
    algorithms: [algorithm],
    requiredParameters: ['created', 'alg', 'keyid', 'tag'],
    maxAge: 300,
    clockSkew: 5,
  };
  const resolveVerifier = () => ({ algorithm, verify: isSigned });
  const keyLookup = async () => ({
    id: key.id,
    algs: [algorithm],
    verify: async (data: Buffer, signature: Buffer) => isSigned(data, signature),
  });

  test.each(requests)('http-message-sig verifies our request and our answer: $method $url', async (request) => {
    const { asked, headers } = answered(request);
    const requestDescriptor = descriptorOf(request, asked.headers);
    const requiredComponents = ['@method', '@authority', '@path', '@query'];
    const verified = await verifySignature(requestDescriptor, {
      label: 'dossier',
      policy: { ...policy, requiredComponents },
      resolveVerifier,
    });
    expect(verified.parameters).toMatchObject({ alg: algorithm, keyid: key.id, tag: 'dossier-feed', nonce: 'nonce-1' });

    const response = { kind: 'response', status: 200, fields: fieldsOf(headers), request: requestDescriptor } as const;
    const bound = ['@status', 'content-digest', { name: 'signature', parameters: { req: true, key: 'dossier' } }];
    const options = { label: 'dossier', policy: { ...policy, requiredComponents: bound }, resolveVerifier };
    expect((await verifySignature(response, options)).components).toHaveLength(5);
    await expect(verifySignature({ ...response, status: 304 }, options)).rejects.toThrow();
  });

  test.each(requests)('http-message-signatures verifies our request and our answer: $method $url', async (request) => {
    const { asked, headers } = answered(request);
    const message = { method: request.method, url: request.url, headers: asked.headers };
    expect(await httpbis.verifyMessage({ keyLookup }, message)).toBe(true);
    expect(await httpbis.verifyMessage({ keyLookup }, { status: 200, headers }, message)).toBe(true);
    expect(await httpbis.verifyMessage({ keyLookup }, { status: 304, headers }, message)).toBe(false);
  });

  test('we verify what http-message-sig signs in our profile', async () => {
    const [request] = requests;
    if (!request) throw new Error('no request to sign');
    const host = { host: request.url.host };
    const fields = await createSignature(descriptorOf(request, host), {
      label: 'dossier',
      components: ['@method', '@authority', '@path', '@query'],
      parameters: { created: now.getTime() / 1000, nonce: 'theirs', alg: algorithm, keyid: key.id, tag: 'dossier-feed' },
      signer: { algorithm, sign: signBytes },
    });
    const headers = distinct({ ...host, 'signature-input': fields.signatureInput, signature: fields.signature });
    const received = { method: request.method, target: request.url.pathname + request.url.search, headers };
    expect(verifyRequest([key], received, { now })).toMatchObject({ ok: true, nonce: 'theirs' });
  });

  test('we verify the answer that http-message-sig signs in our profile', async () => {
    const [request] = requests;
    if (!request) throw new Error('no request to answer');
    const { asked, headers } = answered(request);
    const content = { 'content-digest': headers['content-digest'] };
    const fields = await createSignature(
      { kind: 'response', status: 404, fields: fieldsOf(content), request: descriptorOf(request, asked.headers) },
      {
        label: 'dossier',
        components: ['@status', 'content-digest', { name: 'signature', parameters: { req: true, key: 'dossier' } }],
        parameters: { created: now.getTime() / 1000, alg: algorithm, keyid: key.id, tag: 'dossier-feed' },
        signer: { algorithm, sign: signBytes },
      },
    );
    const received = distinct({ ...content, 'signature-input': fields.signatureInput, signature: fields.signature });
    const verified = verifyResponse(key, { status: 404, headers: received }, { requestSignature: asked.signature, now });
    expect(verified).toMatchObject({ ok: true });
  });
});
