import type { Metadata, Sharp } from 'sharp';
import sharp from 'sharp';
import { sizeText } from '@dossier/domain/size.ts';
import { countJpegScans } from './jpeg-scans.ts';
import { createGate } from './gate.ts';
import {
  DECODED_AT_ONCE,
  MAXIMUM_DECODED_BYTES,
  MAXIMUM_PHOTO_BYTES,
  MAXIMUM_PHOTO_SIDE_PIXELS,
  RENDITION_SIDE_PIXELS,
  THUMBNAIL_SIDE_PIXELS,
} from './limits.ts';
import { photoKindOf } from './photo-kind.ts';
import type { PhotoMediaType } from './photo-kind.ts';
import type { RefusalReason } from './photo-refused.ts';
import { PhotoRefused } from './photo-refused.ts';

export interface PhotoFacts {
  readonly mediaType: PhotoMediaType;
  /** Pixels from left to right of the image as it is displayed: upright, after the EXIF orientation is applied. */
  readonly width: number;
  /** Pixels from top to bottom of the image as it is displayed: upright, after the EXIF orientation is applied. */
  readonly height: number;
}

const DECODING_TIMEOUT_SECONDS = 5;
/** Programs that write progressive JPEGs make about ten; each costs milliseconds. */
const MAXIMUM_JPEG_SCANS = 64;
const THUMBNAIL_QUALITY = 80;
const RENDITION_QUALITY = 90;

// libvips keeps these settings per process. Every decoder is one more door for hostile files, so only three are left open; decoded images
// are not kept, and one image uses one thread, as several are decoded side by side.
sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({ operation: ['VipsForeignLoadJpegBuffer', 'VipsForeignLoadPngBuffer', 'VipsForeignLoadWebpBuffer'] });
sharp.cache(false);
sharp.concurrency(1);

const inTurn = createGate(DECODED_AT_ONCE);

/**
 * Says what the bytes are, having decoded them to the last line; what they are called doesn't count. Of an animation only the first
 * picture is looked at. Throws PhotoRefused for anything that isn't a whole JPEG, PNG or WebP of at most MAXIMUM_PHOTO_BYTES and
 * MAXIMUM_PHOTO_SIDE_PIXELS a side.
 */
export async function inspectPhoto(bytes: Uint8Array): Promise<PhotoFacts> {
  const facts = await inspectHeader(bytes);
  // Squeezing the image into one pixel makes libvips decode every line without holding more than a few.
  await decode(open(bytes).resize({ width: 1, height: 1, fit: 'fill', fastShrinkOnLoad: false }).raw());
  return facts;
}

/**
 * A WebP of the photo for lists: upright, in sRGB, at most THUMBNAIL_SIDE_PIXELS a side and never enlarged, without any metadata (no place, no
 * camera). Throws PhotoRefused as {@link inspectPhoto} does.
 */
export async function makeThumbnail(bytes: Uint8Array): Promise<Buffer> {
  return makeWebp(bytes, { side: THUMBNAIL_SIDE_PIXELS, quality: THUMBNAIL_QUALITY });
}

/**
 * A WebP of the photo to be looked at closely, as {@link makeThumbnail} makes it, but of at most RENDITION_SIDE_PIXELS a side. Its colours are those that
 * the photo's profile means; browsers show CMYK as they like.
 */
export async function makeRendition(bytes: Uint8Array): Promise<Buffer> {
  return makeWebp(bytes, { side: RENDITION_SIDE_PIXELS, quality: RENDITION_QUALITY });
}

async function makeWebp(bytes: Uint8Array, { side, quality }: { side: number; quality: number }): Promise<Buffer> {
  await inspectHeader(bytes);
  // Colours become those of sRGB, as no profile is kept.
  return await decode(open(bytes).resize({ width: side, height: side, fit: 'inside', withoutEnlargement: true }).webp({ quality }));
}

