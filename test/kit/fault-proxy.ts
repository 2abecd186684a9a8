import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

/** Passes bytes between a slave and a master, and can refuse to; keeps what it passed. */
export interface FaultProxy {
  url: string;
  mode: 'pass' | 'refuse';
  /** All bytes that went either way, as Latin-1. */
  passed: string;
  close(): void;
}

export async function startFaultProxy(targetPort: number): Promise<FaultProxy> {
  const sockets = new Set<Socket>();
  const proxy: FaultProxy = {
    url: '',
    mode: 'pass',
    passed: '',
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
  const server = createServer((client) => {
    if (proxy.mode === 'refuse') {
      client.destroy();
      return;
    }
    const target = connect(targetPort, '127.0.0.1');
    for (const [from, to] of [[client, target] as const, [target, client] as const]) {
      sockets.add(from);
      from.on('data', (chunk: Buffer) => {
        if (proxy.mode === 'refuse') {
          client.destroy();
          target.destroy();
          return;
        }
        proxy.passed += chunk.toString('latin1');
        to.write(chunk);
      });
      from.on('error', () => to.destroy());
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  proxy.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return proxy;
}
