import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readFile, rename, stat, utimes, writeFile } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';

/** What is ready to be sent: a file that holds exactly these bytes. */
export interface PageContent {
  sha256: string;
  bytes: number;
  open(): Promise<FileHandle>;
}

/** The content of a file: its hash and its length. */
export const contentSchema = z.object({ sha256: z.string().regex(/^[0-9a-f]{64}$/), bytes: z.int().positive() });
export type Content = z.infer<typeof contentSchema>;

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

/** Which files were found to have the bytes that they are named after. */
export class TrustedFiles {
  readonly #trusted = new Map<string, Trust>();

  /** A file that was just written. */
  async trust(path: string): Promise<void> {
    this.#trusted.set(path, { ...(await look(path)), since: performance.now() });
  }

  /** Whether a file has this content. */
  async isWhole(path: string, content: Content): Promise<boolean> {
    if (isTrusted(this.#trusted.get(path), await look(path))) return true;
    if (!(await holds(path, content))) return false;
    await this.trust(path);
    return true;
  }

  forget(path: string): void {
    this.#trusted.delete(path);
  }
}

async function look(path: string): Promise<Look> {
  const stats = await stat(path).catch(() => null);
  return { bytes: stats?.size ?? 0, changed: Math.round(stats?.mtimeMs ?? 0) };
}

function isTrusted(trust: Trust | undefined, now: Look): boolean {
  return trust !== undefined && trust.since > performance.now() - trustMs && trust.bytes === now.bytes && trust.changed === now.changed;
}

async function holds(path: string, content: Content): Promise<boolean> {
  try {
    const hash = createHash('sha256');
    await pipeline(createReadStream(path), hash);
    // When it was used last; when it was changed stays, by which other processes know it.
    await utimes(path, new Date(), (await stat(path)).mtime);
    return hash.digest('hex') === content.sha256;
  } catch {
    return false;
  }
}

/** A file as what is sent. */
export function contentOf(path: string, { sha256, bytes }: Content): PageContent {
  return { sha256, bytes, open: () => open(path) };
}

/** A content that is being written. */
export class Part {
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

/** What is known of a content by the file beside it; null if that isn't there, was cut short, or is of another version. */
export async function readKnown<Known>(path: string, schema: z.ZodType<Known>): Promise<Known | null> {
  try {
    return schema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return null;
  }
}

/** Says beside a content what is known of it, at once or not at all. */
export async function writeKnown(path: string, known: Content): Promise<void> {
  const temporary = join(dirname(path), `${randomUUID()}.part`);
  await writeFile(temporary, JSON.stringify(known));
  await rename(temporary, path);
}
