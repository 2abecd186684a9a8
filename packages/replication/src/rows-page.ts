import { dossierBounds, metaFault } from '@dossier/domain/dossier.ts';
import { dossierRowColumns, rowsEndSchema, tombstoneRowColumns } from '@dossier/protocol/rows.ts';
import type { RowsEnd } from '@dossier/protocol/rows.ts';
import { dossierRepeated } from './once.ts';
import { PhotoRows } from './photo-rows.ts';
import type { LoadedRows } from './ports.ts';
import { answerRefused } from './sync-failure.ts';
import type { SyncFailure } from './sync-failure.ts';
import { TupleReader } from './tuple-reader.ts';
import { UuidPlaces, uuidText } from './uuid-places.ts';

/** A page in its fast form that passed every check which needs no knowledge of the slave. */
export interface FetchedRows {
  rows: LoadedRows;
  end: RowsEnd;
  /** The answer, of which `rows` are parts. */
  body: Buffer;
}

const lineFeed = 0x0a;
const maximumEndBytes = 4096;
const hashBytes = 32;

/**
 * Reads a page of rows (protocol/rows.ts) without making anything of its rows: they are handed to PostgreSQL as they came. What PostgreSQL's types
 * and checks don't look at is looked at here: that rows and fields are as long as they have to be, that a row belongs where it stands, that the
 * photos are those whose hash the dossier bears, dates, measures, lengths. Throws SyncFailure.
 */
export function readRowsPage(body: Buffer): FetchedRows {
  const { end, endOfRows } = readEnd(body);
  const endOfPhotos = end.dossier_bytes + end.photo_bytes;
  if (endOfPhotos > endOfRows) throw answerRefused('PAGE_INCOMPLETE', 'its blocks are longer than it is');
  const dossiers = body.subarray(0, end.dossier_bytes);
  const photos = body.subarray(end.dossier_bytes, endOfPhotos);
  const photoRows = new PhotoRows(photos);
  const named = new UuidPlaces(body);
  readDossiers(dossiers, photoRows, named);
  const dossierCount = named.count;
  if (!photoRows.isThrough()) throw answerRefused('PAGE_INCOMPLETE', 'a page holds photos of no dossier');
  const removed = readTombstones(body.subarray(endOfPhotos, endOfRows), (at) => named.add(endOfPhotos + at));
  const isCounted = dossierCount === end.dossiers && photoRows.count === end.photos && removed.length === end.tombstones;
  if (!isCounted) throw answerRefused('PAGE_INCOMPLETE', `a page of ${dossierCount} rows says that it has ${end.dossiers}`);
  const repeated = named.findRepeated();
  if (repeated !== null) throw dossierRepeated(repeated);
  const rows = {
    dossiers,
    photos,
    dossierCount,
    photoCount: photoRows.count,
    uuids: () => named.texts(),
    removed,
    wanted: photoRows.wanted(),
  };
  return { rows, end, body };
}

/** The end line is JSON without a line feed in it, so that the last but one is the one before it, whatever stands in the rows. */
function readEnd(body: Buffer): { end: RowsEnd; endOfRows: number } {
  if (body.at(-1) !== lineFeed) throw answerRefused('PAGE_INCOMPLETE', 'the last line of a page is not whole');
  const endOfRows = body.length < 2 ? -1 : body.lastIndexOf(lineFeed, body.length - 2);
  if (endOfRows === -1 || body.length - endOfRows > maximumEndBytes) throw answerRefused('PAGE_INCOMPLETE', 'a page has no end line');
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8', endOfRows));
  } catch (error) {
    throw answerRefused('PAGE_INCOMPLETE', 'a page has no end line', error);
  }
  const end = rowsEndSchema.safeParse(value);
  if (!end.success) throw answerRefused('PAGE_INCOMPLETE', 'a page has no end line', end.error);
  return { end: end.data, endOfRows };
}

