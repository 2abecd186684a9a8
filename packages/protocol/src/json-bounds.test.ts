import { expect, test } from 'vitest';
import { jsonExcess } from './json-bounds.ts';

const hash = 'f'.repeat(32);
const uuid = '00000000-0000-4000-8000-000000000000';

test('answers as masters give them may be as long as they like', () => {
  const hashes = JSON.stringify({ dossier_list: uuid, hashes: Array.from({ length: 20_000 }, () => [uuid, hash]) });
  const buckets = JSON.stringify({ position: {}, buckets: Array.from({ length: 4096 }, (_, bucket) => [bucket, 1, hash]) });
  const meta = JSON.stringify({ meta: JSON.stringify({ a: '[{"\\'.repeat(20_000) }), comment: '{'.repeat(100_000) });
  const photos = JSON.stringify({
    photos: Array.from({ length: 500 }, () => ({ sha256: hash + hash, width: 1, height: 1, features: null })),
  });
  for (const answer of [hashes, buckets, meta, photos]) expect(jsonExcess(Buffer.from(answer))).toBeNull();
});

test.each([
  ['nested', '['.repeat(70_000), /nested/],
  ['nested in objects', '{"a":'.repeat(70_000), /nested/],
  ['nested after a string', `["\\"[", ${'['.repeat(70_000)}`, /nested/],
  ['wide', `[${'[],'.repeat(70_000)}`, /more objects/],
  ['wide in objects', `[${'{},'.repeat(70_000)}`, /more objects/],
])('%s answers are not parsed', (_what, text, reason) => {
  expect(jsonExcess(Buffer.from(text))).toMatch(reason);
});
