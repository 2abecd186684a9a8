import type { z } from 'zod';
import type { Position } from '@dossier/domain/position.ts';
import { declarationHash } from '@dossier/protocol/declaration-hash.ts';
import {
  feedVersions,
  greetingSchema,
  headSchema,
  headsSchema,
  maximumAnswerBytes,
  offeredListsSchema,
  resetSchema,
  treeSchema,
} from '@dossier/protocol/feed.ts';
import type { Head, TreeNode } from '@dossier/protocol/feed.ts';
import { jsonExcess } from '@dossier/protocol/json-bounds.ts';
import { rowsMediaType } from '@dossier/protocol/rows.ts';
import type { PageEnd } from '@dossier/protocol/rows.ts';
import type { Readable } from 'node:stream';
import type { FeedAnswer, FeedClient, LargeAnswerOptions } from './feed-client.ts';
import { askPhotoBundle } from './photo-bundle.ts';
import type { PhotoBundle } from './photo-bundle.ts';
import type { WantedPhoto } from './row-photos.ts';
import { readRowsPage } from './rows-page.ts';
import type { RowsPage } from './rows-page.ts';
import { answerRefused, SyncFailure } from './sync-failure.ts';
import { requireTree } from './tree-answer.ts';

export type { RowsPage } from './rows-page.ts';

/** Which page of a list; `begun`: the head at which a reading of the whole list began, if it is one. */
export interface PageQuestion {
  since: number;
  epoch: string;
  begun?: number;
}

export type HeadAnswer = { outcome: 'unchanged' } | { outcome: 'head'; head: Head; tag: string | null } | { outcome: 'no-list' };
export type ChangesAnswer =
  | { outcome: 'page'; page: RowsPage }
  | { outcome: 'reset'; epoch: string; floor: number }
  | { outcome: 'no-list' };
/** `left`: how many of the uuids, the last ones, were not looked at. */
export type RowsAnswer = { outcome: 'page'; page: RowsPage; left: number } | { outcome: 'no-list' };
/** `dossierList`: uuid of the list. */
export type TreeAnswer = { outcome: 'tree'; dossierList: string; position: Position; nodes: TreeNode[] } | { outcome: 'no-list' };

/** What this node says of its copy besides its position: when it was brought there, its state, and how many dossiers are set aside. */
export interface Standing {
  readonly applied?: string;
  readonly state: string;
  readonly set_aside: number;
  /** Which of this node's copies of that list. */
  readonly copy: number;
  /** Of a list that was withdrawn: how many nodes that have it from here haven't confirmed that they gave it up. */
  readonly unconfirmed?: number;
}

/** What this node knows of a list already; `list`: its uuid on the master, once that is known. Who names it is told if the list was taken from it. */
export interface KnownHead {
  readonly position: Position | null;
  readonly tag: string | null;
  readonly standing?: Standing;
  readonly list?: string | null;
}

/** Who asks: its identity, and the number under which it says something, each once. */
export interface Self {
  readonly node: string;
  readonly name: string;
  number(): Promise<number>;
}

/** A master as its feed shows it. All methods throw FeedError for faults of the wire and SyncFailure for answers that contradict themselves. */
export interface Master {
  greet(signal?: AbortSignal): Promise<z.infer<typeof greetingSchema>>;
  lists(signal?: AbortSignal): Promise<z.infer<typeof offeredListsSchema>>;
  head(list: number, known: KnownHead, signal: AbortSignal): Promise<HeadAnswer>;
  /** Those of the lists whose heads still have these tags; none if this master can't be asked about many at once. */
  unchanged(heads: readonly { list: number; tag: string }[], signal: AbortSignal): Promise<Set<number>>;
  changes(list: number, from: PageQuestion, options: LargeAnswerOptions): Promise<ChangesAnswer>;
  /** The rows of these dossiers as they are now. One that was looked at and isn't in the page has left the list. */
  rows(list: number, uuids: readonly string[], options: LargeAnswerOptions): Promise<RowsAnswer>;
  /** Those of these nodes that are in the tree of the list, each whole in itself. */
  tree(list: number, prefixes: readonly string[], signal: AbortSignal): Promise<TreeAnswer>;
  /** Several photos at once, about as many as fit one answer. */
  photos(list: number, photos: readonly WantedPhoto[], options: LargeAnswerOptions): Promise<PhotoBundle>;
  /** Null if the master doesn't have it, or its dossier doesn't show it any more. */
  photo(list: number, photo: WantedPhoto & { signal: AbortSignal }): Promise<Readable | null>;
}

