import { createPublicKey, createSecretKey, verify } from 'node:crypto';
import { expect, test } from 'vitest';
import { signatureOf, signatureBase, signatureParams } from './signature-base.ts';

test('gives the signature of RFC 9421, appendix B.2.5', () => {
  const sharedSecret = createSecretKey(
    Buffer.from('uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==', 'base64'),
  );
  const components = [
    { identifier: '"date"', value: 'Tue, 20 Apr 2021 02:07:55 GMT' },
    { identifier: '"@authority"', value: 'example.com' },
    { identifier: '"content-type"', value: 'application/json' },
  ];
  const params = signatureParams(components, [
    ['created', 1618884473],
    ['keyid', 'test-shared-secret'],
  ]);
  expect(params).toBe('("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret"');
  expect(
    signatureOf({ id: 'test-shared-secret', algorithm: 'hmac-sha256', secret: sharedSecret }, signatureBase(components, params)).toString(
      'base64',
    ),
  ).toBe('pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=');
});

test('makes the signature base of RFC 9421, appendix B.2.6, over which its Ed25519 signature holds', () => {
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
  const key = createPublicKey({
    key: Buffer.from('MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=', 'base64'),
    format: 'der',
    type: 'spki',
  });
  const signature = Buffer.from('wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==', 'base64');
  const base = signatureBase(components, params);
  expect(verify(null, Buffer.from(base), key, signature)).toBe(true);
  expect(verify(null, Buffer.from(base.replace('/foo', '/fop')), key, signature)).toBe(false);
});
