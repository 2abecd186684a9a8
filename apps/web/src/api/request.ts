import type { z } from 'zod';
import { Problem, problemOf } from './problem.ts';

/** Values of a query; what is undefined or empty is left out. */
export type Query = Record<string, string | number | boolean | undefined>;

interface Exchange {
  readonly query?: Query;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  readonly signal?: AbortSignal | undefined;
}

/** The address on this node with its query. */
export function address(path: string, query: Query = {}): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
  const text = new URLSearchParams(given.map(([key, value]) => [key, String(value)])).toString();
  return text === '' ? path : `${path}?${text}`;
}

/** Asks the node, with the session's cookie. Throws Problem. */
export async function exchange(method: string, path: string, { query, body, headers, signal }: Exchange = {}): Promise<Response> {
  const raw = body instanceof Blob || body instanceof FormData;
  const init: RequestInit = { method, credentials: 'same-origin', headers: { ...headers } };
  if (body !== undefined) init.body = raw ? body : JSON.stringify(body);
  if (body !== undefined && !raw) init.headers = { 'content-type': 'application/json', ...headers };
  if (signal) init.signal = signal;
  const response = await fetch(address(path, query), init).catch((error: unknown) => {
    if (signal?.aborted) throw error;
    throw new Problem('unreachable', { status: 0, code: 'UNREACHABLE' }, { cause: error });
  });
  if (!response.ok) throw await problemOf(response);
  return response;
}

/** Reads a JSON answer that has to fit the schema. */
export async function read<Schema extends z.ZodType>(
  schema: Schema,
  path: string,
  options: { query?: Query; signal?: AbortSignal | undefined } = {},
): Promise<z.output<Schema>> {
  const response = await exchange('GET', path, options);
  return schema.parse(await response.json());
}

/** Sends a change and reads the JSON answer, which has to fit the schema. */
export async function send<Schema extends z.ZodType>(
  schema: Schema,
  [method, path]: readonly [method: 'POST' | 'PATCH' | 'PUT' | 'DELETE', path: string],
  options: Omit<Exchange, 'signal'> = {},
): Promise<z.output<Schema>> {
  const response = await exchange(method, path, options);
  return schema.parse(await response.json());
}

/** Sends a change whose answer holds nothing of interest. */
export async function command(
  [method, path]: readonly [method: 'POST' | 'PATCH' | 'PUT' | 'DELETE', path: string],
  options: Omit<Exchange, 'signal'> = {},
): Promise<void> {
  const response = await exchange(method, path, options);
  await response.arrayBuffer();
}
