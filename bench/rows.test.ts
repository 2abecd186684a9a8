import { expect, test } from 'vitest';
import { benchDossier, benchDossiers } from './rows.ts';

const photos = ['a', 'b', 'c'].map((digit) => ({
  sha256: digit.repeat(64),
  width: 1,
  height: 1,
  bytes: 100,
  mediaType: 'image/jpeg',
  features: null,
}));

test('the same list and number always give the same dossier, others another', () => {
  expect(benchDossier('list', 7, photos)).toEqual(benchDossier('list', 7, photos));
  expect(benchDossier('list', 7, photos)).not.toEqual(benchDossier('other', 7, photos));
  expect(benchDossier('list', 7, photos).uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
});

const dates = { created_date: '2026-11-25T00:00:00.000Z', modified_date: '2026-11-25T00:00:00.000Z' };

test('a dossier has about 560 bytes as JSON, and 1 or 2 different photos with 512 characters of features', () => {
  const dossiers = [...benchDossiers('list', 2000, { size: 500, photos })].flat();
  expect(dossiers).toHaveLength(2000);
  const bytes = dossiers.map((dossier) => Buffer.byteLength(JSON.stringify({ ...dossier, ...dates, photos: undefined })));
  const mean = bytes.reduce((sum, value) => sum + value, 0) / bytes.length;
  expect(mean).toBeGreaterThan(540);
  expect(mean).toBeLessThan(580);
  expect(dossiers.reduce((sum, dossier) => sum + dossier.photos.length, 0)).toBe(3000);
  for (const dossier of dossiers) {
    expect(new Set(dossier.photos.map((photo) => photo.sha256)).size).toBe(dossier.photos.length);
    for (const photo of dossier.photos) expect(photo.features).toMatch(/^[\w+/]{512}$/);
  }
});
