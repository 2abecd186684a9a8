import { z } from 'zod';
import type { Position } from '@dossier/domain/position.ts';
import {
  bucketsSchema,
  changeSchema,
  feedVersions,
  greetingSchema,
  hashesSchema,
  headSchema,
  headsSchema,
  maximumAnswerBytes,
  maximumPageRows,
  offeredListsSchema,
  pageEndSchema,
  resetSchema,
} from '@dossier/protocol/feed.ts';
import type { Change, Head, PageEnd } from '@dossier/protocol/feed.ts';
import { jsonExcess } from '@dossier/protocol/json-bounds.ts';
import { rowsMediaType } from '@dossier/protocol/rows.ts';
import type { RowsEnd } from '@dossier/protocol/rows.ts';
import type { Readable } from 'node:stream';
import type { FeedAnswer, FeedClient, LargeAnswerOptions } from './feed-client.ts';
import { requireOnce } from './once.ts';
import { askPhotoBundle } from './photo-bundle.ts';
import type { PhotoBundle } from './photo-bundle.ts';
import { readRowsPage } from './rows-page.ts';
import type { FetchedRows } from './rows-page.ts';
import { answerRefused, SyncFailure } from './sync-failure.ts';

/** A page that passed every check which needs no knowledge of the slave. */
export interface Page {
  changes: Change[];
  end: PageEnd;
  /** Length of the answer. */
  bytes: number;
}

/** Which page of a list; `begun`: the head at which a reading of the whole list began, if it is one. */
export interface PageQuestion {
  since: number;
  epoch: string;
  begun?: number;
}

export type HeadAnswer = { outcome: 'unchanged' } | { outcome: 'head'; head: Head; tag: string | null } | { outcome: 'no-list' };
export type PageAnswer = { outcome: 'page'; page: Page } | { outcome: 'reset'; epoch: string; floor: number } | { outcome: 'no-list' };

export type RowsAnswer = { outcome: 'page'; page: FetchedRows } | Exclude<PageAnswer, { outcome: 'page' }>;

/** A master as its feed shows it. All methods throw FeedError for faults of the wire and SyncFailure for answers that contradict themselves. */
export interface Master {
  greet(signal?: AbortSignal): Promise<z.infer<typeof greetingSchema>>;
  lists(signal?: AbortSignal): Promise<z.infer<typeof offeredListsSchema>>;
  head(list: number, known: { position: Position | null; tag: string | null }, signal: AbortSignal): Promise<HeadAnswer>;
  /** Those of the lists whose heads still have these tags; none if this master can't be asked about many at once. */
  unchanged(heads: readonly { list: number; tag: string }[], signal: AbortSignal): Promise<Set<number>>;
  changes(list: number, from: PageQuestion, signal: AbortSignal): Promise<PageAnswer>;
  /** The same page as rows, or null if this master knows only the readable form. */
  rows(list: number, from: PageQuestion, options: LargeAnswerOptions): Promise<RowsAnswer | null>;
  buckets(list: number, signal: AbortSignal): Promise<z.infer<typeof bucketsSchema>>;
  hashes(list: number, buckets: readonly number[], signal: AbortSignal): Promise<z.infer<typeof hashesSchema>>;
  dossiers(list: number, dossiers: readonly string[], signal: AbortSignal): Promise<Page>;
  /** Several photos at once, about as many as fit one answer; none if this master can be asked for one at a time only. */
  photos(photos: readonly { sha256: string; bytes: number }[], options: LargeAnswerOptions): Promise<PhotoBundle>;
  /** Null if the master doesn't have it. */
  photo(photo: { sha256: string; bytes: number; signal: AbortSignal }): Promise<Readable | null>;
}

const lineEnd = 0x0a;
const smallAnswerBytes = 4 * 1024 * 1024;

/**
 * Speaks the feed's version 1 over a signed client. With `slave`, the identity of this node, each question for a head tells the master who
 * follows the list.
 */
