/** The first bytes of a stream, and all of it. */
export interface Headed {
  readonly head: Buffer;
  readonly all: AsyncIterable<Uint8Array>;
}

/** Reads at least `bytes` ahead, or all if there are fewer. */
export async function readHead(source: AsyncIterable<Uint8Array>, bytes: number): Promise<Headed> {
  const iterator = source[Symbol.asyncIterator]();
  const read: Uint8Array[] = [];
  let length = 0;
  while (length < bytes) {
    const { value, done } = await iterator.next();
    if (done === true) break;
    read.push(value);
    length += value.byteLength;
  }
  async function* all(): AsyncGenerator<Uint8Array> {
    yield* read;
    yield* { [Symbol.asyncIterator]: () => iterator };
  }
  return { head: Buffer.concat(read), all: all() };
}
