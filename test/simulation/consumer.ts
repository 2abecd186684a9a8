import { pageEndSchema, rowColumns, rowsMediaType, tombstoneColumns } from '@dossier/protocol/rows.ts';
import type { PageEnd } from '@dossier/protocol/rows.ts';
import type { FeedClient } from '@dossier/replication/feed-client.ts';
import { TupleReader } from '@dossier/replication/tuple-reader.ts';
import { statedHash } from './content.ts';
import type { History } from './history.ts';
import type { World } from './world.ts';
import { require } from './violation.ts';

/** Another consumer of the feed: follows the changes page by page and, unlike a slave, never compares a digest. */
export class FeedConsumer {
  readonly list: number;
  readonly #client: FeedClient;
  readonly #history: History;
  #epoch: string | null = null;
  #since = 0;
  #rows = new Map<string, string>();
  /** The latest head of the pages read: what changes up to there may have come in a newer version already. */
  #highest = 0;

  constructor(world: World, list: number, history: History) {
    this.list = list;
    this.#client = world.createClient({ node: 'master', requireAlive: () => undefined });
    this.#history = history;
  }

  /** Reads one page; where it ends at the latest head, what was read so far has to be what the list held there. */
  async read(): Promise<void> {
    this.#epoch ??= this.#history.current(this.list).epoch;
    const answer = await this.#client.get(`/feed/v1/dossier-lists/${this.list}/changes`, {
      query: { since: this.#since, epoch: this.#epoch },
      accept: rowsMediaType,
      maximumBytes: 64 * 1024 * 1024,
    });
    if (answer.status === 410) return this.startOver();
    const end = this.#take(answer.body);
    this.#since = end.next;
    this.#highest = Math.max(this.#highest, end.head.revision);
    if (end.next === this.#highest && end.next === end.head.revision) this.#compare(end.head);
  }

  startOver(): void {
    this.#epoch = null;
    this.#since = 0;
    this.#highest = 0;
    this.#rows = new Map();
  }

  #take(body: Buffer): PageEnd {
    const endAt = body.lastIndexOf(0x0a, body.length - 2);
    const end = pageEndSchema.parse(JSON.parse(body.toString('utf8', endAt)));
    const rows = new TupleReader(body.subarray(0, end.row_bytes), rowColumns.length);
    const [uuid, hash] = [rowColumns.indexOf('uuid'), rowColumns.indexOf('hash')];
    while (rows.next()) this.#rows.set(uuidOf(rows, uuid), fieldOf(rows, hash).toString('hex'));
    const tombstones = new TupleReader(body.subarray(end.row_bytes, endAt), tombstoneColumns.length);
    while (tombstones.next()) this.#rows.delete(uuidOf(tombstones, 0));
    return end;
  }

  #compare(head: PageEnd['head']): void {
    const state = this.#history.find(this.list, head);
    require(2, state !== null, () => `a page of list ${this.list} ends at revision ${head.revision}, where the master never was so`);
    const wrong = [...state.rows.values()].find((content) => this.#rows.get(content.uuid) !== statedHash(content));
    require(14, wrong === undefined && this.#rows.size === state.rows.size, () =>
      wrong
        ? `who follows the changes of list ${this.list} up to revision ${head.revision} has missed ${wrong.uuid}`
        : `who follows the changes of list ${this.list} up to revision ${head.revision} has ${this.#rows.size} dossiers, the master ${state.rows.size}`);
  }
}

function fieldOf({ block, starts, lengths }: TupleReader, place: number): Buffer {
  const from = starts[place] ?? 0;
  return block.subarray(from, from + (lengths[place] ?? 0));
}

function uuidOf(reader: TupleReader, place: number): string {
  const digits = fieldOf(reader, place).toString('hex');
  return [digits.slice(0, 8), digits.slice(8, 12), digits.slice(12, 16), digits.slice(16, 20), digits.slice(20)].join('-');
}
