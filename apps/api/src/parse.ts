import type { Request } from 'express';
import { ZodError, ZodObject } from 'zod';
import type { z } from 'zod';
import { ApplicationError, notFound } from '@dossier/runtime/errors.ts';
import { readJsonBody } from './json-body.ts';
import { readParameters } from './parameters.ts';
import { limitsOf } from './session.ts';

/** The request's JSON body as the schema gives it; BAD_PARAM names the first field that doesn't fit. */
export async function parseBody<Schema extends z.ZodType>(request: Request, schema: Schema): Promise<z.output<Schema>> {
  return parseFields(schema, requireObject(await readJsonBody(request)));
}

/** BAD_PARAM for any other JSON value than an object. */
export function requireObject(body: unknown): object {
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body;
  throw new ApplicationError('BAD_PARAM', 'The body must be a JSON object.');
}

/** The request's query as the schema gives it. That it knows them all was seen to before (refuseUnknown). */
export function parseQuery<Schema extends z.ZodType>(request: Request, schema: Schema): z.output<Schema> {
  const parsed = parseFields(schema, readParameters(request));
  const limits = limitsOf(request);
  if (limits === null || !(schema instanceof ZodObject) || !('dossier_lists' in schema.shape)) return parsed;
  // Who is limited asks for no other lists, and for none beyond where no list is named.
  const asked = (parsed as { dossier_lists?: number[] }).dossier_lists;
  return Object.assign(parsed as object, {
    dossier_lists: asked?.filter((list) => limits.includes(list)) ?? [...limits],
  }) as z.output<Schema>;
}

/** The lists that a query names, without those that stand in it because who asks is limited to some. */
export function namedLists(request: Request, lists: readonly number[] | undefined): readonly number[] | undefined {
  return 'dossier_lists' in readParameters(request) ? lists : undefined;
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
  if (issue.code === 'unrecognized_keys') return fromUnknownFields(issue, error);
  const [field] = issue.path;
  if (field === undefined) return new ApplicationError('BAD_PARAM', `The request ${issue.message}.`, { cause: error });
  const missing = issue.code === 'invalid_type' && issue.message.endsWith('received undefined');
  const said = missing ? 'is required' : issue.message.charAt(0).toLowerCase() + issue.message.slice(1);
  return new ApplicationError('BAD_PARAM', `${issue.path.map(String).join('.')}: ${said}.`, { param: String(field), cause: error });
}

function fromUnknownFields({ path, keys }: { path: readonly PropertyKey[]; keys: readonly string[] }, cause: ZodError): ApplicationError {
  return unknownNames(
    'field',
    keys.map((key) => [...path, key].map(String).join('.')),
    cause,
  );
}

/** BAD_PARAM that names all that isn't known here: nobody is to believe that it was heeded. */
export function unknownNames(kind: 'field' | 'parameter', names: readonly string[], cause?: unknown): ApplicationError {
  const shown = names.slice(0, 20).map((name) => JSON.stringify(name.slice(0, 100)));
  const more = names.length > shown.length ? ` and ${names.length - shown.length} more` : '';
  const said = names.length === 1 ? `a ${kind} ${shown[0]} that is` : `${kind}s ${shown.join(', ')}${more} that are`;
  return new ApplicationError('BAD_PARAM', `The request has ${said} not known here. Nothing was done.`, {
    param: names[0]?.split('.')[0] ?? '',
    cause,
  });
}

/** The id in the path, or another number there; what can't be one is a thing that isn't there. */
export function pathId(request: Request, what: string, name = 'id'): number {
  const id = request.params[name];
  if (typeof id !== 'string' || !/^[1-9]\d{0,14}$/.test(id)) throw notFound(what);
  return Number(id);
}
