import { query } from '@dossier/postgres/database.ts';
import type { Database } from '@dossier/postgres/database.ts';

/** As many numbers as one draw from the database gives, and for how long they may be used: masters take none that lies far behind what others have used. */
const drawn = 100;
const usableMs = 60_000;

/** The numbers under which a process of this node says something to masters: no other process ever gives the same one, but one on a copy of its database does. */
export class StatementNumbers {
  readonly #database: Database;
  #next = 0;
  #end = 0;
  #drawnAt = 0;
  #drawing: Promise<void> | null = null;

  constructor(database: Database) {
    this.#database = database;
  }

  async next(): Promise<number> {
    while (this.#next >= this.#end || performance.now() - this.#drawnAt > usableMs) await (this.#drawing ??= this.#draw());
    this.#next += 1;
    return this.#next - 1;
  }

  async #draw(): Promise<void> {
    try {
      const [row] = await query<{ number: number }>(this.#database, `select nextval('statement_numbers') as number`);
      this.#next = row?.number ?? 0;
      this.#end = this.#next + drawn;
      this.#drawnAt = performance.now();
    } finally {
      this.#drawing = null;
    }
  }
}
