import type { Request } from 'express';
import type { z } from 'zod';
import { parseBody, parseFields } from '../parse.ts';

/** The body of a call that needs none: one that is empty, or the empty form that some clients send, stands for `{}`. */
export async function parseOptionalBody<Schema extends z.ZodType>(request: Request, schema: Schema): Promise<z.output<Schema>> {
  const type = request.headers['content-type'];
  const length = request.headers['content-length'] ?? (request.headers['transfer-encoding'] === undefined ? '0' : '');
  const isForm = type !== undefined && /^\s*application\/x-www-form-urlencoded\b/i.test(type);
  return length === '0' || isForm ? parseFields(schema, {}) : parseBody(request, schema);
}
