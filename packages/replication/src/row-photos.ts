import { z } from 'zod';
import { dossierBounds } from '@dossier/domain/dossier.ts';
import { maximumPhotoBytes, photoAddressSchema } from '@dossier/protocol/photos.ts';
import type { JsonLook } from './json-look.ts';

/** A photo that rows of a page show. */
export interface WantedPhoto {
  /** Uuid of one of the dossiers that show it. */
  dossier: string;
  sha256: string;
  bytes: number;
}

/** Photos of a row in the form in which programs of this system write them (RFC 8785), byte by byte; anything else is looked at as JSON. */
const parts = ['{"bytes":', ',"created_date":"', '","height":', ',"media_type":"image/', '","sha256":"', '","width":'].map((text) =>
  Buffer.from(text),
);
const [bytesPart, datePart, heightPart, typePart, addressPart, widthPart] = parts as [Buffer, Buffer, Buffer, Buffer, Buffer, Buffer];
const types = ['jpeg', 'png', 'webp'].map((text) => Buffer.from(text));
const [quote, comma, openSquare, closeSquare, closeCurly, lowerN, equalsSign] = [0x22, 0x2c, 0x5b, 0x5d, 0x7d, 0x6e, 0x3d];
const addressDigits = 64;
/** `0000-00-00T00:00:00`, before the fraction and the `Z`. */
const datePattern = Buffer.from('0000-00-00T00:00:00');
const maximumFraction = 6;

const date = z
  .string()
  .max(40)
  .regex(/^\d{4,5}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d(?::?\d\d)?)$/, 'is no date');
