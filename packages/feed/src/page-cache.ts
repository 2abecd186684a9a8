import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, opendir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { constants, createZstdCompress } from 'node:zlib';
import { z } from 'zod';
import { rowsForm, rowsPageRows } from '@dossier/protocol/rows.ts';
import { readAgeMoment } from '@dossier/postgres/clock.ts';
import type { Database } from '@dossier/postgres/database.ts';
import type { ListHead } from './heads.ts';
import { isKnown, writeChanges } from './page-writer.ts';
import { contentOf, contentSchema, Part, readKnown, TrustedFiles, writeKnown } from './page-files.ts';
import type { Content, PageContent } from './page-files.ts';

export interface CachedPage extends PageContent {
  /** The page compressed with zstd: made when it is first asked for, and kept. */
  compressed(): Promise<PageContent>;
}

/** What the cache knows of a page besides. */
interface KnownPage extends CachedPage, Pick<Entry, 'next' | 'full'> {}

/**
 * Pages of rows as files, made once for all slaves and processes, kept until they are the least recently used. A page is named by (epoch, since), and by
 * the form of its rows, in which another version of the program may write others: `<epoch>/<since>.rows-3.json` says which content it has,
 * `<epoch>/<sha256>.rows` is the content; `.rows.zst.json` and `.rows.zst` are the same of the compressed content. Everything may be deleted at any time.
 */
export interface PageCache {
  /**
   * The page of a list above `since`, made if there is none that fits its head. Null if the list or its history went away meanwhile. The page after it is
   * made while the asker is busy with this one.
   */
  read(head: ListHead, since: number): Promise<CachedPage | null>;
}

const entrySchema = contentSchema.extend({
  /** The changes up to here are in it, as they were when the list stood at `head`. */
  next: z.int().nonnegative(),
  head: z.int().nonnegative(),
  full: z.boolean(),
  made: z.int(),
  mark: z.uuid(),
});
type Entry = z.infer<typeof entrySchema>;

const maximumBytes = 4 * 2 ** 30;
/** Older files are deleted and made anew. */
export const pageDays = 7;
const maximumAgeMs = pageDays * 24 * 3600 * 1000;
/** What was being written for so long was left by a process that died. */
const leftAfterMs = 3600 * 1000;
/**
 * A page of which the list has changed more since, in shares of its dossiers, is made anew. What was changed comes once more on later pages: so nobody reads
 * more than half a list too much, however often it was changed.
 */
const maximumChange = 0.5;
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
  const trustedFiles = new TrustedFiles();
  const making = shared<KnownPage | null>();
  const compressing = shared<PageContent>();
  const turns = limit(writersAtOnce);
  let made = 0;

  async function find(head: ListHead, since: number): Promise<KnownPage | null> {
    const directory = join(folder, head.position.epoch);
    const entry = await readKnown(join(directory, entryName(since)), entrySchema);
    if (!entry || !fits(entry, head) || !(await isKnown(database, entry.mark))) return null;
    const path = join(directory, `${entry.sha256}.rows`);
    return (await trustedFiles.isWhole(path, entry)) ? pageOf(path, entry) : null;
  }

  function pageOf(path: string, entry: Entry): KnownPage {
    const { next, full } = entry;
    return { ...contentOf(path, entry), next, full, compressed: () => compressed(path) };
  }

  async function compressed(page: string): Promise<PageContent> {
    const path = `${page}.zst`;
    const known = await readKnown(`${path}.json`, contentSchema);
    if (known && (await trustedFiles.isWhole(path, known))) return contentOf(path, known);
    return compressing(path, () =>
      turns(async () => {
        const written = await compress(page, path);
        await trustedFiles.trust(path);
        return contentOf(path, written);
      }),
    );
  }

  async function make(head: ListHead, since: number): Promise<KnownPage | null> {
    const directory = join(folder, head.position.epoch);
    await mkdir(directory, { recursive: true });
    const written = await write({ database, directory, head, since, rows });
    if (!written) return null;
    const path = join(directory, `${written.sha256}.rows`);
    await trustedFiles.trust(path);
    made += 1;
    if (made % pagesPerSweep === 1) await sweep({ folder, database, trustedFiles });
    return pageOf(path, written);
  }

  async function findOrMake(head: ListHead, since: number): Promise<KnownPage | null> {
    const found = await find(head, since);
    if (found) return found;
    const key = `${head.position.epoch} ${since}`;
    return making(key, () =>
      turns(() => onlyOneProcess(database, key, async () => (await find(head, since)) ?? (await make(head, since)))),
    );
  }

  /** Of a list whose pages are all made, which many read, it looks for no more than the name. */
  async function makeUnlessThere(head: ListHead, since: number): Promise<void> {
    const isThere = await stat(join(folder, head.position.epoch, entryName(since))).catch(() => null);
    if (!isThere) await findOrMake(head, since);
  }

  return {
    async read(head, since) {
      const page = await findOrMake(head, since);
      // Whoever asks for it hears what is wrong with it.
      if (page?.full && page.next < head.position.revision) makeUnlessThere(head, page.next).catch(() => undefined);
      return page;
    },
  };
}

