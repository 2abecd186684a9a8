import { hash } from 'node:crypto';
import { dossierBounds } from '@dossier/domain/dossier.ts';
import { photoRowColumns } from '@dossier/protocol/rows.ts';
import type { LoadedRows } from './ports.ts';
import { Scratch } from './scratch.ts';
import { answerRefused } from './sync-failure.ts';
import type { SyncFailure } from './sync-failure.ts';
import { TupleReader } from './tuple-reader.ts';

const mediaTypes = ['image/jpeg', 'image/png', 'image/webp'].map((text) => ({ text, bytes: Buffer.from(text) }));
const uuidBytes = 16;
const addressBytes = 32;
/** Of a canonical line without its features: the address, three numbers, the longest media type, five spaces and the line feed. */
const longestLine = 2 * addressBytes + 3 * 10 + 10 + 6;
const [space, lineFeed] = [0x20, 0x0a];

/** One photo, with where its address and its features stand. */
interface PhotoRow {
  sha256: string;
  address: number;
  width: number;
  height: number;
  bytes: number;
  mediaType: (typeof mediaTypes)[number];
  features: number;
  featuresLength: number;
}

/** Goes through the rows of photos, dossier by dossier, byte by byte: there are thousands in a page, and each text or buffer made of one costs more than to look at it. */
export class PhotoRows {
  count = 0;
  readonly #tuples: TupleReader;
  readonly #wanted = new Map<string, LoadedRows['wanted'][number]>();
  /** Canonical lines are put together here to be hashed. */
  readonly #lines = new Scratch(64 * 1024);

  constructor(block: Buffer) {
    this.#tuples = new TupleReader(block, malformed);
  }

  isThrough(): boolean {
    return this.#tuples.isThrough();
  }

  wanted(): LoadedRows['wanted'] {
    return [...this.#wanted.values()];
  }

  /**
   * The hash of the next `count` photos, which have to be those of the dossier whose uuid stands at `uuid`; the twin of photos_touched() in the
   * store's migrations.
   */
  hashOf(count: number, dossiers: Buffer, uuid: number): string {
    if (count === 0) return '';
    const rows: PhotoRow[] = [];
    for (let read = 0; read < count; read += 1) rows.push(this.#readPhoto(dossiers, uuid));
    if (count > 1) rows.sort((a, b) => (a.sha256 < b.sha256 ? -1 : 1));
    this.#lines.clear();
    for (const row of rows) this.#addLine(row);
    return hash('sha256', this.#lines.written(), 'hex');
  }

  #readPhoto(dossiers: Buffer, uuid: number): PhotoRow {
    const tuples = this.#tuples;
    if (tuples.isThrough()) throw answerRefused('PAGE_INCOMPLETE', 'a page has fewer photos than its dossiers name');
    tuples.row(photoRowColumns.length);
    const dossier = tuples.uuid();
    for (let index = 0; index < uuidBytes; index += 1) {
      if (tuples.block[dossier + index] !== dossiers[uuid + index])
        throw answerRefused('DOSSIER_MALFORMED', 'a photo does not stand with its dossier');
    }
    const address = tuples.fixed(addressBytes);
    const width = this.#readMeasure();
    const height = this.#readMeasure();
    const bytes = this.#readMeasure();
    const mediaType = this.#readMediaType();
    const featuresLength = tuples.fieldOrNull();
    if (featuresLength > dossierBounds.featuresCharacters) throw answerRefused('DOSSIER_MALFORMED', 'the features of a photo are too long');
    this.count += 1;
    const sha256 = tuples.block.toString('hex', address, address + addressBytes);
    if (!this.#wanted.has(sha256)) this.#wanted.set(sha256, { sha256, width, height, bytes, media_type: mediaType.text });
    return { sha256, address, width, height, bytes, mediaType, features: tuples.at, featuresLength };
  }

  #readMeasure(): number {
    const measure = this.#tuples.integer();
    if (measure <= 0) throw malformed();
    return measure;
  }

  #readMediaType(): PhotoRow['mediaType'] {
    const length = this.#tuples.field();
    for (const type of mediaTypes) {
      if (type.bytes.length === length && isAt(this.#tuples.block, type.bytes, this.#tuples.at)) return type;
    }
    throw malformed();
  }

  /** Adds the canonical line of a photo: address, numbers, media type and features, with spaces between them. */
  #addLine({ address, width, height, bytes, mediaType, features, featuresLength }: PhotoRow): void {
    const { block } = this.#tuples;
    const lines = this.#lines;
    lines.reserve(longestLine + Math.max(featuresLength, 0));
    lines.hex(block, address, address + addressBytes);
    lines.byte(space);
    lines.decimal(width);
    lines.byte(space);
    lines.decimal(height);
    lines.byte(space);
    lines.decimal(bytes);
    lines.byte(space);
    lines.copy(mediaType.bytes, 0, mediaType.bytes.length);
    lines.byte(space);
    if (featuresLength > 0) lines.copy(block, features, features + featuresLength);
    lines.byte(lineFeed);
  }
}

function malformed(): SyncFailure {
  return answerRefused('DOSSIER_MALFORMED', 'a row of a photo does not have the agreed form');
}

function isAt(bytes: Buffer, expected: Buffer, at: number): boolean {
  for (let index = 0; index < expected.length; index += 1) if (bytes[at + index] !== expected[index]) return false;
  return true;
}
