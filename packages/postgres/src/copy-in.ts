import { copyLine } from './copy-line.ts';
import type { Cell } from './copy-line.ts';

/** A connection of pg that carries out one statement after another. */
export interface RawConnection {
  query(statement: CopyIn): CopyIn;
}

/** What a statement of pg may say to the server. */
interface WireConnection {
  query(text: string): void;
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
  sendCopyFail(reason: string): void;
}

/** Each piece is on its way to the server before the next one is made. */
const pieceRows = 100;

/**
 * `COPY … FROM STDIN` as a statement of pg. The server works on the first rows while the next ones are made. `onSent` is called when all are on their
 * way.
 */
export class CopyIn {
  readonly text: string;
  /** Kept when the rows are in the table; broken by the error of the server, or that of making a row. */
  readonly done: Promise<void>;
  readonly #rows: Iterable<readonly Cell[]>;
  readonly #onSent: () => void;
  #settle: { keep: () => void; break: (error: unknown) => void } | null = null;

  /** @param target the table with the columns in brackets */
  constructor(target: string, rows: Iterable<readonly Cell[]>, onSent: () => void) {
    this.text = `copy ${target} from stdin (format text, encoding 'UTF8')`;
    this.#rows = rows;
    this.#onSent = onSent;
    this.done = new Promise<void>((resolve, reject) => (this.#settle = { keep: resolve, break: reject }));
  }

  submit(connection: WireConnection): void {
    connection.query(this.text);
  }

  handleCopyInResponse(connection: WireConnection): void {
    try {
      for (const piece of piecesOf(this.#rows)) connection.sendCopyFromChunk(piece);
      connection.endCopyFrom();
    } catch (error) {
      this.#settle?.break(error);
      connection.sendCopyFail('a row could not be made');
      return;
    }
    this.#onSent();
  }

  handleCommandComplete(): void {
    // What matters comes with the end of the statement.
  }

  handleError(error: Error): void {
    this.#settle?.break(error);
  }

  handleReadyForQuery(): void {
    this.#settle?.keep();
  }
}

function* piecesOf(rows: Iterable<readonly Cell[]>): Generator<Buffer> {
  let text = '';
  let count = 0;
  for (const row of rows) {
    text += copyLine(row);
    count += 1;
    if (count % pieceRows > 0) continue;
    yield Buffer.from(text);
    text = '';
  }
  if (text !== '') yield Buffer.from(text);
}
