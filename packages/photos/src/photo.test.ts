import type { Sharp } from 'sharp';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { MAXIMUM_PHOTO_BYTES, MAXIMUM_PHOTO_SIDE_PIXELS, THUMBNAIL_SIDE_PIXELS } from './limits.ts';
import { inspectPhoto, makeRendition, makeThumbnail } from './photo.ts';
import { PhotoRefused } from './photo-refused.ts';

/** Red above, blue below, which shows how an image is turned. */
function painted(width: number, height: number): Sharp {
  const half = Math.floor(width * height * 1.5);
  const pixels = Buffer.from(Array.from({ length: width * height * 3 }, (_, index) => (index % 3 === (index < half ? 0 : 2) ? 255 : 0)));
  return sharp(pixels, { raw: { width, height, channels: 3 } });
}

function plain(width: number, height: number): Sharp {
  return sharp({ create: { width, height, channels: 3, background: '#468' } });
}

async function reasonFor(bytes: Uint8Array): Promise<string> {
  const inspected = await inspectPhoto(bytes).catch((error: unknown) => error);
  const thumbnail = await makeThumbnail(bytes).catch((error: unknown) => error);
  expect(inspected).toBeInstanceOf(PhotoRefused);
  expect(thumbnail).toBeInstanceOf(PhotoRefused);
  return inspected instanceof PhotoRefused ? inspected.reason : '';
}

describe('inspectPhoto', () => {
  it('takes JPEG, PNG and WebP', async () => {
    expect(await inspectPhoto(await plain(40, 30).jpeg().toBuffer())).toEqual({ mediaType: 'image/jpeg', width: 40, height: 30 });
    expect(await inspectPhoto(await plain(40, 30).jpeg({ progressive: true }).toBuffer())).toMatchObject({ mediaType: 'image/jpeg' });
    expect(await inspectPhoto(await plain(40, 30).png().toBuffer())).toEqual({ mediaType: 'image/png', width: 40, height: 30 });
    expect(await inspectPhoto(await plain(40, 30).webp().toBuffer())).toEqual({ mediaType: 'image/webp', width: 40, height: 30 });
  });

  it.each([
    [1, 40, 30],
    [3, 40, 30],
    [6, 30, 40],
    [8, 30, 40],
  ])('measures an image of EXIF orientation %i as it is displayed', async (orientation, width, height) => {
    const bytes = await plain(40, 30).withMetadata({ orientation }).jpeg().toBuffer();
    expect(await inspectPhoto(bytes)).toEqual({ mediaType: 'image/jpeg', width, height });
  });

  it('takes the largest image that is allowed and none that is larger', async () => {
    const side = MAXIMUM_PHOTO_SIDE_PIXELS;
    expect(await inspectPhoto(await plain(side, 1).png().toBuffer())).toMatchObject({ width: side, height: 1 });
    expect(
      await reasonFor(
        await plain(side + 1, 1)
          .png()
          .toBuffer(),
      ),
    ).toBe('too-many-pixels');
    expect(
      await reasonFor(
        await plain(1, side + 1)
          .jpeg()
          .toBuffer(),
      ),
    ).toBe('too-many-pixels');
    expect(
      await reasonFor(
        await plain(side + 1, side)
          .png()
          .toBuffer(),
      ),
    ).toBe('too-many-pixels');
  });

  it('refuses what would be held as a whole in more memory than a large photo', async () => {
    const side = 5000;
    const deep = (interlaced: boolean) =>
      sharp({ create: { width: side, height: side, channels: 4, background: '#8888' } })
        .toColourspace('rgb16')
        .png({ progressive: interlaced })
        .toBuffer();
    expect(await reasonFor(await deep(true))).toBe('too-many-pixels');
    expect(await inspectPhoto(await deep(false))).toMatchObject({ width: side });
    const usual = await plain(side, side).png({ progressive: true }).toBuffer();
    expect(await inspectPhoto(usual)).toMatchObject({ width: side });
    const jpeg = await plain(MAXIMUM_PHOTO_SIDE_PIXELS, MAXIMUM_PHOTO_SIDE_PIXELS).jpeg({ progressive: true }).toBuffer();
    expect(await inspectPhoto(jpeg)).toMatchObject({ width: MAXIMUM_PHOTO_SIDE_PIXELS });
  }, 30_000);

  it('takes as many bytes as are allowed and not one more', async () => {
    const image = await plain(4, 4).jpeg().toBuffer();
    const padded = Buffer.concat([image, Buffer.alloc(MAXIMUM_PHOTO_BYTES - image.length)]);
    expect(await inspectPhoto(padded)).toMatchObject({ width: 4 });
    expect(await reasonFor(Buffer.concat([padded, Buffer.alloc(1)]))).toBe('too-many-bytes');
    expect(await reasonFor(Buffer.alloc(0))).toBe('empty');
  });

  it.each([
    ['SVG', '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><image href="file:///etc/passwd"/></svg>'],
    ['XML and SVG', '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'],
    ['HTML', '<!doctype html><script>alert(1)</script>'],
    ['PDF', '%PDF-1.4\n1 0 obj'],
    ['GIF', 'GIF89a\u0001\0\u0001\0\0\0\0;'],
    ['TIFF', 'II*\0\u0008\0\0\0'],
    ['a shell script', '#!/bin/sh\nexit'],
  ])('refuses %s by its content', async (_, content) => {
    expect(await reasonFor(Buffer.from(content, 'latin1'))).toBe('unsupported-type');
  });

  /** A file of the kind that phones write (ISO 14496-12): a box that names it, and no more. */
  const boxed = (brand: string): Buffer => Buffer.concat([Buffer.from([0, 0, 0, 24]), Buffer.from(`ftyp${brand}`), Buffer.alloc(48)]);

  it.each([
    ['HEIC', boxed('heic'), /^This is a HEIC picture, as iPhones take them; only JPEG, PNG and WebP are taken\. .*as JPEG/],
    ['HEIF', boxed('mif1'), /^This is a HEIC picture/],
    ['AVIF', plain(9, 9).avif(), /^This is an AVIF picture; .*save it as JPEG/],
    ['TIFF', plain(9, 9).tiff(), /^This is a TIFF picture, as scanners make them; /],
    ['GIF', plain(9, 9).gif(), /^This is a GIF picture; /],
    ['PDF', Buffer.from('%PDF-1.4\n1 0 obj'), /^This is a PDF document; /],
    ['a program', Buffer.from('MZ\u0090\0\u0003'), /^This is a file of the kind "exe"; /],
    ['a text', Buffer.from('a text'), /^This is no picture that is known here; /],
  ])('says of %s what it is and what to do', async (_, made, sentence) => {
    await expect(inspectPhoto(Buffer.isBuffer(made) ? made : await made.toBuffer())).rejects.toThrow(sentence);
  });

  it('says of a photo that is cut off no word of the library that decodes it', async () => {
    for (const format of ['jpeg', 'webp', 'png'] as const) {
      const whole = await painted(300, 200).toFormat(format).toBuffer();
      const half = whole.subarray(0, whole.length / 2);
      await expect(inspectPhoto(half)).rejects.toThrow(/^The photo is damaged or cut off: .*save it as JPEG$/);
    }
  });

  it.each(['jpeg', 'webp', 'png'] as const)('refuses a %s image that was cut off, wherever', async (format) => {
    const whole = await painted(300, 200).toFormat(format).toBuffer();
    // A PNG's last chunk of 12 bytes holds nothing of the image, and one that lacks only it is taken.
    for (const share of [0.999 - 12 / whole.length, 0.9, 0.5, 0.1]) {
      expect(['damaged', 'unsupported-type']).toContain(await reasonFor(whole.subarray(0, Math.floor(whole.length * share))));
    }
  });

  it('refuses at once a JPEG made to be decoded for ever', async () => {
    const bytes = await plain(1000, 1000).jpeg({ progressive: true }).toBuffer();
    const scan = bytes.subarray(bytes.lastIndexOf('ffda', undefined, 'hex'), -2);
    const again = Array.from({ length: 100 }, () => scan);
    expect(await reasonFor(Buffer.concat([bytes.subarray(0, -2), ...again, bytes.subarray(-2)]))).toBe('too-slow');
  });
});

