import { createHash } from 'node:crypto';
import { parseDictionary, serializeByteSequence } from 'structured-headers';

/** Hash of bytes in the one form used everywhere: 64 lower-case hexadecimal digits. */
export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/**
 * The `Content-Digest` field (RFC 9530 §2) for content whose SHA-256 is known.
 * @param sha256 64 hexadecimal digits, of the bytes as they are sent (after any content coding)
 */
export function contentDigestOf(sha256: string): string {
  return `sha-256=${serializeByteSequence(Buffer.from(sha256, 'hex'))}`;
}

/**
 * Reads a `Content-Digest` field that holds exactly one `sha-256`, in its canonical spelling.
 * @returns 64 hexadecimal digits, or null for anything else, also for a field that names further algorithms
 */
export function parseContentDigest(field: string): string | null {
  const bytes = byteSequence(field, 'sha-256');
  if (bytes?.length !== 32) return null;
  const sha256 = bytes.toString('hex');
  return contentDigestOf(sha256) === field ? sha256 : null;
}

function byteSequence(field: string, member: string): Buffer | null {
  try {
    const value = parseDictionary(field).get(member)?.[0];
    return value instanceof ArrayBuffer ? Buffer.from(value) : null;
  } catch {
    return null; // not a structured field: the same as not being there
  }
}