const smallAnswerBytes = 4 * 1024 * 1024;

/**
 * Speaks the feed's version 1 over a signed client. With `self`, this node's identity, greetings and questions for heads tell the master who
 * follows the list. What a head tells of is asked of the node that gave it and of no other.
 */
export function createMaster(client: FeedClient, self?: Self): Master {
  const lists = '/feed/v1/dossier-lists';
  /** Who gave the last head: what it tells of is asked of nobody else. */
  let node: string | undefined;
  const said = async () => self && { slave: self.node, name: self.name, number: await self.number() };
  const ask = (path: string, question: { query?: Record<string, string | number>; maximumBytes?: number; signal?: AbortSignal }) =>
    client.get(path, { maximumBytes: smallAnswerBytes, ...question });
  const askRows = (path: string, query: Record<string, string | number>, options: LargeAnswerOptions) =>
    client.get(path, { query, node, accept: rowsMediaType, maximumBytes: maximumAnswerBytes, ...options });
  return {
    greet: async (signal) => {
      const greeting = parse(greetingSchema, await ask('/feed/', { query: { ...(await said()) }, ...(signal && { signal }) }));
      requireSigner(client, greeting.node);
      await client.trust.learn({ name: greeting.name ?? null, certificate: greeting.certificate ?? null });
      requireCommonVersion(greeting.versions);
      return greeting;
    },
    lists: async (signal) => parse(offeredListsSchema, await ask(`${lists}/`, signal ? { signal } : {})),
    head: async (list, known, signal) => {
      const answer = await client.get(`${lists}/${list}/head`, {
        query: { ...known.position, ...known.standing, ...(known.list && { dossier_list: known.list }), ...(await said()) },
        ...(known.tag !== null && { etag: known.tag }),
        maximumBytes: smallAnswerBytes,
        signal,
      });
      if (answer.status === 304) return { outcome: 'unchanged' };
      if (answer.status === 404) return { outcome: 'no-list' };
      const head = parseHead(answer);
      requireSigner(client, head.node);
      node = head.node;
      return { outcome: 'head', head, tag: answer.headers.etag ?? null };
    },
    unchanged: async (heads, signal) => {
      const named = heads.map(({ list, tag }) => `${list}.${tag.replaceAll('"', '')}`).join(',');
      const answer = await ask('/feed/v1/heads', { query: { lists: named, ...(await said()) }, signal });
      return answer.status === 404 ? new Set() : new Set(parse(headsSchema, answer).unchanged);
    },
    changes: async (list, from, options) => {
      const answer = await askRows(`${lists}/${list}/changes`, { ...from }, options);
      if (answer.status === 404) return { outcome: 'no-list' };
      if (answer.status === 410) return { outcome: 'reset', ...parse(resetSchema, answer, 410) };
      const page = readRowsPage(bodyOf(answer));
      requireProgress(page.end, from.since);
      return { outcome: 'page', page };
    },
    rows: async (list, uuids, options) => {
      const answer = await askRows(`${lists}/${list}/rows`, { uuids: uuids.join(',') }, options);
      if (answer.status === 404) return { outcome: 'no-list' };
      const page = readRowsPage(bodyOf(answer));
      if (page.removed.length > 0) throw answerRefused('ANSWER_NOT_ASKED_FOR', 'it holds tombstones, for which nobody asked');
      return { outcome: 'page', page, left: page.end.left };
    },
    tree: async (list, prefixes, signal) => {
      const answer = await client.get(`${lists}/${list}/tree`, {
        node,
        query: { prefixes: prefixes.join(',') },
        maximumBytes: maximumAnswerBytes,
        signal,
      });
      if (answer.status === 404) return { outcome: 'no-list' };
      const { dossier_list: dossierList, position, nodes } = parse(treeSchema, answer);
      requireTree(nodes, { asked: prefixes, position });
      return { outcome: 'tree', dossierList, position, nodes };
    },
    photos: (list, photos, options) => askPhotoBundle(client, `${lists}/${list}/photos`, { node, photos, options }),
    photo: async (list, { dossier, sha256, bytes, signal }) =>
      client.download(`${lists}/${list}/photos/${dossier}/${sha256}`, { sha256, bytes, node, signal }),
  };
}

