import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

const derive = promisify(argon2);

/** OWASP's lowest advised cost for argon2id: 19 MiB and two passes, some 30 ms. */
const cost = { memory: 19_456, passes: 2, parallelism: 1 } as const;
const tagBytes = 32;
const saltBytes = 16;

const phc = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/;

/** The hash of a password in PHC string form, with a salt of its own. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(saltBytes);
  const tag = await derive('argon2id', { message: password, nonce: salt, tagLength: tagBytes, ...cost });
  return `$argon2id$v=19$m=${cost.memory},t=${cost.passes},p=${cost.parallelism}$${unpadded(salt)}$${unpadded(tag)}`;
}

/** Whether the password is the one that was hashed. Takes as long for a hash of null, which no password fits. */
export async function fitsPassword(password: string, hash: string | null): Promise<boolean> {
  const parts = hash === null ? null : phc.exec(hash);
  const expected = Buffer.from(parts?.[5] ?? '', 'base64');
  const tag = await derive('argon2id', {
    message: password,
    nonce: parts ? Buffer.from(parts[4] ?? '', 'base64') : Buffer.alloc(saltBytes),
    tagLength: parts ? expected.byteLength : tagBytes,
    memory: Number(parts?.[1] ?? cost.memory),
    passes: Number(parts?.[2] ?? cost.passes),
    parallelism: Number(parts?.[3] ?? cost.parallelism),
  });
  return tag.byteLength === expected.byteLength && timingSafeEqual(tag, expected);
}

function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}
