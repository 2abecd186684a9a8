import type { Lie } from '../lying-master.ts';
import { lie } from './case.ts';
import type { LieCase } from './case.ts';
import { bytes, nothing, signed, unsigned } from './telling.ts';

interface Named {
  sha256: string;
  bytes: number | null;
}

/** Changes what the first line of a bundle of photos says, and what follows it. */
export const bundle = (change: (photos: Named[], rest: Buffer) => Buffer | void): Lie =>
  bytes((honest) => {
    const end = honest.indexOf('\n');
    const { photos } = JSON.parse(honest.toString('utf8', 0, end)) as { photos: Named[] };
    const rest = honest.subarray(end + 1);
    const changed = change(photos, rest) ?? rest;
    return Buffer.concat([Buffer.from(`${JSON.stringify({ photos })}\n`), changed]);
  });

const inBundle = (says: string, tell: Lie, code: string): LieCase => lie(says, ['photos', 'photos', tell], [code]);

/** What is wrong in an answer with several photos. */
export const inPhotos: readonly LieCase[] = [
  lie(
    'photos of 10 MB that have few bytes',
    ['photos', 'photos', bytes((honest) => Buffer.concat([honest, Buffer.alloc(1e7)]))],
    ['ANSWER_TOO_LARGE', 'by a person'],
  ),
  inBundle(
    'photos that nobody asked for',
    bundle((photos) => void photos.push({ sha256: 'ab'.repeat(32), bytes: 0 })),
    'ANSWER_NOT_ASKED_FOR',
  ),
  inBundle(
    'a photo twice',
    bundle((photos) => void photos.push({ sha256: photos[0]?.sha256 ?? '', bytes: null })),
    'ANSWER_NOT_ASKED_FOR',
  ),
  inBundle(
    'photos that end early',
    bundle((_photos, rest) => rest.subarray(1)),
    'ANSWER_MALFORMED',
  ),
  inBundle(
    'more bytes than its photos have',
    bundle((_photos, rest) => Buffer.concat([rest, Buffer.alloc(1)])),
    'ANSWER_MALFORMED',
  ),
  inBundle(
    'a photo longer than the answer',
    bundle((photos) => void (photos[0] && (photos[0].bytes = 2 ** 40))),
    'ANSWER_MALFORMED',
  ),
  inBundle(
    'a photo of a negative length',
    bundle((photos) => void (photos[0] && (photos[0].bytes = -1))),
    'ANSWER_MALFORMED',
  ),
  inBundle(
    'photos, and does not say which',
    bytes((honest) => honest.subarray(honest.indexOf('\n') + 1)),
    'ANSWER_MALFORMED',
  ),
  inBundle('a first line that does not end', signed(200, 'x'.repeat(16_000)), 'ANSWER_MALFORMED'),
  inBundle('a first line nested ten thousand times', signed(200, `${'['.repeat(10_000)}\n`), 'ANSWER_MALFORMED'),
  inBundle('no photos, in no bytes', signed(200, nothing), 'ANSWER_MALFORMED'),
  inBundle('403, signed', signed(403), 'ANSWER_UNEXPECTED'),
  inBundle('404, without a signature', unsigned(404), 'PROTOCOL_NOT_SPOKEN'),
];
