import type { Link, Run } from '@dossier/protocol/sync.ts';
import type { Logger } from '@dossier/runtime/logger.ts';
import type { Database } from '@dossier/postgres/database.ts';
import { findLinks, listLinks } from '@dossier/replication/links.ts';
import type { JudgedLink } from '@dossier/replication/links.ts';
import { listenTo } from '@dossier/postgres/notifications.ts';
import type { Listening } from '@dossier/postgres/notifications.ts';
import { listNewestRuns } from '@dossier/replication/runs.ts';
import { namedIn, presentLink, presentRun } from './presenters/sync.ts';

/** Says that a list replicates no longer. */
export interface Gone {
  slave_dossier_list: number;
  gone: true;
}

/** What became of a link or a run. Ids grow, also over restarts of the process. */
export interface SyncEvent {
  readonly id: number;
  readonly name: 'link' | 'run';
  readonly list: number;
  /** A Link, a Gone or a Run. */
  readonly json: string;
  /** The uuids of dossiers that it names. */
  readonly named: readonly string[];
}

export interface Subscriber {
  /** The only list whose events are wanted, or null for all. */
  readonly list: number | null;
  receive(event: SyncEvent): void;
  /** No more events will come: the process ends, or the links can't be read. */
  end(): void;
}

/** Tells of changes of links and runs, whichever process makes them. */
export interface SyncEvents {
  /** Tells of the links as they are (at most 1,000), then of every change, in order, at most ten times a second. Returns how to stop. */
  subscribe(subscriber: Subscriber): () => void;
  /** Ends all subscriptions. */
  close(): Promise<void>;
}

/** Where the database tells of changes; the payload is the list's id. */
const channel = 'dossier_sync';
const coalesceMs = 100;
const tryAgainMs = 1000;
const snapshotLinks = 1000;
/** A run may end and the next begin between two looks. */
const runsPerLink = 2;

type Telling = Pick<SyncEvent, 'json' | 'named'>;

interface Loaded {
  readonly list: number;
  readonly link: Telling;
  readonly runs: ReadonlyMap<number, Telling>;
}

function tellingOf(object: Link | Run): Telling {
  return { json: JSON.stringify(object), named: namedIn(object) };
}

class Hub implements SyncEvents {
  readonly #database: Database;
  readonly #logger: Logger;
  readonly #listening: Listening;
  readonly #subscribers = new Set<Subscriber>();
  /** What was told last of each list, so that only what differs is told. */
  readonly #told = new Map<number, Loaded>();
  readonly #changed = new Set<number>();
  /** Something may have been missed: all links are looked at. */
  #stale = false;
  #timer: NodeJS.Timeout | null = null;
  #lastLook = 0;
  #lastId = Date.now();
  /** Looks and snapshots come one after the other, so that what a subscriber gets is in order. */
  #line: Promise<void> = Promise.resolve();
  #closed = false;

