import { createTestDatabase } from '@dossier/test/kit/database.ts';
import type { TestDatabase } from '@dossier/test/kit/database.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { canonicalJson } from '@dossier/domain/canonical-json.ts';
import { dossierHash } from '@dossier/domain/dossier-hash.ts';
import type { StoredContent } from '@dossier/domain/dossier-hash.ts';
import { queryOne } from '@dossier/postgres/database.ts';

let test: TestDatabase;
beforeAll(async () => {
  test = await createTestDatabase();
});
afterAll(() => test.drop());

const plain: StoredContent = {
  active: true,
  external_id: null,
  name: 'Ada',
  comment: '',
  valid_from: null,
  valid_until: null,
  meta: '{}',
  photos: '[]',
  features: null,
};

it.each([
  ['nulls', {}],
  ['an empty text beside a null', { external_id: '', features: '[]' }],
  ['inactive', { active: false }],
  ['all scripts', { name: 'Жанна 愛 😀 O’Neill', comment: 'é e\u0301 \u00a0\ufeff\t\n\\', external_id: 'ß' }],
  ['dates', { valid_from: '1999-12-31', valid_until: '2000-01-01' }],
  ['the first and the last day', { valid_from: '0001-01-01', valid_until: '9999-12-31' }],
  ['a leap day', { valid_until: '2028-02-29' }],
  ['meta as it was written by hand', { meta: '{ "n" : 1.00, "big": 12345678901234567890.5,\n "a": "\\u00e9" }' }],
  ['meta in canonical form', { meta: canonicalJson({ z: [1.5, null, 'é'], a: { '\u20ac': 1e21, '😀': -0 } }) }],
  ['photos', { photos: '[{"sha256":"00"}, {"sha256":"01"}]', features: '["AA==", null]' }],
] satisfies [string, Partial<StoredContent>][])('the hash in JavaScript is that of the database: %s', async (_what, fields) => {
  const content = { ...plain, ...fields };
  const row = await queryOne<{ hash: string }>(
    test.database,
    `select encode(dossier_hash(:active, :external_id, :name, :comment, :valid_from::date, :valid_until::date, :meta::json, :photos::json,
       :features::json), 'hex') as hash`,
    content,
  );
  expect(dossierHash(content)).toBe(row?.hash);
});
