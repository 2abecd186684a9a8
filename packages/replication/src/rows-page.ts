import { hash } from 'node:crypto';
import { dossierBounds, metaFault } from '@dossier/domain/dossier.ts';
import { rowsEndSchema } from '@dossier/protocol/rows.ts';
import type { RowsEnd } from '@dossier/protocol/rows.ts';
import { requireOnce } from './once.ts';
import type { LoadedRows } from './ports.ts';
import { answerRefused } from './sync-failure.ts';

/** A page in its fast form that passed every check which needs no knowledge of the slave. */
export interface FetchedRows {
  rows: LoadedRows;
  end: RowsEnd;
  /** The answer, of which `rows` are parts. */
  body: Buffer;
}

const lineFeed = 0x0a;
const tab = 0x09;
const backslash = 0x5c;
const maximumEndBytes = 4096;

/**
 * Reads a page of rows (protocol/rows.ts) without making anything of its rows: they are handed to PostgreSQL as they came. What PostgreSQL's types
 * and checks don't look at is looked at here: that a row belongs where it stands, that the photos are those whose hash the dossier bears, dates,
 * measures, lengths. Throws SyncFailure.
 */
export function readRowsPage(body: Buffer): FetchedRows {
  const end = readEnd(body);
  const endOfPhotos = end.dossier_bytes + end.photo_bytes;
  const endOfRows = body.lastIndexOf(lineFeed, body.length - 2) + 1;
  if (endOfPhotos > endOfRows) throw answerRefused('PAGE_INCOMPLETE', 'its blocks are longer than it is');
  const dossiers = body.subarray(0, end.dossier_bytes);
  const photos = body.subarray(end.dossier_bytes, endOfPhotos);
  const photoReader = new PhotoReader(photos);
  const uuids: string[] = [];
  let at = 0;
  while (at < dossiers.length) {
    const next = dossiers.indexOf(lineFeed, at);
    if (next === -1) throw answerRefused('PAGE_INCOMPLETE', 'the last line of a page is not whole');
    const dossier = readDossier(dossiers, { at, end: next });
    const photosHash = photoReader.readPhotosOf(dossiers, at, dossier.photoCount);
    if (photosHash !== dossier.photosHash)
      throw answerRefused('DOSSIER_MALFORMED', `the photos of ${dossier.uuid} are not those that it names`);
    uuids.push(dossier.uuid);
    at = next + 1;
  }
  if (!photoReader.isThrough()) throw answerRefused('PAGE_INCOMPLETE', 'a page holds photos of no dossier');
  const removed = readTombstones(body.subarray(endOfPhotos, endOfRows));
  const isCounted = uuids.length === end.dossiers && photoReader.count === end.photos && removed.length === end.tombstones;
  if (!isCounted) throw answerRefused('PAGE_INCOMPLETE', `a page of ${uuids.length} rows says that it has ${end.dossiers}`);
  requireOnce([...uuids, ...removed]);
  const rows = {
    dossiers,
    photos,
    dossierCount: uuids.length,
    photoCount: photoReader.count,
    uuids,
    removed,
    wanted: photoReader.wanted(),
  };
  return { rows, end, body };
}

function readEnd(body: Buffer): RowsEnd {
  if (body.at(-1) !== lineFeed) throw answerRefused('PAGE_INCOMPLETE', 'the last line of a page is not whole');
  const from = body.lastIndexOf(lineFeed, body.length - 2) + 1;
  if (body.length - from > maximumEndBytes) throw answerRefused('PAGE_INCOMPLETE', 'a page has no end line');
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8', from));
  } catch (error) {
    throw answerRefused('PAGE_INCOMPLETE', 'a page has no end line', error);
  }
  const end = rowsEndSchema.safeParse(value);
  if (!end.success) throw answerRefused('PAGE_INCOMPLETE', 'a page has no end line', end.error);
  return end.data;
}

const uuidLength = 36;
const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const date = String.raw`\d{4,5}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?\+00`;
/** The columns of a dossier that have one spelling: uuid, active, both dates, number and hash of its photos. */
const dossierPattern = new RegExp(
  String.raw`^([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\t[tf]\t${date}\t${date}\t(\d{1,3})\t\\\\x((?:[0-9a-f]{64})?)\t`,
);
const longestPrefix = 36 + 2 + 2 * 36 + 4 + 3 + 64 + 8;
/** Fewer opening brackets can't be nested too deep. */
const [openSquare, openCurly] = [0x5b, 0x7b];