/** Nobody speaks for another node than the one whose key signs. */
function requireSigner({ trust }: FeedClient, named: string): void {
  const signer = trust.node();
  if (signer === null || signer === named) return;
  throw new SyncFailure('NODE_REPLACED', 'What answers signs with the key of another node than the one that it says it is.');
}

function requireCommonVersion(versions: readonly number[]): void {
  if (versions.some((version) => feedVersions.some((own) => own === version))) return;
  throw new SyncFailure(
    'FEED_VERSION',
    `The master speaks the feed's versions ${versions.join(', ')}, this node ${feedVersions.join(', ')}.`,
  );
}

function parse<Schema extends z.ZodType>(schema: Schema, answer: FeedAnswer, status = 200): z.infer<Schema> {
  if (answer.status === 404) throw new SyncFailure('NO_SUCH_LIST', 'The master has no watch list of this id.');
  if (answer.status !== status) throw answerRefused('ANSWER_UNEXPECTED', `HTTP ${answer.status} is no answer to this question`);
  const parsed = schema.safeParse(parseJson(answer.body));
  if (!parsed.success) {
    const at = parsed.error.issues[0]?.path.join('.');
    throw answerRefused('ANSWER_MALFORMED', `it doesn't have the agreed form (${at})`, parsed.error);
  }
  return parsed.data;
}

function parseHead(answer: FeedAnswer): Head {
  const head = parse(headSchema, answer);
  if (declarationHash(head.declaration) === head.declaration_hash) return head;
  throw answerRefused('ANSWER_MALFORMED', "what it says that the list declares doesn't have the hash that it says");
}

function parseJson(bytes: Buffer): unknown {
  const excess = jsonExcess(bytes);
  if (excess !== null) throw answerRefused('ANSWER_MALFORMED', excess);
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw answerRefused('ANSWER_MALFORMED', 'a line is no JSON', error);
  }
}

function bodyOf(answer: FeedAnswer): Buffer {
  if (answer.status !== 200) throw answerRefused('ANSWER_UNEXPECTED', `HTTP ${answer.status} is no answer to a question for rows`);
  if (answer.headers['content-type'] !== rowsMediaType) {
    throw answerRefused('ANSWER_UNEXPECTED', `rows came as ${answer.headers['content-type']}, not as ${rowsMediaType}`);
  }
  return answer.body;
}

/** A page begins where it was asked to, isn't beyond its head, and one that isn't the last brings the reader further. */
function requireProgress(end: PageEnd, since: number): void {
  if (end.since !== since) throw answerRefused('PAGE_OUT_OF_ORDER', `a page from ${end.since} on came for one from ${since} on`);
  if (end.next < since || end.next > end.head.revision) throw answerRefused('PAGE_OUT_OF_ORDER', `a page says that it ends at ${end.next}`);
  if (end.next === since && end.next < end.head.revision) throw answerRefused('FEED_ENDLESS', 'a page brings the reader no further');
}
