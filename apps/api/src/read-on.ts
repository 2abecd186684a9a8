import type { Request } from 'express';

/** More than any body that is taken. */
const mostBytes = 256 * 1024 * 1024;
const idleMs = 2000;

/**
 * Reads what a body still brings, for nothing but that the answer is heard: browsers and proxies show none before they have sent all, and what is closed with
 * unread bytes is reset. Ends early behind 256 MB, or when nothing comes for two seconds.
 */
export async function readOn(request: Request): Promise<void> {
  if (request.complete || request.destroyed) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  let bytes = 0;
  const timer = setTimeout(resolve, idleMs);
  request.unpipe();
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.byteLength;
    timer.refresh();
    if (bytes <= mostBytes) return;
    resolve();
    request.pause();
  });
  request.once('end', resolve);
  request.once('close', resolve);
  request.resume();
  await promise;
  clearTimeout(timer);
}