/** All that can be refused without decoding the image. */
async function inspectHeader(bytes: Uint8Array): Promise<PhotoFacts> {
  if (bytes.byteLength === 0) throw new PhotoRefused('empty', 'The photo has no bytes');
  if (bytes.byteLength > MAXIMUM_PHOTO_BYTES) {
    throw new PhotoRefused(
      'too-many-bytes',
      `The photo has ${sizeText(bytes.byteLength)}; at most ${sizeText(MAXIMUM_PHOTO_BYTES)} are allowed`,
    );
  }
  const mediaType = await photoKindOf(bytes);
  const size = await sizeOf(bytes);
  // A few hundred bytes a scan make the decoder go over the whole image again, where its timeout doesn't reach.
  if (mediaType === 'image/jpeg' && countJpegScans(bytes, MAXIMUM_JPEG_SCANS) > MAXIMUM_JPEG_SCANS) {
    throw new PhotoRefused(
      'too-slow',
      `The photo is a JPEG of more than ${MAXIMUM_JPEG_SCANS} scans, which would take too long to decode. Open it in a picture program and save it as JPEG`,
    );
  }
  return { mediaType, ...size };
}

async function sizeOf(bytes: Uint8Array): Promise<{ width: number; height: number }> {
  const metadata = await refusing(async () => open(bytes).metadata());
  const { width, height } = metadata.autoOrient;
  if (Math.max(width, height) > MAXIMUM_PHOTO_SIDE_PIXELS) {
    throw new PhotoRefused(
      'too-many-pixels',
      `The photo has ${width} x ${height} pixels; at most ${MAXIMUM_PHOTO_SIDE_PIXELS} a side are allowed. Save it smaller`,
    );
  }
  const held = heldBytes(metadata);
  if (held > MAXIMUM_DECODED_BYTES) {
    throw new PhotoRefused(
      'too-many-pixels',
      `The photo would take ${Math.ceil(held / 1e6)} MB while it is decoded, since it can't be read line by line; at most ${MAXIMUM_DECODED_BYTES / 1e6} MB are allowed. Save it without interlacing, or with fewer pixels or bits`,
    );
  }
  return { width, height };
}

/** Coefficients of a progressive JPEG have two bytes, in as many planes as its sampling leaves. */
const jpegPlanes: Readonly<Record<string, number>> = { '4:2:0': 1.5, '4:2:0:4': 2.5, '4:2:2': 2 };

/** How many bytes a decoder has to hold of a picture before it has the first line; 0 where it goes line by line. */
function heldBytes({ width, height, channels, depth, format, isProgressive, orientation = 1, chromaSubsampling = '' }: Metadata): number {
  const pixels = width * height;
  const turned = orientation > 1 ? pixels * channels * (depth === 'ushort' ? 2 : 1) : 0;
  if (format === 'jpeg') return Math.max(turned, isProgressive ? pixels * 2 * (jpegPlanes[chromaSubsampling] ?? channels) : 0);
  const whole = isProgressive || format === 'webp';
  return Math.max(turned, whole ? pixels * channels * (depth === 'ushort' ? 2 : 1) : 0);
}

function open(bytes: Uint8Array): Sharp {
  return sharp(bytes, { limitInputPixels: MAXIMUM_PHOTO_SIDE_PIXELS ** 2, failOn: 'error', pages: 1, autoOrient: true });
}

async function decode(image: Sharp): Promise<Buffer> {
  return await inTurn(() => refusing(async () => await image.timeout({ seconds: DECODING_TIMEOUT_SECONDS }).toBuffer()));
}

async function refusing<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    const reason = reasonOf(error instanceof Error ? error.message : String(error));
    throw new PhotoRefused(reason, undecodable[reason], error);
  }
}

const undecodable = {
  damaged:
    "The photo is damaged or cut off: it can't be read to its end. Take the file again from where it came, or open it in a picture program and save it as JPEG",
  'too-many-pixels': `The photo has too many pixels; at most ${MAXIMUM_PHOTO_SIDE_PIXELS} a side are allowed. Save it smaller`,
  'too-slow': `The photo takes longer than ${DECODING_TIMEOUT_SECONDS} seconds to decode. Open it in a picture program and save it as JPEG`,
} satisfies Partial<Record<RefusalReason, string>>;

function reasonOf(detail: string): keyof typeof undecodable {
  if (detail.includes('exceeds pixel limit')) return 'too-many-pixels';
  if (detail.startsWith('timeout')) return 'too-slow';
  return 'damaged';
}