const photosSchema = z
  .array(
    z.looseObject({
      sha256: photoAddressSchema,
      width: z.int32().positive(),
      height: z.int32().positive(),
      bytes: z.int32().positive().max(maximumPhotoBytes),
      media_type: z.enum(['image/jpeg', 'image/png', 'image/webp']),
      created_date: date,
    }),
  )
  .max(dossierBounds.photos);
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
/** 1 for each byte that is a digit of base64 (RFC 4648, section 4). By a regular expression this was the dearest check of a page. */
const base64Digits = new Uint8Array(256);
for (const digit of Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/')) base64Digits[digit] = 1;
const featuresSchema = z.array(z.string().max(dossierBounds.featuresCharacters).regex(base64).nullable());

/** Looks at the photos and features of rows, and keeps one of the rows that show each photo. */
export class RowPhotos {
  readonly #block: Buffer;
  readonly #look: JsonLook;
  readonly #wanted = new Map<string, { dossier: number; bytes: number }>();
  #at = 0;
  #end = 0;
  /** Of the row that was looked at last. */
  #shown: { sha256: string; bytes: number }[] = [];

  constructor(block: Buffer, look: JsonLook) {
    this.#block = block;
    this.#look = look;
  }

  /** Why the photos between two places are not taken, or null. */
  photosFault(from: number, to: number): string | null {
    this.#shown = [];
    if (this.#isCanonical(from, to)) return this.#repetition();
    this.#shown = [];
    const fault = this.#look.faultOf(from, to, { kind: 'array', maximumDepth: dossierBounds.metaDepth });
    if (fault !== null) return fault;
    const photos = photosSchema.safeParse(JSON.parse(this.#block.toString('utf8', from, to)));
    if (!photos.success) return faultOf(photos.error);
    this.#shown = photos.data;
    return this.#repetition();
  }

  /** Why the features between two places are not taken as those of the photos that were looked at last, or null. */
  featuresFault(from: number, to: number): string | null {
    const count = this.#countFeatures(from, to) ?? this.#readFeatures(from, to);
    if (typeof count === 'string') return count;
    return count === this.#shown.length ? null : `are ${count} for ${this.#shown.length} photos`;
  }

  /** Keeps the photos that were looked at last as ones that the dossier whose uuid stands at this place shows. */
  keep(dossier: number): void {
    for (const { sha256, bytes } of this.#shown) if (!this.#wanted.has(sha256)) this.#wanted.set(sha256, { dossier, bytes });
  }

  /** The different photos of the rows that were kept. */
  wanted(textOf: (uuid: number) => string): WantedPhoto[] {
    return Array.from(this.#wanted, ([sha256, { dossier, bytes }]) => ({ dossier: textOf(dossier), sha256, bytes }));
  }

  #repetition(): string | null {
    const shown = this.#shown;
    const [first, second] = shown;
    if (second === undefined || (shown.length === 2 && first?.sha256 !== second.sha256)) return null;
    const seen = new Set<string>();
    for (const { sha256 } of shown) {
      if (seen.has(sha256)) return `show ${sha256} twice`;
      seen.add(sha256);
    }
    return null;
  }

  /** Reads photos in their canonical form; false if they have another, or are wrong in some way. */
  #isCanonical(from: number, to: number): boolean {
    const block = this.#block;
    this.#at = from;
    this.#end = to;
    if (block[from] !== openSquare) return false;
    this.#at += 1;
    if (block[this.#at] === closeSquare) return this.#at + 1 === to;
    for (;;) {
      if (this.#shown.length === dossierBounds.photos || !this.#photo()) return false;
      const next = block[this.#at];
      this.#at += 1;
      if (next === closeSquare) return this.#at === to;
      if (next !== comma || this.#at >= to) return false;
    }
  }

  #photo(): boolean {
    const bytes = this.#is(bytesPart) ? this.#measure() : 0;
    if (bytes === 0 || bytes > maximumPhotoBytes) return false;
    if (!this.#is(datePart) || !this.#date() || !this.#is(heightPart) || this.#measure() === 0) return false;
    if (!this.#is(typePart) || !types.some((type) => this.#is(type)) || !this.#is(addressPart)) return false;
    const sha256 = this.#address();
    if (sha256 === null || !this.#is(widthPart) || this.#measure() === 0 || this.#block[this.#at] !== closeCurly) return false;
    this.#at += 1;
    this.#shown.push({ sha256, bytes });
    return this.#at < this.#end;
  }

  /** Passes over these bytes, if they are the next ones. */
  #is(part: Buffer): boolean {
    if (this.#at + part.length > this.#end) return false;
    for (let index = 0; index < part.length; index += 1) if (this.#block[this.#at + index] !== part[index]) return false;
    this.#at += part.length;
    return true;
  }

  /** Passes over a whole number from 1 to 2³¹ - 1; 0 if none is there. */
  #measure(): number {
    let value = 0;
    for (;;) {
      const digit = (this.#block[this.#at] ?? 0) - 0x30;
      if (digit < 0 || digit > 9) return value;
      if (value === 0 && digit === 0) return 0;
      value = 10 * value + digit;
      if (value > 0x7fff_ffff) return 0;
      this.#at += 1;
    }
  }

  #date(): boolean {
    const block = this.#block;
    if (this.#at + datePattern.length > this.#end) return false;
    for (const expected of datePattern) {
      const byte = block[this.#at] ?? 0;
      if (expected === 0x30 ? byte < 0x30 || byte > 0x39 : byte !== expected) return false;
      this.#at += 1;
    }
    if (block[this.#at] === 0x2e) {
      const start = this.#at + 1;
      do this.#at += 1;
      while ((block[this.#at] ?? 0) >= 0x30 && (block[this.#at] ?? 0) <= 0x39);
      if (this.#at === start || this.#at - start > maximumFraction) return false;
    }
    if (block[this.#at] !== 0x5a) return false;
    this.#at += 1;
    return true;
  }

  #address(): string | null {
    const from = this.#at;
    if (from + addressDigits > this.#end) return null;
    for (let index = from; index < from + addressDigits; index += 1) {
      const byte = this.#block[index] ?? 0;
      if (!((byte >= 0x30 && byte <= 0x39) || (byte >= 0x61 && byte <= 0x66))) return null;
    }
    this.#at += addressDigits;
    return this.#block.toString('latin1', from, this.#at);
  }

  /** How many features there are in canonical form; null if they have another, or are wrong in some way. */
  #countFeatures(from: number, to: number): number | null {
    const block = this.#block;
    if (block[from] !== openSquare || block[to - 1] !== closeSquare) return null;
    let count = 0;
    for (let at = from + 1; at < to; at += 1) {
      if (block[at] === lowerN) {
        if (block[at + 1] !== 0x75 || block[at + 2] !== 0x6c || block[at + 3] !== 0x6c) return null;
        at += 4;
      } else {
        if (block[at] !== quote) return null;
        const end = block.indexOf(quote, at + 1);
        if (end < 0 || end >= to || end - at - 1 > dossierBounds.featuresCharacters) return null;
        if (!this.#isBase64(at + 1, end)) return null;
        at = end + 1;
      }
      count += 1;
      if (at === to - 1) return count;
      if (block[at] !== comma) return null;
    }
    return null;
  }

  #isBase64(from: number, to: number): boolean {
    if ((to - from) % 4 !== 0) return false;
    let digits = to;
    while (digits > from && digits > to - 2 && this.#block[digits - 1] === equalsSign) digits -= 1;
    for (let at = from; at < digits; at += 1) if (base64Digits[this.#block[at] ?? 0] === 0) return false;
    return true;
  }

  #readFeatures(from: number, to: number): number | string {
    const fault = this.#look.faultOf(from, to, { kind: 'array', maximumDepth: 1 });
    if (fault !== null) return fault;
    const features = featuresSchema.safeParse(JSON.parse(this.#block.toString('utf8', from, to)));
    return features.success ? features.data.length : faultOf(features.error);
  }
}

function faultOf({ issues: [issue] }: z.ZodError): string {
  return `do not have the agreed form (${issue?.path.join('.')}: ${issue?.message})`;
}