  constructor({ database, databaseUrl, logger }: { database: Database; databaseUrl: string; logger: Logger }) {
    this.#database = database;
    this.#logger = logger;
    this.#listening = listenTo({
      url: databaseUrl,
      channel,
      applicationName: 'dossier events',
      onNotification: (payload) => {
        if (this.#subscribers.size === 0) return;
        this.#changed.add(Number(payload));
        this.#lookSoon(coalesceMs);
      },
      onListening: () => {
        this.#stale = true;
        this.#lookSoon(0);
      },
      onLost: (error) => logger.warn({ err: error }, 'The connection that tells of changes was lost; it is made anew.'),
    });
  }

  subscribe(subscriber: Subscriber): () => void {
    if (this.#closed) {
      subscriber.end();
      return () => undefined;
    }
    this.#subscribers.add(subscriber);
    this.#inLine(() => this.#sendSnapshot(subscriber));
    return () => {
      this.#subscribers.delete(subscriber);
      if (this.#subscribers.size === 0) this.#told.clear();
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer) clearTimeout(this.#timer);
    for (const subscriber of this.#subscribers) subscriber.end();
    this.#subscribers.clear();
    await this.#listening.close();
  }

  #inLine(work: () => Promise<void>): void {
    this.#line = this.#line.then(async () => {
      if (!this.#closed) await work();
    });
  }

  #lookSoon(atLeastMs: number): void {
    if (this.#timer || this.#closed) return;
    const waitMs = Math.max(0, this.#lastLook + atLeastMs - performance.now());
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#lastLook = performance.now();
      this.#inLine(() => this.#look());
    }, waitMs);
  }

  /** Reads what was said to have changed, and tells what did. */
  async #look(): Promise<void> {
    const all = this.#stale;
    const lists = [...this.#changed];
    this.#stale = false;
    this.#changed.clear();
    if (this.#subscribers.size === 0) return;
    try {
      const first = all ? await this.#load(null) : [];
      const found = new Set(first.map(({ list }) => list));
      // What is beyond the first thousand is looked up before it is said to be gone.
      const asked = (all ? [...new Set([...this.#told.keys(), ...lists])] : lists).filter((list) => !found.has(list));
      const others = await this.#load(asked);
      for (const each of others) found.add(each.list);
      for (const each of [...first, ...others]) this.#tell(each);
      for (const list of asked) if (!found.has(list)) this.#tellGone(list);
    } catch (error) {
      if (this.#closed) return;
      this.#logger.warn({ err: error }, 'Changed links could not be read; they are read again.');
      this.#stale = true;
      this.#lastLook = performance.now();
      this.#lookSoon(tryAgainMs);
    }
  }

  async #sendSnapshot(subscriber: Subscriber): Promise<void> {
    try {
      const loaded = await this.#load(subscriber.list === null ? null : [subscriber.list]);
      if (!this.#subscribers.has(subscriber)) return;
      for (const each of loaded) {
        // Others have not been told of a change that is seen here first: they are, by the look that follows.
        if (!this.#told.has(each.list)) this.#told.set(each.list, each);
        subscriber.receive(this.#event('link', each.list, each.link));
      }
    } catch (error) {
      if (this.#closed) return;
      this.#logger.warn({ err: error }, 'Links could not be read for somebody who follows them.');
      this.#subscribers.delete(subscriber);
      subscriber.end();
    }
  }

  async #load(lists: readonly number[] | null): Promise<Loaded[]> {
    const links: JudgedLink[] =
      lists === null
        ? (await listLinks(this.#database, { cursor: null, limit: snapshotLinks, lists: null })).rows
        : await findLinks(this.#database, lists);
    const runs = await listNewestRuns(
      this.#database,
      links.map((link) => link.slave_list_id),
      runsPerLink,
    );
    const runsOf = Map.groupBy(runs, (run) => run.slave_list_id);
    return links.map((link) => {
      const own = runsOf.get(link.slave_list_id) ?? [];
      const unfinished = own.find((run) => run.finished_date === null) ?? null;
      return {
        list: link.slave_list_id,
        link: tellingOf(presentLink(link, unfinished)),
        runs: new Map(own.map((run) => [run.id, tellingOf(presentRun(run))])),
      };
    });
  }

  #tell(now: Loaded): void {
    const before = this.#told.get(now.list);
    this.#told.set(now.list, now);
    for (const [id, run] of now.runs) if (before?.runs.get(id)?.json !== run.json) this.#send('run', now.list, run);
    if (before?.link.json !== now.link.json) this.#send('link', now.list, now.link);
  }

  #tellGone(list: number): void {
    if (!this.#told.delete(list)) return;
    this.#send('link', list, { json: JSON.stringify({ slave_dossier_list: list, gone: true } satisfies Gone), named: [] });
  }

  #send(name: SyncEvent['name'], list: number, telling: Telling): void {
    const event = this.#event(name, list, telling);
    for (const subscriber of this.#subscribers) if (subscriber.list === null || subscriber.list === list) subscriber.receive(event);
  }

  #event(name: SyncEvent['name'], list: number, telling: Telling): SyncEvent {
    this.#lastId += 1;
    return { id: this.#lastId, name, list, ...telling };
  }
}

/** Opens a connection that listens, and reads the changed rows over the pool while somebody wants to know. */
export function createSyncEvents(deps: { database: Database; databaseUrl: string; logger: Logger }): SyncEvents {
  return new Hub(deps);
}