function readDossier(dossiers: Buffer, line: { at: number; end: number }): { uuid: string; photoCount: number; photosHash: string } {
  const prefix = dossiers.toString('latin1', line.at, Math.min(line.end, line.at + longestPrefix));
  const [, uuid, photoCount, photosHash] = dossierPattern.exec(prefix) ?? [];
  if (uuid === undefined || photosHash === undefined)
    throw answerRefused('DOSSIER_MALFORMED', 'a row of a dossier does not have the agreed form');
  requireShallowMeta(dossiers, line);
  const count = Number(photoCount);
  if (count > dossierBounds.photos) throw answerRefused('DOSSIER_MALFORMED', `a dossier has ${count} photos`);
  return { uuid, photoCount: count, photosHash };
}

/** `meta` is the last column. Only one with many brackets is read. */
function requireShallowMeta(dossiers: Buffer, line: { at: number; end: number }): void {
  const from = dossiers.lastIndexOf(tab, line.end) + 1;
  if (line.end - from < 2 * dossierBounds.metaDepth) return;
  let opened = 0;
  for (let at = from; at < line.end; at += 1) {
    const byte = dossiers[at];
    if (byte === openSquare || byte === openCurly) opened += 1;
  }
  if (opened <= dossierBounds.metaDepth) return;
  let meta: unknown;
  try {
    meta = JSON.parse(unescapeCell(dossiers.toString('utf8', from, line.end)));
  } catch (error) {
    throw answerRefused('DOSSIER_MALFORMED', 'the meta of a dossier is no JSON', error);
  }
  const fault = metaFault(meta);
  if (fault !== null) throw answerRefused('DOSSIER_MALFORMED', fault);
}

const escaped: Record<string, string> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };

/** A cell of COPY's text format as text (PostgreSQL documentation, "COPY", "Text Format"); escapes by number are never written. */
function unescapeCell(cell: string): string {
  return cell.replaceAll(/\\(.)/gs, (_whole, character: string) => escaped[character] ?? character);
}

const mediaTypes = ['image/jpeg', 'image/png', 'image/webp'].map((type) => Buffer.from(`${type}\t`));
const hexAddress = Buffer.from('\t\\\\x');
const space = 0x20;
const nothing = Buffer.alloc(0);

/** One photo: its address and where its features stand. */
interface PhotoRow {
  sha256: string;
  /** Of the columns before the features, and of the features. */
  at: number;
  features: number;
  end: number;
}

/** Goes through the rows of photos, dossier by dossier, byte by byte: there are thousands in a page, and each text or buffer made of one costs more than to look at it. */
class PhotoReader {
  count = 0;
  readonly #photos: Buffer;
  readonly #wanted = new Map<string, LoadedRows['wanted'][number]>();
  #at = 0;
  /** Canonical lines are put together here to be hashed. */
  #lines: Buffer = Buffer.allocUnsafe(64 * 1024);
  #used = 0;

  constructor(photos: Buffer) {
    this.#photos = photos;
  }

  isThrough(): boolean {
    return this.#at === this.#photos.length;
  }

