import { hash } from 'node:crypto';
import { textOfTarget } from './columns.ts';
import type { Target } from './columns.ts';

/** A column that was seen, and what of it people should see before anything is written. */
export interface SurveyedColumn {
  readonly name: string;
  /** A field of a dossier, `meta.KEY`, or empty where it is left out. */
  readonly as: string;
  readonly known: boolean;
  /** How many rows hold something in it. */
  rows: number;
  /** The first different values, shortened. */
  readonly samples: string[];
}

/** Rows with an external id that gives reason for doubt. */
export interface Doubt {
  count: number;
  /** The first of them. `first`: the row in which the same id stood before. */
  readonly rows: { readonly line: number; readonly external_id: string; readonly first?: number }[];
}

const mostColumns = 1000;
const mostSamples = 3;
const sampleCharacters = 80;
const mostDoubts = 100;
/** Beyond so many ids no further one is remembered, so that memory stays bounded. */
const mostIds = 1_000_000;
/** As spreadsheets write long numbers that they have rounded. */
const scientific = /^[+-]?\d+(?:[.,]\d+)?E[+-]\d{1,3}$/i;
const hashBytes = 6;

/** What is seen of a file while it is read, beside its rows. */
export class Survey {
  readonly #columns = new Map<string, SurveyedColumn>();
  readonly #ids = new Map<number, number>();
  readonly scientific: Doubt = { count: 0, rows: [] };
  readonly repeated: Doubt = { count: 0, rows: [] };

  get columns(): readonly SurveyedColumn[] {
    return [...this.#columns.values()];
  }

  /** Those that are no field of a dossier and were not said to be any. */
  get unknown(): readonly SurveyedColumn[] {
    return this.columns.filter(({ known, name, rows }) => !known && (rows > 0 || !/^column \d+$/.test(name)));
  }

  /** The column, from now on; undefined beyond a thousand. */
  column(name: string, target: Target, known: boolean): SurveyedColumn | undefined {
    const seen = this.#columns.get(name);
    if (seen !== undefined || this.#columns.size >= mostColumns) return seen;
    const column = { name, as: textOfTarget(target), known, rows: 0, samples: [] };
    this.#columns.set(name, column);
    return column;
  }

  /** A row holds this in the column. */
  value(column: SurveyedColumn | undefined, value: unknown): void {
    if (column === undefined) return;
    column.rows += 1;
    if (column.samples.length >= mostSamples) return;
    const text = (typeof value === 'string' ? value : (JSON.stringify(value) ?? '')).slice(0, sampleCharacters);
    if (!column.samples.includes(text)) column.samples.push(text);
  }

  /** A row has this external id. */
  externalId(line: number, externalId: string): void {
    if (scientific.test(externalId)) doubt(this.scientific, { line, external_id: externalId });
    const key = hash('sha1', externalId, 'buffer').readUIntBE(0, hashBytes);
    const first = this.#ids.get(key);
    if (first !== undefined) doubt(this.repeated, { line, external_id: externalId, first });
    else if (this.#ids.size < mostIds) this.#ids.set(key, line);
  }
}

function doubt(doubts: Doubt, row: Doubt['rows'][number]): void {
  doubts.count += 1;
  if (doubts.rows.length < mostDoubts) doubts.rows.push(row);
}
