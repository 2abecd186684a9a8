import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { createMessageSocket, MessageMemory } from './message-socket.ts';

function message(type: string, length: number): Buffer {
  const bytes = Buffer.alloc(5 + length, type);
  bytes.writeUInt32BE(4 + length, 1);
  return bytes;
}

/** Puts the bytes into the memory in pieces of the given lengths, and returns what it hands on, copied. */
function feed(bytes: Buffer, pieceBytes: number): Buffer[] {
  const memory = new MessageMemory();
  const handedOn: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const copied = bytes.copy(memory.free(), 0, at, at + pieceBytes);
    at += copied;
    const whole = memory.take(copied);
    if (whole.length > 0) handedOn.push(Buffer.from(whole));
    memory.keepRest();
  }
  return handedOn;
}

describe('the memory for messages', () => {
  it('hands on whole messages, however they were cut', () => {
    const messages = [message('T', 30), message('Z', 0), message('d', 700), message('C', 3)];
    const ends = new Set(messages.map((_, index) => Buffer.concat(messages.slice(0, index + 1)).length));
    for (let pieceBytes = 1; pieceBytes <= Buffer.concat(messages).length; pieceBytes += 1) {
      const handedOn = feed(Buffer.concat(messages), pieceBytes);
      expect(Buffer.concat(handedOn).equals(Buffer.concat(messages))).toBe(true);
      let end = 0;
      for (const bytes of handedOn) expect(ends.has((end += bytes.length))).toBe(true);
    }
  });

  it('grows for a message that is longer than it, and goes back', () => {
    const bytes = Buffer.concat([message('d', 10), message('d', 3_000_000), message('Z', 1), message('d', 600_000)]);
    expect(Buffer.concat(feed(bytes, 65_536)).equals(bytes)).toBe(true);
    const memory = new MessageMemory();
    const usual = memory.free().length;
    for (let left = 1_000_005; left > 0;) {
      const copied = left === 1_000_005 ? message('d', 1_000_000).copy(memory.free()) : Math.min(left, memory.free().length);
      left -= copied;
      memory.take(copied);
      memory.keepRest();
    }
    expect(memory.free()).toHaveLength(usual);
  });
});

describe('the socket for messages', () => {
  it('reads no further while it is paused, and loses nothing', async () => {
    const sent = Buffer.concat(Array.from({ length: 3000 }, (_, index) => message('d', 1000 + (index % 7))));
    const server = createServer((peer) => peer.end(sent)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const socket = createMessageSocket();
    const received: Buffer[] = [];
    let heldBack = 0;
    socket.on('data', (bytes: Buffer) => {
      expect(socket.isPaused()).toBe(false);
      received.push(Buffer.from(bytes));
      if (received.length % 5 !== 0) return;
      socket.pause();
      heldBack += 1;
      setImmediate(() => socket.resume());
    });
    socket.connect((server.address() as AddressInfo).port, '127.0.0.1');
    await once(socket, 'close');
    expect(Buffer.concat(received).equals(sent)).toBe(true);
    expect(heldBack).toBeGreaterThan(0);
    server.close();
  });
});