/** Reads the dossiers, which begin where the page does, with their photos beside them. */
function readDossiers(block: Buffer, photoRows: PhotoRows, named: UuidPlaces): void {
  const tuples = new TupleReader(block, malformedDossier);
  while (!tuples.isThrough()) {
    tuples.row(dossierRowColumns.length);
    const uuid = tuples.uuid();
    requireBoolean(tuples);
    requireDate(tuples);
    requireDate(tuples);
    const photoCount = tuples.integer();
    const photosHash = readHash(tuples);
    // external_id, name, comment: PostgreSQL looks at their characters and at how many there are.
    tuples.fieldOrNull();
    tuples.field();
    tuples.field();
    requireMeta(tuples);
    if (photoCount < 0 || photoCount > dossierBounds.photos) throw answerRefused('DOSSIER_MALFORMED', `a dossier has ${photoCount} photos`);
    if (photoRows.hashOf(photoCount, block, uuid) !== photosHash)
      throw answerRefused('DOSSIER_MALFORMED', `the photos of ${uuidText(block, uuid)} are not those that it names`);
    named.add(uuid);
  }
}

function malformedDossier(): SyncFailure {
  return answerRefused('DOSSIER_MALFORMED', 'a row of a dossier does not have the agreed form');
}

/** The hash of a dossier's photos, or nothing where it has none. */
function readHash(tuples: TupleReader): string {
  const length = tuples.field();
  if (length !== 0 && length !== hashBytes) throw malformedDossier();
  return tuples.block.toString('hex', tuples.at, tuples.at + length);
}

/** PostgreSQL would take every byte but 0 for "true". */
function requireBoolean(tuples: TupleReader): void {
  if ((tuples.block[tuples.fixed(1)] ?? 2) > 1) throw malformedDossier();
}

/** A timestamp's upper and lower 32 bits; eight bytes are more than a number holds exactly. */
function halves(date: string): { upper: number; lower: number } {
  const microseconds = BigInt(Date.parse(date) - Date.UTC(2000, 0)) * 1000n;
  return { upper: Number(microseconds >> 32n), lower: Number(BigInt.asUintN(32, microseconds)) };
}

/** The readable form can say the years from 1 to 99999, and no infinity. */
const firstDate = halves('0001-01-01T00:00:00Z');
const afterLastDate = halves('+100000-01-01T00:00:00Z');

/** The next field has to be a date; it is in microseconds since 2000. */
function requireDate(tuples: TupleReader): void {
  const at = tuples.fixed(8);
  const upper = tuples.block.readInt32BE(at);
  const lower = tuples.block.readUInt32BE(at + 4);
  const isEarly = upper < firstDate.upper || (upper === firstDate.upper && lower < firstDate.lower);
  const isLate = upper > afterLastDate.upper || (upper === afterLastDate.upper && lower >= afterLastDate.lower);
  if (isEarly || isLate) throw answerRefused('DOSSIER_MALFORMED', 'a dossier has a date that is none');
}

/** Before the text of a jsonb stands the version of its form. */
const jsonbVersion = 1;
const [openSquare, openCurly] = [0x5b, 0x7b];

/** The next field has to be a jsonb that isn't nested too deep. Fewer opening brackets can't be; only a text with many of them is read. */
function requireMeta(tuples: TupleReader): void {
  const length = tuples.field();
  const { block, at } = tuples;
  if (length === 0 || block[at] !== jsonbVersion) throw malformedDossier();
  if (length < 2 * dossierBounds.metaDepth) return;
  const end = at + length;
  let opened = 0;
  for (let index = at; index < end; index += 1) {
    const byte = block[index];
    if (byte === openSquare || byte === openCurly) opened += 1;
  }
  if (opened <= dossierBounds.metaDepth) return;
  let meta: unknown;
  try {
    meta = JSON.parse(block.toString('utf8', at + 1, end));
  } catch (error) {
    throw answerRefused('DOSSIER_MALFORMED', 'the meta of a dossier is no JSON', error);
  }
  const fault = metaFault(meta);
  if (fault !== null) throw answerRefused('DOSSIER_MALFORMED', fault);
}

function readTombstones(block: Buffer, found: (at: number) => void): string[] {
  const tuples = new TupleReader(block, () => answerRefused('ANSWER_MALFORMED', 'a tombstone does not have the agreed form'));
  const removed: string[] = [];
  while (!tuples.isThrough()) {
    tuples.row(tombstoneRowColumns.length);
    const uuid = tuples.uuid();
    found(uuid);
    removed.push(uuidText(block, uuid));
  }
  return removed;
}
