import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

/** One address behind which servers change places, as a virtual address or a service name does in a failover. */
export interface Switchboard {
  readonly port: number;
  /** New connections go to this port of the host; those that stand stay where they are. */
  lead(port: number): void;
  /** From those that stand nothing comes any more, and nothing goes: as if their server had lost its power. */
  silence(): void;
  close(): void;
}

export async function startSwitchboard(first: number): Promise<Switchboard> {
  const pairs = new Set<[Socket, Socket]>();
  let target = first;
  const server = createServer((client) => {
    const upstream = connect(target, '127.0.0.1');
    const pair: [Socket, Socket] = [client, upstream];
    pairs.add(pair);
    for (const [from, to] of [pair, pair.toReversed() as typeof pair]) {
      from.pipe(to);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        to.destroy();
        pairs.delete(pair);
      });
    }
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    lead(port) {
      target = port;
    },
    silence() {
      for (const pair of pairs) {
        for (const socket of pair) {
          socket.unpipe();
          socket.pause();
        }
        pairs.delete(pair);
      }
    },
    close() {
      server.close();
      for (const socket of [...pairs].flat()) socket.destroy();
    },
  };
}
