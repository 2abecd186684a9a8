import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

const pieceBytes = 2048;

/** A way to another server of this machine that is as slow as the line to a ship. */
export interface SlowLine {
  readonly url: string;
  close(): void;
}

/** Passes connections on to a port of this machine; beyond the first `fastBytes`, all answers together travel at `bytesPerSecond`. */
export async function openSlowLine(port: number, pace: { fastBytes: number; bytesPerSecond: number }): Promise<SlowLine> {
  const sockets = new Set<Socket>();
  let turn: Promise<void> = Promise.resolve();
  let passed = 0;
  const pass = (bytes: number): Promise<void> => {
    passed += bytes;
    if (passed > pace.fastBytes) turn = turn.then(() => delay((bytes / pace.bytesPerSecond) * 1000));
    return turn;
  };
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.once('close', () => sockets.delete(socket));
    }
    // Not the other way round: the far end closes while what it sent is still on its slow way.
    near.once('close', () => far.destroy());
    near.pipe(far);
    carry(far, near, pass).catch(() => near.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

async function carry(from: Socket, to: Socket, pass: (bytes: number) => Promise<void>): Promise<void> {
  for await (const chunk of from as AsyncIterable<Buffer>) {
    for (let at = 0; at < chunk.length; at += pieceBytes) {
      const piece = chunk.subarray(at, at + pieceBytes);
      await pass(piece.length);
      if (!to.write(piece)) await once(to, 'drain');
    }
  }
  to.end();
}
