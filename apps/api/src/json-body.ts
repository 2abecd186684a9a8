import { sizeText } from '@dossier/domain/size.ts';
import type { Request } from 'express';
import { parseJson } from '@dossier/domain/whole-numbers.ts';
import { ApplicationError } from '@dossier/runtime/errors.ts';
import { scanJson } from './json-scan.ts';

const maximumBytes = 1024 * 1024;
/** Beyond anything that the API knows: `meta` may have 32 levels. */
const maximumDepth = 64;

function refuse(detail: string): ApplicationError {
  return new ApplicationError('BAD_PARAM', detail);
}

/**
 * The JSON value in a request's body. Throws TOO_LARGE over 1 MB, UNSUPPORTED_MEDIA_TYPE for anything that isn't called JSON in UTF-8,
 * BAD_PARAM for what isn't JSON (with the place) or is nested too deeply.
 */
export async function readJsonBody(request: Request): Promise<unknown> {
  requireJson(request);
  return parseJsonBytes(await readBytes(request));
}

/** The JSON value that the bytes are. Throws BAD_PARAM for those that are none. */
export function parseJsonBytes(bytes: Buffer): unknown {
  if (bytes.byteLength === 0) throw refuse('The body is empty; a JSON object is expected.');
  const text = decode(bytes);
  const { fault, depth } = scanJson(text, maximumDepth);
  if (depth > maximumDepth) throw refuse(`The body is nested deeper than ${maximumDepth} levels.`);
  if (fault !== null) throw refuse(`The body is not JSON: ${describeFault(text, fault)}.`);
  return parseJson(text);
}

/** Throws UNSUPPORTED_MEDIA_TYPE for a body that isn't called JSON in UTF-8. */
export function requireJson(request: Request): void {
  const [type = '', ...parameters] = (request.headers['content-type'] ?? '').toLowerCase().split(';');
  const charset = parameters.map((parameter) => /^\s*charset\s*=\s*"?([^"\s]+)/.exec(parameter)?.[1]).find((value) => value !== undefined);
  if (!/^\s*application\/([a-z0-9.-]+\+)?json\s*$/.test(type) || (charset !== undefined && charset !== 'utf-8' && charset !== 'utf8')) {
    throw new ApplicationError('UNSUPPORTED_MEDIA_TYPE', 'The body must be JSON in UTF-8, sent with "Content-Type: application/json".');
  }
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding.toLowerCase() !== 'identity') {
    throw new ApplicationError('UNSUPPORTED_MEDIA_TYPE', 'The body must not be compressed.');
  }
}

/** The bytes of a body. Throws TOO_LARGE over 1 MB. */
export async function readBytes(request: Request): Promise<Buffer> {
  const tooLarge = (): ApplicationError => new ApplicationError('TOO_LARGE', `The body has more than ${sizeText(maximumBytes)}.`);
  if (Number(request.headers['content-length'] ?? 0) > maximumBytes) throw tooLarge();
  const chunks: Buffer[] = [];
  let bytes = 0;
  // Not `for await`: leaving that early destroys the request, and with it the connection that the refusal needs.
  await new Promise<void>((resolve, reject) => {
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.byteLength;
      if (bytes <= maximumBytes) chunks.push(chunk);
      else reject(tooLarge());
    });
    request.once('end', resolve);
    request.once('error', reject);
    request.once('close', () => {
      if (!request.readableEnded) reject(refuse('The body broke off.'));
    });
  });
  return Buffer.concat(chunks);
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new ApplicationError('BAD_PARAM', 'The body is not valid UTF-8.', { cause: error });
  }
}

function describeFault(text: string, at: number): string {
  if (at >= text.length) return `it ends too early, after ${text.length} characters`;
  const before = text.slice(0, at).split('\n');
  const found = JSON.stringify(String.fromCodePoint(text.codePointAt(at) ?? 0).toWellFormed());
  return `unexpected ${found} in line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1} (position ${at})`;
}