  wanted(): LoadedRows['wanted'] {
    return [...this.#wanted.values()];
  }

  /** The hash of the next `count` photos, which have to be those of the dossier at `from`; the twin of photos_touched() in the store's migrations. */
  readPhotosOf(dossiers: Buffer, from: number, count: number): string {
    if (count === 0) return '';
    const rows: PhotoRow[] = [];
    for (let read = 0; read < count; read += 1) rows.push(this.#readPhoto(dossiers, from));
    if (count > 1) rows.sort((a, b) => (a.sha256 < b.sha256 ? -1 : 1));
    this.#used = 0;
    for (const row of rows) this.#addLine(row);
    return hash('sha256', this.#lines.subarray(0, this.#used), 'hex');
  }

  #readPhoto(dossiers: Buffer, from: number): PhotoRow {
    const photos = this.#photos;
    const start = this.#at;
    const end = photos.indexOf(lineFeed, start);
    if (end === -1) throw answerRefused('PAGE_INCOMPLETE', 'a page has fewer photos than its dossiers name');
    for (let index = 0; index < uuidLength; index += 1) {
      if (photos[start + index] !== dossiers[from + index])
        throw answerRefused('DOSSIER_MALFORMED', 'a photo does not stand with its dossier');
    }
    const at = start + uuidLength + hexAddress.length;
    const afterAddress = at + addressLength;
    const afterNumbers = this.#skipNumbers(afterAddress);
    const features = afterNumbers + this.#mediaTypeLength(afterNumbers);
    const isSound =
      features > afterNumbers && features <= end && isAt(photos, hexAddress, start + uuidLength) && isHex(photos, at, afterAddress);
    if (!isSound) throw answerRefused('DOSSIER_MALFORMED', 'a row of a photo does not have the agreed form');
    this.#at = end + 1;
    this.count += 1;
    const sha256 = photos.toString('latin1', at, afterAddress);
    if (!this.#wanted.has(sha256)) this.#want(sha256, photos.toString('latin1', afterAddress + 1, features - 1).split('\t'));
    return { sha256, at, features, end };
  }

  /** Where the three numbers after the address end: tab, digits, tab, digits, tab, digits, tab. Beyond the end of the row if they aren't there. */
  #skipNumbers(from: number): number {
    const photos = this.#photos;
    let at = from;
    for (let number = 0; number < 3; number += 1) {
      if (photos[at] !== tab) return photos.length;
      const begin = at + 1;
      at = begin;
      while (isDigit(photos[at])) at += 1;
      if (at === begin || at > begin + 10 || photos[begin] === digitZero) return photos.length;
    }
    return photos[at] === tab ? at + 1 : photos.length;
  }

  /** With the tab behind it; 0 if there is none of those that are allowed. */
  #mediaTypeLength(at: number): number {
    return mediaTypes.find((type) => isAt(this.#photos, type, at))?.length ?? 0;
  }

  #want(sha256: string, [width, height, bytes, mediaType = '']: readonly string[]): void {
    this.#wanted.set(sha256, { sha256, width: Number(width), height: Number(height), bytes: Number(bytes), media_type: mediaType });
  }

  /** Adds the canonical line of a photo: address, numbers and media type with spaces for tabs, then the features. */
  #addLine({ at, features, end }: PhotoRow): void {
    const photos = this.#photos;
    const length = end - features;
    if (length > dossierBounds.featuresCharacters) throw answerRefused('DOSSIER_MALFORMED', 'the features of a photo are too long');
    this.#reserve(end - at + 1);
    const lines = this.#lines;
    for (let from = at; from < features; from += 1) {
      const byte = photos[from] ?? 0;
      lines[this.#used] = byte === tab ? space : byte;
      this.#used += 1;
    }
    const backslashAt = photos.indexOf(backslash, features);
    if (backslashAt === -1 || backslashAt >= end) this.#used += photos.copy(lines, this.#used, features, end);
    else this.#used += unescapedFeatures(photos.toString('utf8', features, end)).copy(lines, this.#used);
    lines[this.#used] = lineFeed;
    this.#used += 1;
  }

  #reserve(bytes: number): void {
    if (this.#used + bytes <= this.#lines.length) return;
    const larger = Buffer.allocUnsafe(2 * (this.#used + bytes));
    this.#lines.copy(larger, 0, 0, this.#used);
    this.#lines = larger;
  }
}

/** Unescaped they are never longer than they were. */
function unescapedFeatures(cell: string): Buffer {
  return cell === String.raw`\N` ? nothing : Buffer.from(unescapeCell(cell));
}

const digitZero = 0x30;
const addressLength = 64;

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= digitZero && byte <= 0x39;
}

function isHex(bytes: Buffer, from: number, to: number): boolean {
  for (let at = from; at < to; at += 1) {
    const byte = bytes[at] ?? 0;
    if (!(byte >= digitZero && byte <= 0x39) && !(byte >= 0x61 && byte <= 0x66)) return false;
  }
  return true;
}

function isAt(bytes: Buffer, expected: Buffer, at: number): boolean {
  for (let index = 0; index < expected.length; index += 1) if (bytes[at + index] !== expected[index]) return false;
  return true;
}

function readTombstones(block: Buffer): string[] {
  if (block.length === 0) return [];
  const lines = block.toString('latin1').split('\n');
  if (lines.pop() !== '' || !lines.every((line) => uuidPattern.test(line)))
    throw answerRefused('ANSWER_MALFORMED', 'a tombstone does not have the agreed form');
  return lines;
}
