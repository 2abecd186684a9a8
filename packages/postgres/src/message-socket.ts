import { Socket } from 'node:net';

const memoryBytes = 256 * 1024;
/** A message of PostgreSQL's begins with a byte that says what it is, and four that say how long the rest is, themselves among it. */
const typeBytes = 1;
const headerBytes = 5;

/**
 * A socket for pg that reads into memory of its own, again and again, and hands on whole messages only (PostgreSQL's documentation, "Message Formats").
 * Node's own sockets make a buffer of 64 KB for each piece that comes, all of which V8 has to collect again while `COPY … TO` goes on. What a listener
 * of `data` is given is overwritten by what comes next: pg makes texts of it or passes it on before it returns, and keeps only parts of messages.
 * Not for TLS, which reads by itself.
 */
export function createMessageSocket(): Socket {
  const messages = new MessageMemory();
  const socket: Socket = new Socket({
    onread: {
      buffer: () => messages.free(),
      callback: (bytes) => {
        const whole = messages.take(bytes);
        if (whole.length > 0) socket.emit('data', whole);
        messages.keepRest();
        return true;
      },
    },
  });
  return socket;
}

/** Where messages are read into. What is not a whole one yet stays at the beginning until the rest has come. */
export class MessageMemory {
  #memory = Buffer.allocUnsafeSlow(memoryBytes);
  #filled = 0;
  #handedOn = 0;

  /** Where the next bytes are to be put. */
  free(): Buffer {
    return this.#memory.subarray(this.#filled);
  }

  /** The whole messages, now that so many bytes more have come; good until `keepRest` is called. */
  take(bytes: number): Buffer {
    this.#filled += bytes;
    this.#handedOn = this.#endOfWhole();
    return this.#memory.subarray(0, this.#handedOn);
  }

  /** Makes room: a part of a message goes to the beginning, into more memory if it fills what there is. */
  keepRest(): void {
    const rest = this.#filled - this.#handedOn;
    const isFull = rest === this.#memory.length;
    const wanted = isFull ? 2 * rest : Math.max(memoryBytes, rest === 0 ? 0 : this.#memory.length);
    const memory = wanted === this.#memory.length ? this.#memory : Buffer.allocUnsafeSlow(wanted);
    this.#memory.copy(memory, 0, this.#handedOn, this.#filled);
    this.#memory = memory;
    this.#filled = rest;
    this.#handedOn = 0;
  }

  #endOfWhole(): number {
    let end = 0;
    while (end + headerBytes <= this.#filled) {
      const next = end + typeBytes + this.#memory.readUInt32BE(end + typeBytes);
      if (next > this.#filled) break;
      end = next;
    }
    return end;
  }
}
