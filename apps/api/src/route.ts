import type { Request, Response } from 'express';
import { z } from 'zod';
import type { ZodObject, ZodType } from 'zod';
import type { ZodOpenApiOperationObject, ZodOpenApiResponseObject, ZodOpenApiResponsesObject } from 'zod-openapi';
import type { Role } from '@dossier/domain/role.ts';
import { problemSchema } from '@dossier/protocol/problem.ts';

/** Who may: `everyone`, or users of this role and the roles above it. */
export type Access = 'everyone' | Role;

/**
 * What of a route there is for who is limited to some watch lists; anything else is as if it weren't there.
 *
 * - `all`: it tells nothing of any list, or heeds by itself whose lists there are.
 * - `narrowed`: its parameter `dossier_lists` names no others, also where it is left out.
 * - `list`: `:id` is a list.
 * - `dossier`: `:id` is a dossier that one of the lists holds; `own dossier`: and no other list does.
 * - `photo`, `own photo`: the same of the dossier that a photo is of.
 */
export type LimitedTo = 'all' | 'narrowed' | 'list' | 'dossier' | 'own dossier' | 'photo' | 'own photo';

/** One operation of the API: where it is, who may call it, what it promises and who does it. */
export interface Route {
  readonly method: 'get' | 'post' | 'patch' | 'put' | 'delete';
  /** With the closing slash where it has one (it works without, too), parameters as `:id`. */
  readonly path: string;
  readonly access: Access;
  /** Left out: for users who are limited to watch lists it isn't there. */
  readonly limited?: LimitedTo;
  /** The parameters of its query; without it none is taken. Others are refused before the handler is called. */
  readonly query?: ZodObject;
  /** What OpenAPI says of it; parameters of path and query are added. Without a `requestBody` no field of a body is taken. */
  readonly operation: ZodOpenApiOperationObject;
  /** The answer goes on for as long as the asker wants: its statements are not bounded, as those of other GETs are. */
  readonly endless?: true;
  /** A page for people: without a session they are led to the sign-in page instead of getting a problem. */
  readonly page?: true;
  /** Its body is read as it comes and may take as long as it likes. */
  readonly slowBody?: true;
  /** Its answers may be megabytes: a user gets only some at once. */
  readonly bulk?: true;
  /** Parses, calls, presents. What it throws is answered as a problem. */
  readonly handle: (request: Request, response: Response) => Promise<void> | void;
}

/** The answers of an operation for its OpenAPI description: JSON bodies by status, null for none; problems are added. */
export function answers(bodies: Record<`${1 | 2 | 3 | 4 | 5}${string}`, ZodType | null>): ZodOpenApiResponsesObject {
  const described = Object.entries(bodies).map(([status, schema]): [string, ZodOpenApiResponseObject] => [
    status,
    schema === null ? { description: 'Done' } : { description: 'Done', content: { 'application/json': { schema } } },
  ]);
  return Object.fromEntries([
    ...described,
    ['default', { description: 'What is wrong', content: { 'application/problem+json': { schema: problemSchema } } }],
  ]);
}

/** Bytes, in a form or an answer. */
export const binary = z.unknown().meta({ override: { type: 'string', format: 'binary' } });

/** The answers of an operation that gives an image of one of these types. */
export function imageAnswers(...types: string[]): ZodOpenApiResponsesObject {
  const content = Object.fromEntries(types.map((type) => [type, { schema: binary }]));
  return { ...answers({}), '200': { description: 'The bytes', content } };
}

/** A JSON body for an operation's OpenAPI description. */
export function jsonBody(schema: ZodType): NonNullable<ZodOpenApiOperationObject['requestBody']> {
  return { required: true, content: { 'application/json': { schema } } };
}