function entryName(since: number): string {
  return `${since}.${rowsForm}.json`;
}

/**
 * Whether a page that was made earlier is one that a reader at this head may get: it isn't of a future that was lost, nothing it needs was forgotten, and
 * not too much of it is out of date.
 */
function fits(entry: Entry, head: ListHead): boolean {
  const { revision, count } = head.position;
  const changes = revision - entry.head;
  return (
    changes >= 0 &&
    changes <= maximumChange * count &&
    entry.head >= head.floor &&
    (entry.full || entry.next === revision) &&
    Math.abs(Date.now() - entry.made) < maximumAgeMs
  );
}

async function write(page: { database: Database; directory: string; head: ListHead; since: number; rows: number }): Promise<Entry | null> {
  const { database, directory, head, since, rows } = page;
  const temporary = join(directory, `${randomUUID()}.part`);
  const part = await Part.create(temporary);
  try {
    const written = await writeChanges(database, { listId: head.listId, epoch: head.position.epoch, since, rows }, part.take);
    await part.close();
    if (!written) return null;
    const { next, head: at } = written.end;
    const entry: Entry = {
      sha256: part.hash.digest('hex'),
      bytes: part.bytes,
      next,
      head: at.revision,
      full: written.full,
      made: Date.now(),
      mark: written.mark,
    };
    await rename(temporary, join(directory, `${entry.sha256}.rows`));
    await writeKnown(join(directory, entryName(since)), entry);
    return entry;
  } finally {
    await part.close();
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

interface Kept {
  folder: string;
  database: Database;
  trustedFiles: TrustedFiles;
}

/** Deletes the pages that were not used for the longest time until the rest is within the bound, and what broken writes left. */
async function sweep({ folder, database, trustedFiles }: Kept): Promise<void> {
  const ageMs = (await readAgeMoment(database, new Date()))?.getTime() ?? 0;
  const files: { path: string; bytes: number; used: number }[] = [];
  for await (const entry of await opendir(folder, { recursive: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const stats = await stat(path).catch(() => null);
    if (stats) files.push({ path, bytes: stats.size, used: stats.atimeMs });
  }
  let total = files.reduce((sum, file) => sum + file.bytes, 0);
  for (const file of files.toSorted((a, b) => a.used - b.used)) {
    const isLeft = file.path.endsWith('.part') && file.used < ageMs - leftAfterMs;
    if (!isLeft && total <= maximumBytes && file.used > ageMs - maximumAgeMs) continue;
    await rm(file.path, { force: true });
    trustedFiles.forget(file.path);
    total -= file.bytes;
  }
}

/** Does a piece of work once for all who ask for it while it is under way. */
function shared<Result>(): (key: string, work: () => Promise<Result>) => Promise<Result> {
  const underway = new Map<string, Promise<Result>>();
  return async (key, work) => {
    const others = underway.get(key);
    if (others) return others;
    const result = work();
    underway.set(key, result);
    try {
      return await result;
    } finally {
      underway.delete(key);
    }
  };
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
