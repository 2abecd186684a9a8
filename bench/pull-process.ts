/** Slaves without a database: they pull a list as a worker does, check every signature, and throw the rows away. */
import { randomUUID } from 'node:crypto';
import { headSchema } from '@dossier/protocol/feed.ts';
import { rowsMediaType } from '@dossier/protocol/rows.ts';
import { deriveSigningKey } from '@dossier/protocol/signing-key.ts';
import { createFeedClient } from '@dossier/replication/feed-client.ts';
import type { FeedClient } from '@dossier/replication/feed-client.ts';
import { PageMemory } from '@dossier/replication/page-memory.ts';
import { z } from 'zod';
import { answerParent } from './bench-process.ts';

const [masterUrl = '', token = '', list = '', count = '1'] = process.argv.slice(2);
/** What the last line of a page says in each of its forms. */
const endSchema = z.looseObject({ kind: z.literal('end'), next: z.int(), head: z.looseObject({ revision: z.int() }) });
type PageEnd = z.infer<typeof endSchema>;
const maximumBytes = 256 * 1024 * 1024;

const clients: readonly FeedClient[] = Array.from({ length: Number(count) }, () =>
  createFeedClient({
    key: deriveSigningKey(token),
    remoteUrl: masterUrl,
    version: 'bench',
    now: () => new Date(),
    randomNonce: randomUUID,
  }),
);

async function head(client: FeedClient) {
  const answer = await client.get(`/feed/v1/dossier-lists/${list}/head`, { maximumBytes });
  return headSchema.parse(JSON.parse(answer.body.toString()));
}

/** Two pages in flight, like a worker. */
async function pull(client: FeedClient): Promise<void> {
  const { position } = await head(client);
  const memory = new PageMemory();
  const ask = (since: number): Promise<PageEnd> => readEnd(client, memory, { since, epoch: position.epoch });
  for (let pending: Promise<PageEnd> | null = ask(0); pending;) {
    const end: PageEnd = await pending;
    pending = end.next < end.head.revision ? ask(end.next) : null;
  }
}

async function readEnd(client: FeedClient, memory: PageMemory, query: { since: number; epoch: string }): Promise<PageEnd> {
  const { body } = await client.get(`/feed/v1/dossier-lists/${list}/changes`, {
    query,
    accept: rowsMediaType,
    maximumBytes,
    memory: memory.take,
  });
  const lastLine = body.subarray(body.lastIndexOf('\n', body.length - 2) + 1).toString();
  memory.giveBack(body);
  return endSchema.parse(JSON.parse(lastLine));
}

answerParent(async (question) => {
  const begun = performance.now();
  await Promise.all(clients.map(async (client) => (question === 'pull' ? pull(client) : head(client))));
  return performance.now() - begun;
});