describe('makeThumbnail', () => {
  it('is a WebP that fits, and never larger than the photo', async () => {
    const wide = await sharp(await makeThumbnail(await plain(2000, 500).png().toBuffer())).metadata();
    expect(wide).toMatchObject({ format: 'webp', width: THUMBNAIL_SIDE_PIXELS, height: THUMBNAIL_SIDE_PIXELS / 4 });
    const small = await sharp(await makeThumbnail(await plain(20, 10).webp().toBuffer())).metadata();
    expect(small).toMatchObject({ format: 'webp', width: 20, height: 10 });
  });

  it('stands upright and tells nothing about where and how the photo was taken', async () => {
    const turned = await painted(80, 40)
      .withExif({ IFD0: { Make: 'A camera' }, IFD3: { GPSLatitude: '60/1 10/1 0/1', GPSLatitudeRef: 'N' } })
      .withMetadata({ orientation: 6 })
      .jpeg()
      .toBuffer();
    const thumbnail = await makeThumbnail(turned);
    expect(await sharp(thumbnail).metadata()).toMatchObject({ width: 40, height: 80 });
    expect((await sharp(thumbnail).metadata()).exif).toBeUndefined();
    expect((await sharp(thumbnail).metadata()).orientation).toBeUndefined();
    // Turned clockwise by a quarter, what was above is at the right.
    const { data, info } = await sharp(thumbnail).raw().toBuffer({ resolveWithObject: true });
    const last = (info.width - 1) * info.channels;
    expect(data[last]).toBeGreaterThan(200);
    expect(data[0]).toBeLessThan(60);
  });
});

describe('colours', () => {
  const orange = [192, 96, 32];

  async function middleOf(webp: Uint8Array): Promise<number[]> {
    const { data, info } = await sharp(webp).removeAlpha().raw().toBuffer({ resolveWithObject: true });
    expect([info.channels, (await sharp(webp).metadata()).icc]).toEqual([3, undefined]);
    const at = (Math.floor(info.height / 2) * info.width + Math.floor(info.width / 2)) * 3;
    return [...data.subarray(at, at + 3)];
  }

  const canvas = sharp({ create: { width: 60, height: 60, channels: 3, background: '#c06020' } });
  it.each([
    ['Display P3', canvas.clone().withIccProfile('p3').jpeg({ quality: 100 })],
    ['Display P3 in 16 bits', canvas.clone().toColourspace('rgb16').withIccProfile('p3').png()],
    ['CMYK with a profile', canvas.clone().toColourspace('cmyk').withIccProfile('cmyk').jpeg({ quality: 100 })],
    ['CMYK without one', canvas.clone().toColourspace('cmyk').jpeg({ quality: 100 })],
  ])('are the same to the eye in thumbnail and rendition of a photo in %s', async (_, made) => {
    const bytes = await made.toBuffer();
    for (const shown of [await makeThumbnail(bytes), await makeRendition(bytes)]) {
      const found = await middleOf(shown);
      expect(Math.max(...found.map((value, channel) => Math.abs(value - (orange[channel] ?? 0)))), String(found)).toBeLessThan(32);
    }
  });
});
