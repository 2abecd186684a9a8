import type { Response } from 'express';
import type { Logger } from '@dossier/runtime/logger.ts';
import { query } from '@dossier/postgres/database.ts';
import type { Database } from '@dossier/postgres/database.ts';

const lookEveryMs = 1000;

/** What a site is being told. */
interface Held {
  siteId: number;
  /** The list of which it is told; null: of none in particular. */
  list: number | null;
}

/** Ends the answers that a site is being given once it is revoked, or may not read their list any more, by whichever process that was done. */
export class SiteConnections {
  readonly #database: Database;
  readonly #logger: Logger;
  readonly #open = new Map<Response, Held>();
  #isWaiting = false;

  constructor({ database, logger }: { database: Database; logger: Logger }) {
    this.#database = database;
    this.#logger = logger;
  }

  /** Keeps an answer in sight until it is over; `siteId` null where sites aren't told apart. */
  hold(response: Response, { siteId, list }: { siteId: number | null; list: number | null }): void {
    if (siteId === null) return;
    this.#open.set(response, { siteId, list });
    response.once('close', () => this.#open.delete(response));
    this.#wait();
  }

  /** Ends all answers to this site at once. */
  end(siteId: number): void {
    for (const [response, held] of this.#open) if (held.siteId === siteId) response.destroy();
  }

  #wait(): void {
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    setTimeout(() => void this.#look(), lookEveryMs).unref();
  }

  /** Whoever is answered within a second is never looked up. */
  async #look(): Promise<void> {
    try {
      const open = [...this.#open];
      const over =
        open.length === 0
          ? []
          : await query<{ place: number }>(
              this.#database,
              `select o.place - 1 as place from unnest(:sites::bigint[], :lists::bigint[]) with ordinality o (site_id, list_id, place) join sites s on s.id = o.site_id
               where site_state(s) = 'revoked'
                 or (o.list_id is not null and (o.list_id <> all(coalesce(s.lists, array[o.list_id])) or o.list_id = any(denied_lists(s.id))))`,
              { sites: open.map(([, { siteId }]) => siteId), lists: open.map(([, { list }]) => list) },
            );
      for (const { place } of over) open[place]?.[0].destroy();
    } catch (error) {
      this.#logger.warn({ err: error }, 'It could not be looked up whether a site may still read; it is tried again.');
    }
    this.#isWaiting = false;
    if (this.#open.size > 0) this.#wait();
  }
}
