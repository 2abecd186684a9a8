import { createServer, connect } from 'node:net';
import { once } from 'node:events';
import type { Cleanup } from './cleanup.ts';

/** Passes bytes between slaves and a master and counts the requests of the feed among them. */
export interface CountingProxy {
  readonly url: string;
  requests(): number;
  end(): Promise<void>;
}

export async function startCountingProxy(masterPort: number, cleanup: Cleanup): Promise<CountingProxy> {
  let count = 0;
  const server = createServer((slave) => {
    const master = connect(masterPort, '127.0.0.1');
    // The head of a request comes in one piece: it is smaller than a packet of the loopback interface.
    slave.on('data', (chunk: Buffer) => {
      count += chunk.toString('latin1').match(/(?:^|\n)(?:GET|POST) \/feed/g)?.length ?? 0;
    });
    slave.on('error', () => master.destroy());
    master.on('error', () => slave.destroy());
    slave.pipe(master).pipe(slave);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const end = cleanup.defer('a proxy', async () => {
    server.close();
  });
  return { url: `http://127.0.0.1:${port}`, requests: () => count, end };
}
