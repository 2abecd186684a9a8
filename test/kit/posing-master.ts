import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sha256Of } from '@dossier/protocol/content-digest.ts';
import { verifyRequest } from '@dossier/protocol/request-signature.ts';
import { signResponse } from '@dossier/protocol/response-signature.ts';
import type { SigningKey } from '@dossier/protocol/signing-key.ts';

/** Somebody who greets as the node that he says he is, and signs as he can. Counts nothing, has no lists. */
export async function startPosingMaster(
  node: string,
  { key, fields }: { key: SigningKey; fields: Record<string, string> },
): Promise<{ url: string; close(): void }> {
  const greeting = { node, name: 'HQ', versions: [1], external_address: null, schedule: { hour: 0, minute: 0, time_zone: 'UTC' } };
  const server = createServer((request, response) => {
    const received = { method: 'GET', target: request.url ?? '', headers: request.headersDistinct };
    const verified = verifyRequest([], received, { now: new Date(), strangers: true });
    if (!verified.ok) return response.writeHead(500).end();
    const status = /^\/feed\/(\?|$)/.test(received.target) ? 200 : 404;
    const body = Buffer.from(JSON.stringify(greeting));
    const headers = { 'content-type': 'application/json', ...fields };
    const signature = signResponse(
      key,
      { status, headers, sha256: sha256Of(body) },
      { requestSignature: verified.signature, now: new Date() },
    );
    return response.writeHead(status, { ...headers, ...signature, 'content-length': body.length }).end(body);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
