import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { constants, zstdCompress } from 'node:zlib';
import type { Readable } from 'node:stream';
import type { Request, Response } from 'express';
import { signResponse } from '@dossier/protocol/response-signature.ts';
import { FEED_CHALLENGE } from '@dossier/protocol/signature-base.ts';
import type { SigningKey } from '@dossier/protocol/signing-key.ts';
import { ApplicationError } from '@dossier/runtime/errors.ts';
import { sendBytes } from './file-bytes.ts';

const compress = promisify(zstdCompress);
const worthCompressingBytes = 16 * 1024;
const fastest = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

/** Who asks: the key that signs the answer, what the answer has to cover, and what goes with it to vouch for the key. */
export interface Asker {
  key: SigningKey;
  signature: string;
  now: () => Date;
  /** Fields that every answer to it bears. */
  fields?: Readonly<Record<string, string>>;
}

/** Tells nothing but that the signature isn't one of this feed's. */
export function refuseStranger(response: Response): never {
  response.set('WWW-Authenticate', FEED_CHALLENGE);
  throw new ApplicationError(
    'UNAUTHORIZED',
    'The feed answers requests that are signed with the shared SYNC_TOKEN, or by a key that is known here.',
  );
}

export interface FeedBody {
  status: number;
  contentType: string;
  body: Buffer;
  etag?: string;
  /** Its bytes hardly become fewer by compressing them, as those of photos. */
  isCompressed?: boolean;
}

export const absent: FeedBody = { status: 404, contentType: 'application/json', body: Buffer.from('{}') };

export function json(value: unknown, status = 200): FeedBody {
  return { status, contentType: 'application/json', body: Buffer.from(JSON.stringify(value)) };
}

/** Answers with a signed body. Compressed for peers that offer it, except on this machine, where it costs more than it saves. */
export async function sendSigned(response: Response, asker: Asker, answer: FeedBody): Promise<void> {
  const worthwhile = answer.isCompressed !== true && answer.body.length >= worthCompressingBytes && isWorthCompressing(response.req);
  const content = worthwhile ? await compress(answer.body, fastest) : answer.body;
  response.status(answer.status).setHeader('Content-Type', answer.contentType);
  if (worthwhile) response.setHeader('Content-Encoding', 'zstd');
  if (answer.etag !== undefined) response.setHeader('ETag', answer.etag);
  sign(response, asker, createHash('sha256').update(content).digest('hex'));
  response.setHeader('Content-Length', content.length);
  response.end(content);
}

/** Says, signed, that what the asker holds under this entity tag is still so. */
export function sendUnchanged(response: Response, asker: Asker, etag: string): void {
  response.status(304).setHeader('ETag', etag);
  sign(response, asker, createHash('sha256').digest('hex'));
  response.end();
}

/** Sends a photo under its own address as the signed digest, without reading it first; cut off before its end if it isn't that photo. */
export async function sendPhoto(
  response: Response,
  asker: Asker,
  photo: { sha256: string; bytes: number; stream: Readable },
): Promise<void> {
  response.status(200).setHeader('Content-Type', 'application/octet-stream');
  sign(response, asker, photo.sha256);
  response.setHeader('Content-Length', photo.bytes);
  await pipeline(photo.stream, response);
}

/** Sends a file whose hash is known, without reading it first. The same bytes are not sent again to who has them. */
export async function sendFile(
  response: Response,
  asker: Asker,
  file: { contentType: string; contentEncoding?: 'zstd'; sha256: string; bytes: number; open(): Promise<FileHandle> },
): Promise<void> {
  const etag = `"${file.sha256}"`;
  if (response.req.headers['if-none-match'] === etag) return sendUnchanged(response, asker, etag);
  const opened = await file.open();
  try {
    response.status(200).setHeader('Content-Type', file.contentType);
    if (file.contentEncoding !== undefined) response.setHeader('Content-Encoding', file.contentEncoding);
    response.setHeader('ETag', etag);
    sign(response, asker, file.sha256);
    response.setHeader('Content-Length', file.bytes);
    await sendBytes(opened, file.bytes, response);
    response.end();
  } finally {
    await opened.close();
  }
}

function sign(response: Response, asker: Asker, sha256: string): void {
  response.setHeader('Cache-Control', 'no-store, no-transform');
  for (const [name, value] of Object.entries(asker.fields ?? {})) response.setHeader(name, value);
  const fields = signResponse(
    asker.key,
    { status: response.statusCode, headers: response.getHeaders(), sha256 },
    { requestSignature: asker.signature, now: asker.now() },
  );
  for (const [name, value] of Object.entries(fields)) response.setHeader(name, value);
}

/** Whether the asker offers to decompress, and isn't on this machine, where that costs more than it saves. */
export function isWorthCompressing(request: Request): boolean {
  return !isLoopback(request) && request.acceptsEncodings('zstd') === 'zstd';
}

function isLoopback(request: Request): boolean {
  const address = request.socket.remoteAddress ?? '';
  return address === '::1' || address.startsWith('127.') || address.startsWith('::ffff:127.');
}
