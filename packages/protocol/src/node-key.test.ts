import { execFileSync } from 'node:child_process';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { fingerprintWords } from './fingerprint-words.ts';
import { generateNodeKey, nodeKeyFromPem, nodeKeyFromSeed, nodeKeyId, nodeKeyNamed, nodeKeyToPem, wordsOf } from './node-key.ts';
import { isSignatureOf, signatureBase, signatureOf, signatureParams } from './signature-base.ts';

/* Ed25519 against the vectors of RFC 8032 and RFC 9421, and against OpenSSL. */

describe('the vectors of RFC 8032, 7.1', () => {
  test.each([
    [
      '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
      'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
      '',
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
    ],
    [
      '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
      '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
      'r',
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
    ],
  ])('seed %s', (seed, publicKey, message, signature) => {
    const key = nodeKeyFromSeed(Buffer.from(seed, 'hex'));
    expect(Buffer.from(key.id, 'base64url').toString('hex')).toBe(publicKey);
    expect(signatureOf(key, message).toString('hex')).toBe(signature);
  });
});

test('the vector of RFC 9421, B.2.6: signed by the private key, checked by the id of the public one', () => {
  const components = [
    { identifier: '"date"', value: 'Tue, 20 Apr 2021 02:07:55 GMT' },
    { identifier: '"@method"', value: 'POST' },
    { identifier: '"@path"', value: '/foo' },
    { identifier: '"@authority"', value: 'example.com' },
    { identifier: '"content-type"', value: 'application/json' },
    { identifier: '"content-length"', value: '18' },
  ];
  const params = signatureParams(components, [
    ['created', 1618884473],
    ['keyid', 'test-key-ed25519'],
  ]);
  const base = signatureBase(components, params);
  const key = nodeKeyFromPem(
    '-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF\n-----END PRIVATE KEY-----\n',
  );
  if (key === null) throw new Error('the key of the RFC is not read');
  const signature = 'wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==';
  expect(signatureOf(key, base).toString('base64')).toBe(signature);
  const named = nodeKeyNamed('JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs');
  expect(named && isSignatureOf(named, base, Buffer.from(signature, 'base64'))).toBe(true);
  expect(named && isSignatureOf(named, `${base} `, Buffer.from(signature, 'base64'))).toBe(false);
});

test('OpenSSL checks what a node signs, and reads the key file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'dossier-key-'));
  try {
    const key = generateNodeKey();
    const at = (name: string, bytes: string | Buffer): string => {
      writeFileSync(join(folder, name), bytes);
      return join(folder, name);
    };
    const file = at('node.key', nodeKeyToPem(key));
    const publicFile = at('node.pub', createPublicKey(key.secret).export({ type: 'spki', format: 'pem' }));
    const text = at('text', 'what is signed');
    const check = (signature: Buffer): string =>
      execFileSync(
        'openssl',
        ['pkeyutl', '-verify', '-pubin', '-inkey', publicFile, '-rawin', '-in', text, '-sigfile', at('signature', signature)],
        { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
      );
    expect(check(signatureOf(key, 'what is signed'))).toMatch(/Successfully/);
    expect(() => check(signatureOf(key, 'something else'))).toThrow(/Command failed/);
    execFileSync('openssl', ['pkeyutl', '-sign', '-inkey', file, '-rawin', '-in', text, '-out', join(folder, 'theirs')]);
    expect(nodeKeyId(createPublicKey(key.secret).export({ type: 'spki', format: 'pem' }).toString())).toBe(key.id);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a key file with anything else in it than one private Ed25519 key is none', () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const others = ['', 'not a key', privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()];
  expect(others.map(nodeKeyFromPem)).toEqual([null, null, null]);
  const key = generateNodeKey();
  expect(nodeKeyFromPem(nodeKeyToPem(key))?.id).toBe(key.id);
});

test('an id that is spelt otherwise names no key', () => {
  const { id } = generateNodeKey();
  expect(nodeKeyNamed(id)?.id).toBe(id);
  for (const other of [`${id}=`, id.slice(1), ` ${id}`, `${id.slice(0, -1)}+`, '']) expect(nodeKeyNamed(other)).toBeNull();
});

test('no log or JSON spills the private key', () => {
  const key = generateNodeKey();
  expect(JSON.stringify(key)).toBe(JSON.stringify({ id: key.id, algorithm: 'ed25519', secret: {} }));
});

test('four words stand for a key, the same on every node', async () => {
  expect(new Set(fingerprintWords).size).toBe(256);
  expect(await wordsOf('JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs')).toMatchInlineSnapshot(`"plaza tulip otter easel"`);
  const { id } = generateNodeKey();
  expect((await wordsOf(id)).split(' ')).toHaveLength(4);
});

test.each([
  ['0', '0000000000000000000000000000000000000000000000000000000000000000'],
  ['1', '0100000000000000000000000000000000000000000000000000000000000000'],
  ['p - 1', 'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f'],
  ['p', 'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f'],
  ['p + 1', 'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f'],
  ['of order 8', 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a'],
  ['of order 8, the other one', '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05'],
])('a point of small order is no key, whatever its sign, however it is brought: y is %s', (_y, hex) => {
  for (const sign of [0, 0x80]) {
    const bytes = Buffer.from(hex, 'hex');
    bytes.writeUInt8(bytes.readUInt8(31) | sign, 31);
    expect(nodeKeyNamed(bytes.toString('base64url'))).toBeNull();
    const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), bytes]).toString('base64');
    expect(nodeKeyId(`-----BEGIN PUBLIC KEY-----\n${der}\n-----END PUBLIC KEY-----`)).toBeNull();
  }
});
