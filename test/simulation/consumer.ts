import { z } from 'zod';
import type { FeedClient } from '@dossier/replication/feed-client.ts';
import { hashOf } from './content.ts';
import type { History } from './history.ts';
import type { World } from './world.ts';
import { require } from './violation.ts';

const changeLine = z.looseObject({ kind: z.enum(['put', 'tombstone']), revision: z.int(), dossier: z.uuid(), hash: z.string().optional() });
const endLine = z.looseObject({
  next: z.int(),
  more: z.boolean(),
  head: z.object({ epoch: z.uuid(), revision: z.int(), count: z.int(), digest: z.string() }),
});

/** Another consumer of the feed: follows the changes page by page and, unlike a slave, never compares a digest. */
export class FeedConsumer {
  readonly list: number;
  readonly #client: FeedClient;
  readonly #history: History;
  #epoch: string | null = null;
  #since = 0;
  #rows = new Map<string, string>();

  constructor(world: World, list: number, history: History) {
    this.list = list;
    this.#client = world.createClient({ node: 'master', requireAlive: () => undefined });
    this.#history = history;
  }

  /** Reads one page; where it ends at the head, what was read so far has to be what the list held there. */
  async read(): Promise<void> {
    this.#epoch ??= this.#history.current(this.list).epoch;
    const answer = await this.#client.get(`/feed/v1/dossier-lists/${this.list}/changes`, {
      query: { since: this.#since, epoch: this.#epoch },
      maximumBytes: 64 * 1024 * 1024,
    });
    if (answer.status === 410) return this.startOver();
    const lines = answer.body.toString('utf8').trimEnd().split('\n');
    const end = endLine.parse(JSON.parse(lines.pop() ?? ''));
    for (const line of lines) {
      const change = changeLine.parse(JSON.parse(line));
      if (change.kind === 'put') this.#rows.set(change.dossier, change.hash ?? '');
      else this.#rows.delete(change.dossier);
    }
    this.#since = end.next;
    if (!end.more) this.#compare(end.head);
  }

  startOver(): void {
    this.#epoch = null;
    this.#since = 0;
    this.#rows = new Map();
  }

  #compare(head: z.infer<typeof endLine>['head']): void {
    const state = this.#history.find(this.list, head);
    require(2, state !== null, () => `a page of list ${this.list} ends at revision ${head.revision}, where the master never was so`);
    const wrong = [...state.rows.values()].find((content) => this.#rows.get(content.uuid) !== hashOf(content));
    require(14, wrong === undefined && this.#rows.size === state.rows.size, () =>
      wrong
        ? `who follows the changes of list ${this.list} up to revision ${head.revision} has missed ${wrong.uuid}`
        : `who follows the changes of list ${this.list} up to revision ${head.revision} has ${this.#rows.size} dossiers, the master ${state.rows.size}`);
  }
}
