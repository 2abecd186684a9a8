import { dossierBounds } from '@dossier/domain/dossier.ts';
import { pageEndSchema, rowColumns, tombstoneColumns } from '@dossier/protocol/rows.ts';
import type { PageEnd } from '@dossier/protocol/rows.ts';
import { dossierRepeated } from './once.ts';
import { hashBytes, RowCheck } from './row-check.ts';
import type { RowFault } from './row-check.ts';
import type { WantedPhoto } from './row-photos.ts';
import { answerRefused } from './sync-failure.ts';
import { TupleReader } from './tuple-reader.ts';
import { uuidBytes, UuidPlaces, uuidText } from './uuid-places.ts';

/** A row that can't be held as it came, with what the master says of its dossier. */
export interface RefusedRow extends RowFault {
  uuid: string;
  /** 64 hexadecimal digits: the hash that it bears. */
  hash: string;
  /** Null where what came is no name, or no external id. */
  name: string | null;
  externalId: string | null;
}

/** Rows of a master that passed every check which needs no knowledge of the slave. */
export interface RowsPage {
  /** One whole block of `rowColumns` in COPY's binary format, without the refused rows. */
  rows: Buffer;
  /** How many rows the block has. */
  count: number;
  /** Uuids of dossiers that left the list. */
  removed: readonly string[];
  refused: readonly RefusedRow[];
  /** Uuids of all dossiers that the page names, each once: those of its rows, the refused ones among them, then the removed ones. */
  uuids(): readonly string[];
  /** The different photos that the rows show, each with the uuid of one dossier that shows it. */
  wanted: readonly WantedPhoto[];
  end: PageEnd;
  /** Length of the answer. */
  bytes: number;
  /** The memory of the answer, of which `rows` is a part where nothing was refused. */
  body: Buffer;
}

const lineFeed = 0x0a;
const maximumEndBytes = 4096;
const [uuidPlace, hashPlace, externalIdPlace, namePlace] = (['uuid', 'hash', 'external_id', 'name'] as const).map((column) =>
  rowColumns.indexOf(column),
) as [number, number, number, number];

/**
 * Reads rows (protocol/rows.ts) without making anything of them: they are handed to PostgreSQL as they came. A row that can't be held is refused by name,
 * and the others are taken; where it can't be told which rows there are, nothing is.
 * Throws SyncFailure.
 */
export function readRowsPage(body: Buffer): RowsPage {
  const { end, endOfRows } = readEnd(body);
  if (end.row_bytes > endOfRows) throw answerRefused('PAGE_INCOMPLETE', 'its blocks are longer than it is');
  const named = new UuidPlaces(body);
  const read = readRows(body.subarray(0, end.row_bytes), named);
  const count = named.count;
  const removed = readTombstones(body.subarray(end.row_bytes, endOfRows), (at) => named.add(end.row_bytes + at));
  if (count !== end.rows || removed.length !== end.tombstones) {
    throw answerRefused('PAGE_INCOMPLETE', `of ${count} rows and ${removed.length} tombstones it says ${end.rows} and ${end.tombstones}`);
  }
  const repeated = named.findRepeated();
  if (repeated !== null) throw dossierRepeated(repeated);
  return { ...read, count: count - read.refused.length, removed, uuids: () => named.texts(), end, bytes: body.length, body };
}

/** The end line is JSON without a line feed in it, so that the last but one is the one before it, whatever stands in the rows. */
function readEnd(body: Buffer): { end: PageEnd; endOfRows: number } {
  if (body.at(-1) !== lineFeed) throw answerRefused('PAGE_INCOMPLETE', 'its last line is not whole');
  const endOfRows = body.length < 2 ? -1 : body.lastIndexOf(lineFeed, body.length - 2);
  if (endOfRows === -1 || body.length - endOfRows > maximumEndBytes) throw answerRefused('PAGE_INCOMPLETE', 'it has no end line');
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8', endOfRows));
  } catch (error) {
    throw answerRefused('PAGE_INCOMPLETE', 'it has no end line', error);
  }
  const end = pageEndSchema.safeParse(value);
  if (!end.success) throw answerRefused('PAGE_INCOMPLETE', 'it has no end line', end.error);
  return { end: end.data, endOfRows };
}

/** Reads the rows, which begin where the page does. */
function readRows(block: Buffer, named: UuidPlaces): Pick<RowsPage, 'rows' | 'refused' | 'wanted'> {
  const rows = new TupleReader(block, rowColumns.length);
  const check = new RowCheck(rows);
  const refused: RefusedRow[] = [];
  const kept = new KeptRows(block);
  while (rows.next()) {
    if (rows.lengths[uuidPlace] !== uuidBytes || rows.lengths[hashPlace] !== hashBytes) {
      throw answerRefused('ANSWER_MALFORMED', `a row at byte ${rows.from} has no uuid or no hash`);
    }
    const uuid = rows.starts[uuidPlace] ?? 0;
    named.add(uuid);
    const fault = check.fault();
    if (fault === null) {
      check.photos.keep(uuid);
    } else {
      refused.push(refusedRow(rows, fault));
      kept.leaveOut(rows.from, rows.to);
    }
  }
  return { rows: kept.block(), refused, wanted: check.photos.wanted((at) => uuidText(block, at)) };
}

function refusedRow({ block, starts, lengths }: TupleReader, fault: RowFault): RefusedRow {
  const bytesOf = (place: number): Buffer | null => {
    const from = starts[place] ?? 0;
    return lengths[place] === -1 ? null : block.subarray(from, from + (lengths[place] ?? 0));
  };
  return {
    ...fault,
    uuid: uuidText(block, starts[uuidPlace] ?? 0),
    hash: bytesOf(hashPlace)?.toString('hex') ?? '',
    name: readableText(bytesOf(namePlace), dossierBounds.name),
    externalId: readableText(bytesOf(externalIdPlace), dossierBounds.externalId),
  };
}

/** A text that can be shown and stored, cut where it is too long; null for what is none. */
function readableText(bytes: Buffer | null, maximum: number): string | null {
  if (bytes === null) return null;
  // The bytes of so many characters, and of one that is cut.
  const text = bytes.toString('utf8', 0, 4 * (maximum + 1));
  if (text.includes('\u0000') || text.includes('\uFFFD')) return null;
  return Array.from(text).slice(0, maximum).join('');
}

/** A block without some of its rows. */
class KeptRows {
  readonly #block: Buffer;
  readonly #parts: Buffer[] = [];
  #from = 0;

  constructor(block: Buffer) {
    this.#block = block;
  }

  leaveOut(from: number, to: number): void {
    if (from > this.#from) this.#parts.push(this.#block.subarray(this.#from, from));
    this.#from = to;
  }

  block(): Buffer {
    if (this.#from === 0) return this.#block;
    return Buffer.concat([...this.#parts, this.#block.subarray(this.#from)]);
  }
}

function readTombstones(block: Buffer, found: (at: number) => void): string[] {
  const rows = new TupleReader(block, tombstoneColumns.length);
  const removed: string[] = [];
  while (rows.next()) {
    if (rows.lengths[0] !== uuidBytes) throw answerRefused('ANSWER_MALFORMED', 'a tombstone has no uuid');
    const uuid = rows.starts[0] ?? 0;
    found(uuid);
    removed.push(uuidText(block, uuid));
  }
  return removed;
}
