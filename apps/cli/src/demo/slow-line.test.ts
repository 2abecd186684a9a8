import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { openSlowLine } from './slow-line.ts';

test('a slow line brings all of an answer, at its pace, though the server closes long before', async () => {
  const server = createServer((_request, response) => {
    response.writeHead(200, { connection: 'close' }).end('x'.repeat(20_000));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const line = await openSlowLine((server.address() as AddressInfo).port, { fastBytes: 4000, bytesPerSecond: 40_000 });
  const begun = performance.now();
  expect(await (await fetch(line.url)).text()).toHaveLength(20_000);
  expect(performance.now() - begun).toBeGreaterThan(380);
  line.close();
  server.close();
});
