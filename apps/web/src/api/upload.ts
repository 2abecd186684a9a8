import type { z } from 'zod';
import { Problem, problemOf } from './problem.ts';
import { address } from './request.ts';
import type { Query } from './request.ts';

interface Upload {
  readonly query: Query;
  readonly body: Blob | FormData;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** Told how much is sent, from 0 to 1. */
  readonly onProgress: (part: number) => void;
}

/** Sends what may be long, and reads the JSON answer, which has to fit the schema. Throws Problem, or the signal's reason. */
export function upload<Schema extends z.ZodType>(
  schema: Schema,
  path: string,
  { query, body, headers = {}, signal, onProgress }: Upload,
): Promise<z.output<Schema>> {
  const { promise, resolve, reject } = Promise.withResolvers<z.output<Schema>>();
  // fetch does not tell how an upload goes.
  const request = new XMLHttpRequest();
  request.open('POST', address(path, query));
  for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
  request.upload.addEventListener('progress', (event) => {
    if (event.lengthComputable) onProgress(event.loaded / event.total);
  });
  request.addEventListener('load', () => {
    const { status, statusText, responseText } = request;
    if (status >= 200 && status < 300) resolve(schema.parse(JSON.parse(responseText)));
    else void problemOf(new Response(responseText, { status, statusText })).then(reject);
  });
  request.addEventListener('error', () => reject(new Problem('unreachable', { status: 0, code: 'UNREACHABLE' })));
  request.addEventListener('abort', () =>
    reject(signal?.reason instanceof Error ? signal.reason : new DOMException('aborted', 'AbortError')),
  );
  signal?.addEventListener('abort', () => request.abort(), { once: true });
  request.send(body);
  return promise;
}
