import { createSecretKey } from 'node:crypto';
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
