import { once } from 'node:events';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createPatientServer } from './serve.ts';

test('a body may take as long as it wants while it comes, and is broken off when it stands still', async () => {
  let got = 0;
  const server = createPatientServer((request, response) => {
    request.on('data', (piece: Buffer) => (got += piece.length));
    request.on('error', () => undefined);
    request.on('end', () => response.end('all'));
  }, 400).listen(0, '127.0.0.1');
  await once(server, 'listening');
  // Node ends a request after five minutes, however much of it comes.
  expect(server.requestTimeout).toBe(0);
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  client.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n');
  for (let piece = 0; piece < 8; piece += 1) {
    client.write('x');
    await delay(100);
  }
  expect(got).toBe(8);
  const begun = performance.now();
  client.resume();
  await once(client, 'close');
  expect(performance.now() - begun).toBeLessThan(3000);
  server.close();
});