export function createMaster(client: FeedClient, slave?: string): Master {
  const lists = '/feed/v1/dossier-lists';
  const ask = (path: string, question: { query?: Record<string, string | number>; maximumBytes?: number; signal?: AbortSignal }) =>
    client.get(path, { maximumBytes: smallAnswerBytes, ...question });
  return {
    greet: async (signal) => {
      const greeting = parse(greetingSchema, await ask('/feed/', signal ? { signal } : {}));
      if (!greeting.versions.some((version) => feedVersions.some((own) => own === version))) {
        throw new SyncFailure(
          'FEED_VERSION',
          `The master speaks the feed's versions ${greeting.versions.join(', ')}, this node ${feedVersions.join(', ')}.`,
        );
      }
      return greeting;
    },
    lists: async (signal) => parse(offeredListsSchema, await ask(`${lists}/`, signal ? { signal } : {})),
    head: async (list, known, signal) => {
      const answer = await client.get(`${lists}/${list}/head`, {
        query: { ...known.position, ...(slave !== undefined && { slave }) },
        ...(known.tag !== null && { etag: known.tag }),
        maximumBytes: smallAnswerBytes,
        signal,
      });
      if (answer.status === 304) return { outcome: 'unchanged' };
      if (answer.status === 404) return { outcome: 'no-list' };
      return { outcome: 'head', head: parse(headSchema, answer), tag: answer.headers.etag ?? null };
    },
    unchanged: async (heads, signal) => {
      const named = heads.map(({ list, tag }) => `${list}.${tag.replaceAll('"', '')}`).join(',');
      const answer = await ask('/feed/v1/heads', { query: { lists: named, ...(slave !== undefined && { slave }) }, signal });
      return answer.status === 404 ? new Set() : new Set(parse(headsSchema, answer).unchanged);
    },
    changes: async (list, from, signal) => {
      const answer = await ask(`${lists}/${list}/changes`, { query: { ...from }, maximumBytes: maximumAnswerBytes, signal });
      if (answer.status === 404) return { outcome: 'no-list' };
      if (answer.status === 410) return { outcome: 'reset', ...parse(resetSchema, answer, 410) };
      const page = parsePage(answer);
      requireOrder(page, from.since);
      return { outcome: 'page', page };
    },
    rows: async (list, from, options) => {
      const answer = await client.get(`${lists}/${list}/changes`, {
        query: { ...from },
        accept: rowsMediaType,
        maximumBytes: maximumAnswerBytes,
        ...options,
      });
      if (answer.status === 404) return { outcome: 'no-list' };
      if (answer.status === 410) return { outcome: 'reset', ...parse(resetSchema, answer, 410) };
      if (answer.status !== 200) throw answerRefused('ANSWER_UNEXPECTED', `HTTP ${answer.status} is no page`);
      if (answer.headers['content-type'] !== rowsMediaType) return null;
      const page = readRowsPage(answer.body);
      requireWhole(page.end, from.since);
      return { outcome: 'page', page };
    },
    buckets: async (list, signal) =>
      parse(bucketsSchema, await ask(`${lists}/${list}/buckets`, { maximumBytes: maximumAnswerBytes, signal })),
    hashes: async (list, buckets, signal) =>
      parse(
        hashesSchema,
        await ask(`${lists}/${list}/hashes`, { query: { buckets: buckets.join(',') }, maximumBytes: maximumAnswerBytes, signal }),
      ),
    dossiers: async (list, dossiers, signal) =>
      parsePage(
        await ask(`${lists}/${list}/dossiers`, { query: { dossiers: dossiers.join(',') }, maximumBytes: maximumAnswerBytes, signal }),
      ),
    photos: (photos, options) => askPhotoBundle(client, photos, options),
    photo: async ({ sha256, bytes, signal }) => client.download(`/feed/v1/photos/${sha256}`, { sha256, bytes, signal }),
  };
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

function parseJson(bytes: Buffer): unknown {
  const excess = jsonExcess(bytes);
  if (excess !== null) throw answerRefused('ANSWER_MALFORMED', excess);
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw answerRefused('ANSWER_MALFORMED', 'a line is no JSON', error);
  }
}

