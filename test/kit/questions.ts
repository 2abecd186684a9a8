import { randomUUID } from 'node:crypto';
import { signRequest } from '@dossier/protocol/request-signature.ts';
import type { SigningKey } from '@dossier/protocol/signing-key.ts';

/** A question of the feed as somebody asks it who has a key, or the token. */
export interface Question {
  path: string;
  /** The node that it says to be; with it goes a number as honest sites give them. */
  node?: string | null;
  said?: Record<string, string | number>;
  fields?: Record<string, string>;
  now?: Date;
}

let number = 0;

/** What goes over the line. */
export function signQuestion(url: string, key: SigningKey, { path, node = null, said = {}, fields = {}, now = new Date() }: Question) {
  const target = new URL(path, url);
  const named = node === null ? {} : { slave: node, name: 'Gate', number: (number += 1) };
  for (const [name, value] of Object.entries({ ...named, ...said })) target.searchParams.set(name, String(value));
  const signature = signRequest(key, { method: 'GET', url: target, headers: fields }, { now, nonce: randomUUID() });
  return { url: target, headers: { ...fields, ...signature } };
}

/** The status of the answer, and why it was refused. */
export async function send({ url, headers }: { url: URL; headers: Record<string, string> }): Promise<string> {
  const answer = await fetch(url, { headers });
  await answer.arrayBuffer();
  return `${answer.status} ${answer.headers.get('dossier-refusal') ?? '-'}`;
}
