import type { z } from 'zod';
import { exchange } from './request.ts';

/** A thing as it was read, and the tag by which a change says that this state of it is meant. */
export interface Tagged<Thing> {
  readonly value: Thing;
  readonly tag: string;
}

/** Reads one thing with its tag. Throws Problem. */
export async function readTagged<Schema extends z.ZodType>(
  schema: Schema,
  path: string,
  signal?: AbortSignal,
): Promise<Tagged<z.output<Schema>>> {
  const response = await exchange('GET', path, { signal });
  return { value: schema.parse(await response.json()), tag: response.headers.get('etag') ?? '' };
}

/** The header of a change that is meant for this state. */
export function ifMatch(tag: string): Record<string, string> {
  return { 'if-match': tag };
}
