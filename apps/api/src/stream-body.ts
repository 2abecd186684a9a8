import { PassThrough } from 'node:stream';
import type { Request, Response } from 'express';
import { ApplicationError } from '@dossier/runtime/errors.ts';
import { decodeContent } from './import/unpacked.ts';
import { tooLarge } from './import/open-file.ts';

const idleMs = 60_000;

/**
 * The body as it comes, for as long as it takes, unpacked if it was packed for the way. TOO_LARGE over the limit, BAD_PARAM where it breaks off or nothing
 * comes for a minute; the request itself stays whole for the answer.
 */
export function readStream(request: Request, response: Response, maximumBytes: number): AsyncIterable<Uint8Array> {
  if (Number(request.headers['content-length'] ?? 0) > maximumBytes) throw tooLarge(maximumBytes);
  const body = new PassThrough();
  let bytes = 0;
  const timer = setInterval(() => {
    // Where the reader is the slow one, nothing can come.
    if (!body.writableNeedDrain)
      body.destroy(new ApplicationError('BAD_PARAM', `Nothing more of the file came for ${idleMs / 1000} seconds.`));
  }, idleMs);
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.byteLength;
    timer.refresh();
    if (bytes > maximumBytes) body.destroy(tooLarge(maximumBytes));
  });
  request.once('close', () => {
    if (!request.complete) body.destroy(new ApplicationError('BAD_PARAM', 'The body broke off.'));
  });
  body.on('error', () => {
    // told to whoever reads, if somebody still does
  });
  body.once('close', () => clearInterval(timer));
  response.once('close', () => body.destroy());
  request.pipe(body);
  return decodeContent(body as AsyncIterable<Uint8Array>, (request.headers['content-encoding'] ?? 'identity').toLowerCase());
}
