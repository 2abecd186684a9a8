import { fileTypeFromBuffer } from 'file-type';
import { PhotoRefused } from './photo-refused.ts';

export type PhotoMediaType = 'image/jpeg' | 'image/png' | 'image/webp';

/** An animated PNG shows its first picture to any decoder that doesn't know about animation. */
const taken: Readonly<Record<string, PhotoMediaType>> = {
  'image/jpeg': 'image/jpeg',
  'image/png': 'image/png',
  'image/apng': 'image/png',
  'image/webp': 'image/webp',
};

const saveAnew = 'Open it in a picture program, save it as JPEG, and take that file';
const heic = {
  is: 'a HEIC picture, as iPhones take them',
  instead:
    'Share it from the phone as JPEG (Settings, Camera, Formats: "Most Compatible" takes JPEGs from then on), or save it as JPEG in a picture program',
};

/** What people bring instead of a photo, by the media type of its content, and what they can do about it. */
const refused: Readonly<Record<string, { readonly is: string; readonly instead: string }>> = {
  'image/heic': heic,
  'image/heif': heic,
  'image/heic-sequence': heic,
  'image/heif-sequence': heic,
  'image/avif': { is: 'an AVIF picture', instead: saveAnew },
  'image/gif': { is: 'a GIF picture', instead: saveAnew },
  'image/tiff': { is: 'a TIFF picture, as scanners make them', instead: saveAnew },
  'image/bmp': { is: 'a BMP picture', instead: saveAnew },
  'image/jxl': { is: 'a JPEG XL picture', instead: saveAnew },
  'image/jp2': { is: 'a JPEG 2000 picture', instead: saveAnew },
  'image/svg+xml': { is: 'an SVG drawing', instead: saveAnew },
  'image/vnd.adobe.photoshop': { is: 'a Photoshop file', instead: 'Export the picture from it as JPEG, and take that file' },
  'application/pdf': { is: 'a PDF document', instead: 'Save the picture in it as JPEG, and take that file' },
};

/** What kind of photo the bytes begin like; their name doesn't count. Throws PhotoRefused for every other kind of file, saying what it is and what to do. */
export async function photoKindOf(bytes: Uint8Array): Promise<PhotoMediaType> {
  const found = await fileTypeFromBuffer(bytes);
  const mediaType = taken[found?.mime ?? ''];
  if (mediaType !== undefined) return mediaType;
  throw new PhotoRefused('unsupported-type', sentenceOf(found));
}

function sentenceOf(found: { mime: string; ext: string } | undefined): string {
  const known = refused[found?.mime ?? ''];
  if (known !== undefined) return `This is ${known.is}; only JPEG, PNG and WebP are taken. ${known.instead}`;
  const what = found === undefined ? 'no picture that is known here' : `a file of the kind "${found.ext}"`;
  return `This is ${what}; only JPEG, PNG and WebP are taken. ${saveAnew}`;
}
