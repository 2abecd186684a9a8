import { photosAnswerBytes, photosLineBytes, requestPhotos } from '@dossier/protocol/photos.ts';
import { expect, it } from 'vitest';
import { BundleSize, bundlesOf } from './bundle-size.ts';

const half = 512 * 1024;
const most = photosAnswerBytes - photosLineBytes;

const photosOf = (...lengths: number[]) => lengths.map((bytes, index) => ({ sha256: String(index).padStart(64, '0'), bytes, dossier: '' }));
const lengthsOf = (bundles: Iterable<{ bytes: number }[]>) => [...bundles].map((bundle) => bundle.map((photo) => photo.bytes));

it('grows while answers come quickly, to what a master sends at once, and goes back to where it began when they come slowly', () => {
  const size = new BundleSize();
  const after = (bytes: number, ms: number): number => {
    size.adapt(bytes, ms);
    return size.bytes;
  };
  expect(size.bytes).toBe(half);
  expect([after(half, 10), after(most, 10)]).toEqual([most, most]);
  expect(after(most, 1000)).toBe(most);
  expect([after(most, 3000), after(half, 3000)]).toEqual([half, half]);
});

it('does not grow for little that came quickly', () => {
  const size = new BundleSize();
  size.adapt(1000, 1);
  expect(size.bytes).toBe(half);
});

it('bundles photos in their order; one that is larger than a bundle comes alone', () => {
  expect(lengthsOf(bundlesOf(photosOf(50, 50, 1, 101, 99, 1, 1), { bytes: 100 }))).toEqual([[50, 50], [1], [101], [99, 1], [1]]);
  expect(lengthsOf(bundlesOf([], { bytes: 100 }))).toEqual([]);
});

it('bundles no more photos than one question may name', () => {
  const photos = photosOf(...Array.from({ length: requestPhotos + 1 }, () => 1));
  expect(lengthsOf(bundlesOf(photos, { bytes: 1000 })).map((bundle) => bundle.length)).toEqual([requestPhotos, 1]);
});

it('cuts a bundle when it is taken, as large as is right then', () => {
  const size = { bytes: 2 };
  const bundles = bundlesOf(photosOf(1, 1, 1, 1, 1, 1, 1, 1), size);
  const taken = [bundles.next().value?.length];
  size.bytes = 4;
  taken.push(bundles.next().value?.length);
  size.bytes = 1;
  taken.push(bundles.next().value?.length, bundles.next().value?.length);
  expect(taken).toEqual([2, 4, 1, 1]);
});
