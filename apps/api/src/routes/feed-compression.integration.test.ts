import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, request as ask } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { zstdDecompressSync } from 'node:zlib';
import { signRequest } from '@dossier/protocol/request-signature.ts';
import { rowsMediaType } from '@dossier/protocol/rows.ts';
import { deriveSigningKey } from '@dossier/protocol/signing-key.ts';
import { query } from '@dossier/postgres/database.ts';
import { createEngineNode } from '@dossier/test/kit/engine.ts';
import type { EngineNode } from '@dossier/test/kit/engine.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';

/** A master whose feed is asked on a socket that is no loopback address, as from another machine. */
let master: EngineNode;
let server: Server;
let folder: string;
let list: { id: number; epoch: string };

beforeAll(async () => {
  master = await createEngineNode();
  folder = await mkdtemp(join(tmpdir(), 'dossier-socket-'));
  server = createServer(master.feed);
  await once(server.listen(join(folder, 'feed.sock')), 'listening');
  const id = await master.makeList('compressed');
  await master.makeDossiers(
    [id],
    Array.from({ length: 3000 }, (_, index) => `Person ${index}`),
  );
  const [position] = await query<{ epoch: string }>(master.database, `select epoch from list_positions where list_id = :id`, { id });
  list = { id, epoch: position?.epoch ?? '' };
});
afterAll(async () => {
  server?.close();
  await master?.close();
  await rm(folder, { recursive: true, force: true });
});

async function page(encoding: string): Promise<{ headers: IncomingMessage['headers']; body: Buffer }> {
  const path = `/feed/v1/dossier-lists/${list.id}/changes?since=0&epoch=${list.epoch}`;
  const key = deriveSigningKey('a-token-for-tests-of-thirty-two-characters');
  const signature = signRequest(
    key,
    { method: 'GET', url: new URL(path, 'http://master.example'), headers: {} },
    { now: new Date(), nonce: randomUUID() },
  );
  const headers = { host: 'master.example', accept: rowsMediaType, 'accept-encoding': encoding, ...signature };
  const sent = ask({ socketPath: join(folder, 'feed.sock'), path, headers }).end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  expect(response.statusCode).toBe(200);
  return { headers: response.headers, body: await buffer(response) };
}

it('a page goes compressed to another machine that offers it, and as it is to one that does not', async () => {
  const plain = await page('identity');
  expect(plain.headers).toMatchObject({ 'content-type': rowsMediaType });
  expect(plain.headers['content-encoding']).toBeUndefined();
  const compressed = await page('zstd');
  expect(compressed.headers).toMatchObject({ 'content-type': rowsMediaType, 'content-encoding': 'zstd' });
  expect(zstdDecompressSync(compressed.body).equals(plain.body)).toBe(true);
  expect(compressed.body.length).toBeLessThan(plain.body.length / 2);
});
