import { createHash } from 'node:crypto';
import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { zstdCompress } from 'node:zlib';
import { pageEndSchema } from '@dossier/protocol/rows.ts';
import type { CachedPage } from '@dossier/feed/page-cache.ts';
import type { PageContent } from '@dossier/feed/page-files.ts';

/**
 * The page as if it were the one above `since`: a master with a defect leaves the first changes out, in an answer that is rightly signed. Only the digest
 * can tell. Its files are written to `folder`.
 */
export async function pretendSince(page: CachedPage, { since, folder }: { since: number; folder: string }): Promise<CachedPage> {
  const file = await page.open();
  const bytes = await file.readFile();
  await file.close();
  const start = bytes.lastIndexOf('\n', -2) + 1;
  const end = pageEndSchema.parse(JSON.parse(bytes.toString('utf8', start)));
  const content = Buffer.concat([bytes.subarray(0, start), Buffer.from(`${JSON.stringify({ ...end, since })}\n`)]);
  return {
    ...(await writeContent(folder, content)),
    compressed: async () => writeContent(folder, await promisify(zstdCompress)(content)),
  };
}

async function writeContent(folder: string, content: Buffer): Promise<PageContent> {
  const sha256 = createHash('sha256').update(content).digest('hex');
  const path = join(folder, `omission-${sha256}`);
  await writeFile(path, content);
  return { sha256, bytes: content.length, open: () => open(path) };
}
