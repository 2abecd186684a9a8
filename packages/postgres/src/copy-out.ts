import type { Connection as WireConnection } from 'pg';
import type { RowBlocks } from './row-blocks.ts';

/** A connection of pg that carries out one statement after another. */
export interface RawConnection {
  query(statement: CopyOut): CopyOut;
}

/**
 * `COPY … TO STDOUT` as a statement of pg, in the binary format, from its header to its trailer; texts are in the connection's encoding, which pg
 * always sets to UTF-8. Each row goes into a block as it comes: a page has thousands of them, and a stream with a buffer of its own
 * for each costs several times what PostgreSQL needs to make them.
 */
export class CopyOut {
  readonly text: string;
  /** Of what has come so far. */
  bytes = 0;
  rows = 0;
  /** Kept when the statement is over; broken by its error. */
  readonly done: Promise<void>;
  readonly #blocks: RowBlocks;
  #settle: { keep: () => void; break: (error: Error) => void } | null = null;

  /** Puts the rows of `select` into `blocks`. */
  constructor(select: string, blocks: RowBlocks) {
    this.text = `copy (${select}) to stdout (format binary)`;
    this.#blocks = blocks;
    this.done = new Promise<void>((resolve, reject) => (this.#settle = { keep: resolve, break: reject }));
  }

  submit(connection: WireConnection): void {
    this.#blocks.fillFrom(connection.stream);
    connection.query(this.text);
  }

  handleCopyData({ chunk }: { chunk: Buffer }): void {
    this.bytes += chunk.length;
    this.#blocks.append(chunk);
  }

  handleCommandComplete({ text }: { text: string }): void {
    this.rows = Number(/^COPY (\d+)$/.exec(text)?.[1]);
  }

  handleError(error: Error): void {
    this.#settle?.break(error);
  }

  handleReadyForQuery(): void {
    this.#settle?.keep();
  }
}
