import { wordsOf } from '@dossier/protocol/node-key.ts';
import type { Logger } from '@dossier/runtime/logger.ts';
import type { Database } from '@dossier/postgres/database.ts';
import { keepWords } from '@dossier/feed/sites.ts';
import type { SiteRow } from '@dossier/feed/sites.ts';

/** Makes the four words of sites' keys. Each costs a third of a second, so no site waits for its own, and a person who looks for those of one site only. */
export class SiteWords {
  readonly #deps: { database: Database; logger: Logger };
  #making: Promise<void> = Promise.resolve();

  constructor(deps: { database: Database; logger: Logger }) {
    this.#deps = deps;
  }

  /** Makes them after those that were asked for before. */
  makeLater(site: { id: number; key: string }): void {
    this.#making = this.#making.then(async () => {
      await this.#make(site).catch((error: unknown) => {
        this.#deps.logger.warn(
          { err: error, site: site.id },
          'The words of a site could not be kept; they are made when somebody looks at it.',
        );
      });
    });
  }

  /** The site with its words. */
  async complete(site: SiteRow): Promise<SiteRow> {
    const { id, key } = site;
    return key === null || site.words !== null ? site : { ...site, words: await this.#make({ id, key }) };
  }

  async #make({ id, key }: { id: number; key: string }): Promise<string> {
    const words = await wordsOf(key);
    await keepWords(this.#deps.database, { id, key, words });
    return words;
  }
}