/** Reads an NDJSON page: changes, then one end line that counts them. Nothing is believed without the end line. */
function parsePage(answer: FeedAnswer): Page {
  if (answer.status === 404) throw new SyncFailure('NO_SUCH_LIST', 'The master has no watch list of this id.');
  if (answer.status !== 200) throw answerRefused('ANSWER_UNEXPECTED', `HTTP ${answer.status} is no page`);
  const lines = linesOf(answer.body);
  const last = lines.pop();
  const end = last === undefined ? undefined : pageEndSchema.safeParse(parseJson(last));
  if (!end?.success) throw answerRefused('PAGE_INCOMPLETE', 'a page has no end line');
  if (end.data.count !== lines.length) {
    throw answerRefused('PAGE_INCOMPLETE', `a page of ${lines.length} lines says that it has ${end.data.count}`);
  }
  const changes = lines.map(parseChange);
  requireOnce(changes.map((change) => change.dossier));
  return { changes, end: end.data, bytes: answer.body.length };
}

function parseChange(line: Buffer, index: number): Change {
  const value = parseJson(line);
  const change = changeSchema.safeParse(value);
  if (change.success) return change.data;
  const issue = change.error.issues[0];
  const of = dossierOf(value);
  const code = of === null ? 'ANSWER_MALFORMED' : 'DOSSIER_MALFORMED';
  throw answerRefused(code, `line ${index + 1} of a page${of ?? ''}: ${issue?.path.join('.')} ${issue?.message}`, change.error);
}

const namedDossier = z.object({ kind: z.literal('put'), dossier: z.uuid() });

/** Of which dossier a line speaks, if it can be told. */
function dossierOf(line: unknown): string | null {
  const named = namedDossier.safeParse(line);
  return named.success ? `, dossier ${named.data.dossier}` : null;
}

/** The lines of a page; more than any node sends are not even counted. */
function linesOf(body: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  let at = 0;
  for (let end = body.indexOf(lineEnd); end >= 0; end = body.indexOf(lineEnd, at)) {
    if (lines.length > maximumPageRows) throw answerRefused('ANSWER_MALFORMED', `a page has more than ${maximumPageRows} lines`);
    lines.push(body.subarray(at, end));
    at = end + 1;
  }
  if (at < body.length) throw answerRefused('PAGE_INCOMPLETE', 'the last line of a page is not whole');
  return lines;
}

/** Revisions grow strictly from `since` to the page's end, which isn't beyond the head; a page that isn't the last brings the reader further. */
function requireOrder({ changes, end }: Page, since: number): void {
  let revision = since;
  for (const change of changes) {
    if (change.revision <= revision) throw answerRefused('PAGE_OUT_OF_ORDER', `revision ${change.revision} follows ${revision}`);
    revision = change.revision;
  }
  if (end.next < revision || end.next > end.head.revision) {
    throw answerRefused('PAGE_OUT_OF_ORDER', `a page up to ${revision} says that it ends at ${end.next}`);
  }
  if (end.more !== end.next < end.head.revision) throw answerRefused('PAGE_OUT_OF_ORDER', 'a page is both the last and not the last');
  if (end.more && end.next === since) throw answerRefused('FEED_ENDLESS', 'a page brings the reader no further');
}

/** A page of rows begins where it was asked to, isn't beyond its head, and one that isn't the last brings the reader further. */
function requireWhole(end: RowsEnd, since: number): void {
  if (end.since !== since) throw answerRefused('PAGE_OUT_OF_ORDER', `a page from ${end.since} on came for one from ${since} on`);
  if (end.next < since || end.next > end.head.revision) throw answerRefused('PAGE_OUT_OF_ORDER', `a page says that it ends at ${end.next}`);
  if (end.next === since && end.next < end.head.revision) throw answerRefused('FEED_ENDLESS', 'a page brings the reader no further');
}
