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
  /** Length of the answer. */
  bytes: number;
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
    const photosHash = photoReader.readPhotosOf(dossiers.subarray(at, at + uuidLength), dossier.photoCount);
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
  return { rows, end, bytes: body.length };
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
const openers = new Set([0x5b, 0x7b]);

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
  for (let at = from; at < line.end; at += 1) if (openers.has(dossiers[at] ?? 0)) opened += 1;
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

const photoPattern = /^\t\\\\x([0-9a-f]{64})\t([1-9]\d{0,9})\t([1-9]\d{0,9})\t([1-9]\d{0,9})\t(image\/(?:jpeg|png|webp))\t/;
const longestPhotoPrefix = 1 + 3 + 64 + 3 * 11 + 13;

/** Goes through the rows of photos, dossier by dossier. */
class PhotoReader {
  count = 0;
  readonly #photos: Buffer;
  readonly #wanted = new Map<string, LoadedRows['wanted'][number]>();
  #at = 0;

  constructor(photos: Buffer) {
    this.#photos = photos;
  }

  isThrough(): boolean {
    return this.#at === this.#photos.length;
  }

  wanted(): LoadedRows['wanted'] {
    return [...this.#wanted.values()];
  }

  /** The hash of the next `count` photos, which have to be those of the dossier; the twin of photos_touched() in the store's migrations. */
  readPhotosOf(dossier: Buffer, count: number): string {
    if (count === 0) return '';
    if (count === 1) return hash('sha256', this.#readPhoto(dossier).line, 'hex');
    const photos = Array.from({ length: count }, () => this.#readPhoto(dossier)).toSorted((a, b) => (a.sha256 < b.sha256 ? -1 : 1));
    return hash('sha256', Buffer.concat(photos.map((photo) => photo.line)), 'hex');
  }

  /** The address of one photo and its canonical line. */
  #readPhoto(dossier: Buffer): { sha256: string; line: Buffer } {
    const photos = this.#photos;
    const from = this.#at;
    const next = photos.indexOf(lineFeed, from);
    if (next === -1) throw answerRefused('PAGE_INCOMPLETE', 'a page has fewer photos than its dossiers name');
    if (photos.compare(dossier, 0, uuidLength, from, from + uuidLength) !== 0) {
      throw answerRefused('DOSSIER_MALFORMED', 'a photo does not stand with its dossier');
    }
    const start = from + uuidLength;
    const prefix = photoPattern.exec(photos.toString('latin1', start, Math.min(next, start + longestPhotoPrefix)));
    const [whole, sha256 = '', width = '', height = '', bytes = '', mediaType = ''] = prefix ?? [];
    if (whole === undefined) throw answerRefused('DOSSIER_MALFORMED', 'a row of a photo does not have the agreed form');
    this.#at = next + 1;
    this.count += 1;
    if (!this.#wanted.has(sha256)) {
      this.#wanted.set(sha256, { sha256, width: Number(width), height: Number(height), bytes: Number(bytes), media_type: mediaType });
    }
    const head = `${sha256} ${width} ${height} ${bytes} ${mediaType} `;
    return { sha256, line: this.#canonicalLine(head, start + whole.length, next) };
  }

  #canonicalLine(head: string, from: number, to: number): Buffer {
    const photos = this.#photos;
    if (to - from > dossierBounds.featuresCharacters) throw answerRefused('DOSSIER_MALFORMED', 'the features of a photo are too long');
    const isEscaped = photos.subarray(from, to).includes(backslash);
    if (isEscaped) {
      const features = photos.toString('utf8', from, to);
      return Buffer.from(`${head}${features === String.raw`\N` ? '' : unescapeCell(features)}\n`);
    }
    const line = Buffer.allocUnsafe(head.length + (to - from) + 1);
    line.write(head, 'latin1');
    photos.copy(line, head.length, from, to);
    line[line.length - 1] = lineFeed;
    return line;
  }
}

function readTombstones(block: Buffer): string[] {
  if (block.length === 0) return [];
  const lines = block.toString('latin1').split('\n');
  if (lines.pop() !== '' || !lines.every((line) => uuidPattern.test(line)))
    throw answerRefused('ANSWER_MALFORMED', 'a tombstone does not have the agreed form');
  return lines;
}
