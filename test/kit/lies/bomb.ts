const blockBytes = 128 * 1024;

/** So many gigabytes of nothing as zstd (RFC 8878): a frame of blocks that each say "this byte, 131,072 times", in four bytes. */
export function zstdBomb(gigabytes: number): Buffer {
  const blocks = (gigabytes * 1024 ** 3) / blockBytes;
  // Magic number, a frame header that tells no size, a window of 128 KiB.
  const frame = Buffer.alloc(6 + blocks * 4);
  Buffer.from('28b52ffd0038', 'hex').copy(frame);
  for (let block = 0; block < blocks; block += 1) {
    const last = block === blocks - 1 ? 1 : 0;
    frame.writeUIntLE(last + (1 << 1) + blockBytes * 8, 6 + block * 4, 3);
  }
  return frame;
}
