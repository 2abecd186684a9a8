import type { FileHandle } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { BlockPool } from '@dossier/feed/block-pool.ts';

const blockBytes = 1024 * 1024;
const blocks = new BlockPool({ bytes: blockBytes, mostFree: 20 });

/** Sends the first `bytes` of a file, at the pace of whoever receives them. If they can't be sent to the end, the receiver is cut off. */
export async function sendBytes(file: FileHandle, bytes: number, receiver: Writable): Promise<void> {
  const block = blocks.take();
  try {
    for (let at = 0; at < bytes;) {
      const { bytesRead } = await file.read(block, 0, Math.min(blockBytes, bytes - at), at);
      if (bytesRead === 0) throw new Error(`The file ends after ${at} of ${bytes} bytes.`);
      at += bytesRead;
      await write(receiver, block.subarray(0, bytesRead));
    }
  } catch (error) {
    // The block is left to the collection of garbage: it may still be on its way.
    receiver.destroy();
    throw error;
  }
  blocks.giveBack(block);
}

/** Kept once the bytes were handed to the system. */
function write(receiver: Writable, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const close = (): void => reject(Object.assign(new Error('The receiver went away.'), { code: 'ERR_STREAM_PREMATURE_CLOSE' }));
    receiver.once('close', close);
    receiver.write(bytes, (error) => {
      receiver.off('close', close);
      if (error) reject(error);
      else resolve();
    });
  });
}
