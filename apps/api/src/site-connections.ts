import type { Response } from 'express';
import type { Logger } from '@dossier/runtime/logger.ts';
import { query } from '@dossier/postgres/database.ts';
import type { Database } from '@dossier/postgres/database.ts';

const lookEveryMs = 1000;

/** Ends the answers that a site is being given once it is revoked, by whichever process that was done. */
export class SiteConnections {
  readonly #database: Database;
  readonly #logger: Logger;
  readonly #open = new Map<Response, number>();
  #isWaiting = false;

  constructor({ database, logger }: { database: Database; logger: Logger }) {
    this.#database = database;
    this.#logger = logger;
  }

  /** Keeps an answer in sight until it is over; `siteId` null where sites aren't told apart. */
  hold(siteId: number | null, response: Response): void {
    if (siteId === null) return;
    this.#open.set(response, siteId);
    response.once('close', () => this.#open.delete(response));
    this.#wait();
  }

  /** Ends all answers to this site at once. */
  end(siteId: number): void {
    for (const [response, held] of this.#open) if (held === siteId) response.destroy();
  }

  #wait(): void {
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    setTimeout(() => void this.#look(), lookEveryMs).unref();
  }

  /** Whoever is answered within a second is never looked up. */
  async #look(): Promise<void> {
    try {
      const sites = [...new Set(this.#open.values())];
      const revoked =
        sites.length === 0
          ? []
          : await query<{ id: number }>(this.#database, `select id from sites where id = any(:sites::bigint[]) and state = 'revoked'`, {
              sites,
            });
      for (const { id } of revoked) this.end(id);
    } catch (error) {
      this.#logger.warn({ err: error }, 'It could not be looked up whether a site was revoked; it is tried again.');
    }
    this.#isWaiting = false;
    if (this.#open.size > 0) this.#wait();
  }
}
