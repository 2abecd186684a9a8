import { parse as parseSearch } from 'node:querystring';
import type { Request } from 'express';
import { ZodError } from 'zod';
import type { z } from 'zod';
import { ApplicationError, notFound } from '@dossier/runtime/errors.ts';
import { readJsonBody } from './json-body.ts';

/** The request's JSON body as the schema gives it; BAD_PARAM names the first field that doesn't fit. */
export async function parseBody<Schema extends z.ZodType>(request: Request, schema: Schema): Promise<z.output<Schema>> {
  const body = await readJsonBody(request);
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new ApplicationError('BAD_PARAM', 'The body must be a JSON object.');
  }
  return parseFields(schema, body);
}

/** The request's query as the schema gives it; parameters that the schema doesn't know are ignored. */
export function parseQuery<Schema extends z.ZodType>(request: Request, schema: Schema): z.output<Schema> {
  const start = request.url.indexOf('?');
  const parameters = parseSearch(start === -1 ? '' : request.url.slice(start + 1), undefined, undefined, { maxKeys: 2000 });
  return parseFields(schema, { ...parameters });
}

/** Fields as the schema gives them; BAD_PARAM names the first that doesn't fit. */
export function parseFields<Schema extends z.ZodType>(schema: Schema, fields: object): z.output<Schema> {
  try {
    return schema.parse(fields);
  } catch (error) {
    throw error instanceof ZodError ? fromZodError(error) : error;
  }
}

function fromZodError(error: ZodError): ApplicationError {
  const [issue] = error.issues;
  if (!issue) return new ApplicationError('BAD_PARAM', 'The request does not fit.', { cause: error });
  if (issue.code === 'unrecognized_keys') return fromUnknownField(issue.path.concat(issue.keys.slice(0, 1)), error);
  const [field] = issue.path;
  if (field === undefined) return new ApplicationError('BAD_PARAM', `The request ${issue.message}.`, { cause: error });
  const missing = issue.code === 'invalid_type' && issue.message.endsWith('received undefined');
  const said = missing ? 'is required' : issue.message.charAt(0).toLowerCase() + issue.message.slice(1);
  return new ApplicationError('BAD_PARAM', `${issue.path.map(String).join('.')}: ${said}.`, { param: String(field), cause: error });
}

function fromUnknownField(path: readonly PropertyKey[], cause: ZodError): ApplicationError {
  const detail = `The request has a field ${JSON.stringify(path.map(String).join('.'))} that is not known here.`;
  return new ApplicationError('BAD_PARAM', detail, { param: String(path[0]), cause });
}

/** The id in the path; what can't be one is a thing that isn't there. */
export function pathId(request: Request, what: string): number {
  const { id } = request.params;
  if (typeof id !== 'string' || !/^[1-9]\d{0,14}$/.test(id)) throw notFound(what);
  return Number(id);
}
