import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, opendir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { constants, createZstdCompress } from 'node:zlib';
import { z } from 'zod';
import { rowsPageRows } from '@dossier/protocol/rows.ts';
import type { Database } from '@dossier/store/database.ts';
import { writeRows } from '@dossier/store/feed-rows.ts';
import type { ListHead } from '@dossier/store/feed.ts';

/** What is ready to be sent: a file that holds exactly these bytes. */
export interface PageContent {
  sha256: string;
  bytes: number;
  open(): Promise<FileHandle>;
}
export interface CachedPage extends PageContent {
  /** The page compressed with zstd: made when it is first asked for, and kept. */
  compressed(): Promise<PageContent>;
}

/**
 * Pages of rows as files, made once for all slaves and processes, kept until they are the least recently used. A page is named by (epoch, since):
 * `<epoch>/<since>.json` says which content it has, `<epoch>/<sha256>.rows` is the content; `.rows.zst.json` and `.rows.zst` are the same of the
 * compressed content. Everything may be deleted at any time.
 */
export interface PageCache {
  /** The page of a list above `since`, made if there is none that fits its head. Null if the list or its history went away meanwhile. */
  read(head: ListHead, since: number): Promise<CachedPage | null>;
}

const contentSchema = z.object({ sha256: z.string().regex(/^[0-9a-f]{64}$/), bytes: z.int().positive() });
type Content = z.infer<typeof contentSchema>;
const entrySchema = contentSchema.extend({
  /** The changes up to here are in it, as they were when the list stood at `head`. */
  next: z.int().nonnegative(),
  head: z.int().nonnegative(),
  full: z.boolean(),
  made: z.int(),
});
type Entry = z.infer<typeof entrySchema>;

const maximumBytes = 4 * 2 ** 30;
/** Older pages hold ever more that was changed since, and are made anew. */
const maximumAgeMs = 7 * 24 * 3600 * 1000;
/** A file's bytes are checked against its name before its first use by a process, after each change, and once in so long a time. */
const trustMs = 60_000;

/** What a file looked like when its bytes were found to be the right ones. */
interface Trust extends Look {
  since: number;
}
interface Look {
  bytes: number;
  changed: number;
}
const writersAtOnce = 2;
/** Higher levels make these rows hardly smaller, for much more of the processor's time. */
const fastest = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };
const pagesPerSweep = 32;

/** Keeps the pages of the lists of this database in a folder; `rows`: most changes in one page. */
export function createPageCache({
  folder,
  database,
  rows = rowsPageRows,
}: {
  folder: string;
  database: Database;
  rows?: number;
}): PageCache {
  const trusted = new Map<string, Trust>();
  const making = new Map<string, Promise<CachedPage | null>>();
  const compressing = new Map<string, Promise<PageContent>>();
  const turns = limit(writersAtOnce);
  let made = 0;

  async function trust(path: string): Promise<void> {
    trusted.set(path, { ...(await look(path)), since: Date.now() });
  }

  /** Whether a file has the content that its name promises. */
  async function isWhole(path: string, content: Content): Promise<boolean> {
    if (isTrusted(trusted.get(path), await look(path))) return true;
    if (!(await holds(path, content))) return false;
    await trust(path);
    return true;
  }

  async function find(head: ListHead, since: number): Promise<CachedPage | null> {
    const entry = await readKnown(join(folder, head.position.epoch, `${since}.json`), entrySchema);
    if (!entry || !fits(entry, head)) return null;
    const path = join(folder, head.position.epoch, `${entry.sha256}.rows`);
    return (await isWhole(path, entry)) ? pageOf(path, entry) : null;
  }

  function pageOf(path: string, entry: Content): CachedPage {
    return { ...contentOf(path, entry), compressed: () => compressed(path) };
  }

  async function compressed(page: string): Promise<PageContent> {
    const path = `${page}.zst`;
    const known = await readKnown(`${path}.json`, contentSchema);
    if (known && (await isWhole(path, known))) return contentOf(path, known);
    const underway = compressing.get(path);
    if (underway) return underway;
    const content = turns(async () => {
      const written = await compress(page, path);
      await trust(path);
      return contentOf(path, written);
    });
    compressing.set(path, content);
    try {
      return await content;
    } finally {
      compressing.delete(path);
    }
  }

  async function make(head: ListHead, since: number): Promise<CachedPage | null> {
    const directory = join(folder, head.position.epoch);
    await mkdir(directory, { recursive: true });
    const written = await write({ database, directory, head, since, rows });
    if (!written) return null;
    const path = join(directory, `${written.sha256}.rows`);
    await trust(path);
    made += 1;
    if (made % pagesPerSweep === 1) await sweep(folder, trusted);
    return pageOf(path, written);
  }

  return {
    async read(head, since) {
      const found = await find(head, since);
      if (found) return found;
      const key = `${head.position.epoch} ${since}`;
      const underway = making.get(key);
      if (underway) return underway;
      const page = turns(() => onlyOneProcess(database, key, async () => (await find(head, since)) ?? (await make(head, since))));
      making.set(key, page);
      try {
        return await page;
      } finally {
        making.delete(key);
      }
    },
  };
}

/** Whether a page that was made earlier is one that a reader at this head may get: it isn't of a future that was lost, nothing it needs was forgotten. */
function fits(entry: Entry, head: ListHead): boolean {
  const { revision } = head.position;
  return (
    entry.head <= revision && entry.head >= head.floor && (entry.full || entry.next === revision) && entry.made > Date.now() - maximumAgeMs
  );
}

