import { describe, expect, it } from 'vitest';
import { readPhotos, writePhotos } from './photo.ts';
import type { ShownPhoto } from './photo.ts';

const shown = (sha256: string, features: string | null): ShownPhoto => ({
  photo: { width: 3, sha256, media_type: 'image/png', height: 2, created_date: '2026-11-30T06:00:00.000Z', bytes: 9 },
  features,
});

describe('photos in a row', () => {
  it('stand in canonical form, and their features apart', () => {
    const texts = writePhotos([shown('b', null), shown('a', 'AA==')]);
    const text = (sha256: string): string =>
      `{"bytes":9,"created_date":"2026-11-30T06:00:00.000Z","height":2,"media_type":"image/png","sha256":"${sha256}","width":3}`;
    expect(texts).toEqual({ photos: `[${text('b')},${text('a')}]`, features: '[null,"AA=="]' });
    expect(readPhotos(texts)).toEqual([shown('b', null), shown('a', 'AA==')]);
  });

  it('have no features at all where none has any', () => {
    expect(writePhotos([shown('a', null)]).features).toBeNull();
    expect(writePhotos([])).toEqual({ photos: '[]', features: null });
    expect(readPhotos({ photos: '{}', features: '{}' })).toEqual([]);
  });
});
