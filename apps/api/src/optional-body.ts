import { parse } from 'node:querystring';
import type { Request } from 'express';
import type { z } from 'zod';
import { parseJsonBytes, readBytes, requireJson } from './json-body.ts';
import { parseFields, requireObject } from './parse.ts';

/** What clients write into a form that has no field. */
const emptyForms = new Set(['[]', '{}', 'null']);

/** The body of a call that needs none: no bytes, or an empty form as some clients send it, stand for `{}`. The fields of a form are texts. */
export async function parseOptionalBody<Schema extends z.ZodType>(request: Request, schema: Schema): Promise<z.output<Schema>> {
  const bytes = await readBytes(request);
  if (bytes.byteLength === 0) return parseFields(schema, {});
  if (/^\s*application\/x-www-form-urlencoded\b/i.test(request.headers['content-type'] ?? '')) return parseFields(schema, parseForm(bytes));
  requireJson(request);
  return parseFields(schema, requireObject(parseJsonBytes(bytes)));
}

function parseForm(bytes: Buffer): object {
  const form = bytes.toString('utf8').trim();
  return emptyForms.has(form) ? {} : { ...parse(form, undefined, undefined, { maxKeys: 0 }) };
}
