import { isUtf8 } from 'node:buffer';
import { hash } from 'node:crypto';
import { dossierBounds } from '@dossier/domain/dossier.ts';
import { sizeText } from '@dossier/domain/size.ts';
import { rowColumns } from '@dossier/protocol/rows.ts';
import { JsonLook } from './json-look.ts';
import { RowPhotos } from './row-photos.ts';
import type { TupleReader } from './tuple-reader.ts';

type Column = (typeof rowColumns)[number];
const places = Object.fromEntries(rowColumns.map((column, index) => [column, index])) as Record<Column, number>;

export const hashBytes = 32;
/** The first byte of what is hashed: the version of the hash. The content fields follow as they stand in the row, lengths and bytes. */
const hashVersion = 1;

/** Why a row can't be held as it came. */
export interface RowFault {
  code: 'HASH_DIFFERS' | 'DOSSIER_MALFORMED';
  sentence: string;
}

/** A date's upper and lower 32 bits; eight bytes are more than a number holds exactly. */
function halves(date: string): { upper: number; lower: number } {
  const microseconds = BigInt(Date.parse(date) - Date.UTC(2000, 0)) * 1000n;
  return { upper: Number(microseconds >> 32n), lower: Number(BigInt.asUintN(32, microseconds)) };
}

/** JSON says the years from 1 to 99999, and no infinity. */
const firstMoment = halves('0001-01-01T00:00:00Z');
const afterLastMoment = halves('+100000-01-01T00:00:00Z');
const daysOf = (date: string): number => (Date.parse(date) - Date.UTC(2000, 0)) / 86_400_000;
const firstDay = daysOf('0001-01-01');
const lastDay = daysOf('9999-12-31');

/** Looking at each byte costs less than to ask for a look at so few. */
const shortText = 200;

/**
 * Looks at rows whose fields were found, byte by byte: there are thousands in a page, and each text or buffer that is made of one costs more than a look.
 * What is looked at: lengths, truth values, dates, texts, `meta`, photos, features, and that the row bears the hash of its content.
 */
export class RowCheck {
  readonly photos: RowPhotos;
  readonly #rows: TupleReader;
  readonly #block: Buffer;
  readonly #json: JsonLook;

  constructor(rows: TupleReader) {
    this.#rows = rows;
    this.#block = rows.block;
    this.#json = new JsonLook(rows.block);
    this.photos = new RowPhotos(rows.block, this.#json);
  }

  /** What is wrong with the row that was read last, or null. */
  fault(): RowFault | null {
    const malformed = this.#datesFault() ?? this.#textsFault() ?? this.#jsonFault();
    if (malformed !== null) return { code: 'DOSSIER_MALFORMED', sentence: `${malformed}.` };
    return this.#bearsItsHash() ? null : { code: 'HASH_DIFFERS', sentence: 'Its hash is not the one of its content.' };
  }

  #datesFault(): string | null {
    const { lengths, starts } = this.#rows;
    if (lengths[places.active] !== 1 || (this.#block[starts[places.active] ?? 0] ?? 2) > 1) return 'It is neither active nor inactive';
    return (
      this.#momentFault('created_date') ??
      this.#momentFault('modified_date') ??
      this.#dayFault('valid_from') ??
      this.#dayFault('valid_until')
    );
  }

  /** Microseconds since 2000. */
  #momentFault(column: 'created_date' | 'modified_date'): string | null {
    const { lengths, starts } = this.#rows;
    if (lengths[places[column]] !== 8) return `Its ${column} is no date`;
    const at = starts[places[column]] ?? 0;
    const upper = this.#block.readInt32BE(at);
    const lower = this.#block.readUInt32BE(at + 4);
    const isEarly = upper < firstMoment.upper || (upper === firstMoment.upper && lower < firstMoment.lower);
    const isLate = upper > afterLastMoment.upper || (upper === afterLastMoment.upper && lower >= afterLastMoment.lower);
    return isEarly || isLate ? `Its ${column} is not within the years 1 to 99999` : null;
  }

  /** Days since 2000. */
  #dayFault(column: 'valid_from' | 'valid_until'): string | null {
    const { lengths, starts } = this.#rows;
    const length = lengths[places[column]];
    if (length === -1) return null;
    if (length !== 4) return `Its ${column} is no date`;
    const day = this.#block.readInt32BE(starts[places[column]] ?? 0);
    return day < firstDay || day > lastDay ? `Its ${column} is not within the years 1 to 9999` : null;
  }

