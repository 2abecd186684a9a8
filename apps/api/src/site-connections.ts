import type { Response } from 'express';
import type { Logger } from '@dossier/runtime/logger.ts';
import { isLimited } from '@dossier/feed/newcomers.ts';
import { query } from '@dossier/postgres/database.ts';
import type { Database } from '@dossier/postgres/database.ts';

const lookEveryMs = 1000;

/** Who is being told what. */
interface Held {
  /** Null of who speaks by the token alone and doesn't say which node it is. */
  siteId: number | null;
  /** The id of the token by which alone it speaks; null: it has a key. */
  token: string | null;
  /** The list of which it is told; null: of none in particular. */
  list: number | null;
}

/**
 * Ends answers under way once who is given them may not read them any more, by whichever process that was done: its site is revoked or may not read the list, also as
 * a master of this node says, the token by which alone it speaks lets nobody in any more, or the list was
 * withdrawn from this node.
 */
export class SiteConnections {
  readonly #database: Database;
  readonly #logger: Logger;
  readonly #open = new Map<Response, Held>();
  #isWaiting = false;

  constructor({ database, logger }: { database: Database; logger: Logger }) {
    this.#database = database;
    this.#logger = logger;
  }

  /** Keeps an answer in sight until it is over. */
  hold(response: Response, held: Held): void {
    this.#open.set(response, held);
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
              `select o.place - 1 as place
               from unnest(:sites::bigint[], :tokens::text[], :lists::bigint[]) with ordinality o (site_id, token, list_id, place) left join sites s on s.id = o.site_id
               where site_state(s) = 'revoked'
                 or (o.list_id is not null and (o.list_id <> all(coalesce(s.lists, array[o.list_id])) or o.list_id = any(denied_lists(s.id))))
                 or ${isLimited('o.token')} or is_withdrawn(o.list_id)`,
              {
                sites: open.map(([, { siteId }]) => siteId),
                tokens: open.map(([, { token }]) => token),
                lists: open.map(([, { list }]) => list),
              },
            );
      for (const { place } of over) open[place]?.[0].destroy();
    } catch (error) {
      this.#logger.warn({ err: error }, 'It could not be looked up whether a site may still read; it is tried again.');
    }
    this.#isWaiting = false;
    if (this.#open.size > 0) this.#wait();
  }
}
