import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { sealKey, unsealKey } from './key-seal.ts';
import { generateNodeKey, nodeKeyToPem } from './node-key.ts';
import { deriveSigningKey } from './signing-key.ts';

const token = deriveSigningKey('ABC_123456789');
const node = randomUUID();
const key = generateNodeKey();
const sealed = sealKey(key, { token, node });

test('who holds the token opens what was closed with it', () => {
  expect(unsealKey(sealed, { token, node, id: key.id })?.id).toBe(key.id);
  expect(sealed.toString('latin1')).not.toContain(nodeKeyToPem(key).slice(30, 60));
});

test('nobody else does, nor is it taken for another node, for another key, or altered', () => {
  expect(unsealKey(sealed, { token: deriveSigningKey('another'), node, id: key.id })).toBeNull();
  expect(unsealKey(sealed, { token, node: randomUUID(), id: key.id })).toBeNull();
  expect(unsealKey(sealed, { token, node, id: generateNodeKey().id })).toBeNull();
  for (const at of [0, 12, 30, sealed.length - 1]) {
    const altered = Buffer.from(sealed);
    altered[at] = (altered[at] ?? 0) ^ 1;
    expect(unsealKey(altered, { token, node, id: key.id })).toBeNull();
  }
  for (const bytes of [0, 5, 27, 28]) expect(unsealKey(sealed.subarray(0, bytes), { token, node, id: key.id })).toBeNull();
});