  #textsFault(): string | null {
    return (
      this.#textFault('name', 1, dossierBounds.name) ??
      this.#textFault('comment', 0, dossierBounds.comment) ??
      (this.#rows.lengths[places.external_id] === -1 ? null : this.#textFault('external_id', 1, dossierBounds.externalId))
    );
  }

  #textFault(column: 'name' | 'comment' | 'external_id', minimum: number, maximum: number): string | null {
    const length = this.#rows.lengths[places[column]] ?? -1;
    const from = this.#rows.starts[places[column]] ?? 0;
    if (length < minimum) return length === -1 ? `It has no ${column}` : `Its ${column} is empty`;
    const stored = this.#storedFault(from, from + length);
    if (stored !== null) return `Its ${column} ${stored}`;
    if (length <= maximum) return null;
    const characters = this.#countCharacters(from, from + length);
    return characters > maximum ? `Its ${column} has ${characters} characters, more than ${maximum}` : null;
  }

  /** Why PostgreSQL wouldn't hold a text, or null. */
  #storedFault(from: number, to: number): string | null {
    const block = this.#block;
    let isPlain = to - from <= shortText;
    for (let at = from; isPlain && at < to; at += 1) {
      const byte = block[at] ?? 0;
      isPlain = byte > 0 && byte < 0x80;
    }
    if (isPlain) return null;
    const text = block.subarray(from, to);
    if (!isUtf8(text)) return 'is not valid UTF-8';
    return text.includes(0) ? 'holds the character U+0000, which cannot be stored' : null;
  }

  /** Code points: bytes that don't continue one. */
  #countCharacters(from: number, to: number): number {
    let count = 0;
    for (let at = from; at < to; at += 1) if (((this.#block[at] ?? 0) & 0xc0) !== 0x80) count += 1;
    return count;
  }

  #jsonFault(): string | null {
    const { starts, lengths } = this.#rows;
    const meta = { from: starts[places.meta] ?? 0, length: lengths[places.meta] ?? -1 };
    const photos = { from: starts[places.photos] ?? 0, length: lengths[places.photos] ?? -1 };
    const features = { from: starts[places.features] ?? 0, length: lengths[places.features] ?? -1 };
    if (meta.length === -1 || photos.length === -1) return 'It came without its meta and photos, as what is too long for any answer does';
    if (meta.length > dossierBounds.metaBytes)
      return `Its meta has ${sizeText(meta.length)}, more than ${sizeText(dossierBounds.metaBytes)}`;
    const metaFault = this.#json.faultOf(meta.from, meta.from + meta.length, { kind: 'object', maximumDepth: dossierBounds.metaDepth });
    if (metaFault !== null) return `Its meta ${metaFault}`;
    const photosFault = this.photos.photosFault(photos.from, photos.from + photos.length);
    if (photosFault !== null) return `Its photos ${photosFault}`;
    if (features.length === -1) return null;
    const featuresFault = this.photos.featuresFault(features.from, features.from + features.length);
    return featuresFault === null ? null : `The features of its photos ${featuresFault}`;
  }

  /** The twin of dossier_hash() in the database. The byte before the content gives its place to the version for a moment: copying would cost more. */
  #bearsItsHash(): boolean {
    const block = this.#block;
    const before = (this.#rows.starts[places.active] ?? 0) - 5;
    const kept = block[before] ?? 0;
    block[before] = hashVersion;
    const own = hash('sha256', block.subarray(before, this.#rows.to), 'binary');
    block[before] = kept;
    const from = this.#rows.starts[places.hash] ?? 0;
    return block.toString('latin1', from, from + hashBytes) === own;
  }
}