async function readKnown<Known>(path: string, schema: z.ZodType<Known>): Promise<Known | null> {
  try {
    return schema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return null; // not there, cut short or of another version: the page is made anew
  }
}

async function look(path: string): Promise<Look> {
  const stats = await stat(path).catch(() => null);
  return { bytes: stats?.size ?? 0, changed: stats?.mtimeMs ?? 0 };
}

function isTrusted(trust: Trust | undefined, now: Look): boolean {
  return trust !== undefined && trust.since > Date.now() - trustMs && trust.bytes === now.bytes && trust.changed === now.changed;
}

async function holds(path: string, content: Content): Promise<boolean> {
  try {
    const hash = createHash('sha256');
    await pipeline(createReadStream(path), hash);
    // Its date says when it was used last.
    await utimes(path, new Date(), new Date());
    return hash.digest('hex') === content.sha256;
  } catch {
    return false;
  }
}

function contentOf(path: string, { sha256, bytes }: Content): PageContent {
  return { sha256, bytes, open: () => open(path) };
}

/** A page that is being written. */
class Part {
  readonly hash = createHash('sha256');
  bytes = 0;
  readonly #file: FileHandle;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  static async create(path: string): Promise<Part> {
    return new Part(await open(path, 'w'));
  }

  readonly take = async (block: Buffer): Promise<void> => {
    this.hash.update(block);
    this.bytes += block.length;
    await this.#file.appendFile(block);
  };

  async close(): Promise<void> {
    await this.#file.close();
  }
}

async function write(page: { database: Database; directory: string; head: ListHead; since: number; rows: number }): Promise<Entry | null> {
  const { database, directory, head, since, rows } = page;
  const temporary = join(directory, `${randomUUID()}.part`);
  /** One for each try. */
  const parts: Part[] = [];
  try {
    const written = await writeRows(database, { listId: head.listId, epoch: head.position.epoch, since, rows }, async () => {
      await parts.at(-1)?.close();
      const part = await Part.create(temporary);
      parts.push(part);
      return part.take;
    });
    const whole = parts.at(-1);
    if (!written || !whole) return null;
    await whole.close();
    const { next, head: at } = written.end;
    const entry: Entry = {
      sha256: whole.hash.digest('hex'),
      bytes: whole.bytes,
      next,
      head: at.revision,
      full: written.full,
      made: Date.now(),
    };
    await rename(temporary, join(directory, `${entry.sha256}.rows`));
    await writeKnown(join(directory, `${since}.json`), entry);
    return entry;
  } finally {
    await parts.at(-1)?.close();
    await rm(temporary, { force: true });
  }
}

/** Writes the compressed content of a page beside it. */
async function compress(page: string, path: string): Promise<Content> {
  const temporary = join(dirname(path), `${randomUUID()}.part`);
  const part = await Part.create(temporary);
  try {
    await pipeline(createReadStream(page), createZstdCompress(fastest), async (blocks: AsyncIterable<Buffer>) => {
      for await (const block of blocks) await part.take(block);
    });
    await part.close();
    const content = { sha256: part.hash.digest('hex'), bytes: part.bytes };
    await rename(temporary, path);
    await writeKnown(`${path}.json`, content);
    return content;
  } finally {
    await part.close();
    await rm(temporary, { force: true });
  }
}

async function writeKnown(path: string, known: Content): Promise<void> {
  const temporary = join(dirname(path), `${randomUUID()}.part`);
  await writeFile(temporary, JSON.stringify(known));
  await rename(temporary, path);
}

/** Keeps other processes of the node from making the same page; who waited finds it made. */
async function onlyOneProcess<Result>(database: Database, key: string, work: () => Promise<Result>): Promise<Result> {
  const number = createHash('sha256').update(`page ${key}`).digest().readBigInt64BE().toString();
  const connection = (await database.client.acquireConnection()) as { query(sql: string, values: unknown[]): Promise<unknown> };
  try {
    await connection.query('select pg_advisory_lock($1)', [number]);
    try {
      return await work();
    } finally {
      await connection.query('select pg_advisory_unlock($1)', [number]);
    }
  } finally {
    await database.client.releaseConnection(connection);
  }
}

/** Deletes the pages that were not used for the longest time until the rest is within the bound, and what broken writes left. */
async function sweep(folder: string, trusted: Map<string, unknown>): Promise<void> {
  const files: { path: string; bytes: number; used: number }[] = [];
  for await (const entry of await opendir(folder, { recursive: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const stats = await stat(path).catch(() => null);
    if (stats) files.push({ path, bytes: stats.size, used: stats.mtimeMs });
  }
  let total = files.reduce((sum, file) => sum + file.bytes, 0);
  for (const file of files.toSorted((a, b) => a.used - b.used)) {
    const isLeft = file.path.endsWith('.part') && file.used < Date.now() - 3600 * 1000;
    if (!isLeft && total <= maximumBytes && file.used > Date.now() - maximumAgeMs) continue;
    await rm(file.path, { force: true });
    trusted.delete(file.path);
    total -= file.bytes;
  }
}

/** Lets so many pieces of work run at once; the others wait for their turn. */
function limit(most: number): <Result>(work: () => Promise<Result>) => Promise<Result> {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (running >= most) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
}
