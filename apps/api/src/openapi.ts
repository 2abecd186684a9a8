import { z } from 'zod';
import { createDocument } from 'zod-openapi';
import type { ZodOpenApiObject, ZodOpenApiOperationObject, ZodOpenApiPathsObject } from 'zod-openapi';
import type { Route } from './route.ts';

const roleNames = { everyone: 'Open to everyone.', viewer: 'For all users.', operator: 'For operators and admins.', admin: 'For admins.' };

/** The OpenAPI 3.1 document of the routes, made from the schemas by which they parse. */
export function describeApi(routes: readonly Route[]): object {
  const paths: ZodOpenApiPathsObject = {};
  for (const route of routes.filter((each) => each.page === undefined)) {
    const path = route.path.replaceAll(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method]: describeOperation(route) };
  }
  const document: ZodOpenApiObject = {
    openapi: '3.1.1',
    info: {
      title: 'Distributed dossier database',
      version: '1',
      description:
        'Watch lists of dossiers on a master, provably equal copies on every slave. Not part of this page: the feed under `/feed/`, between nodes and signed (docs/protocol.md), and Bull Board at `/queues/`, for admins. Query parameters and fields of bodies that a call doesn’t name are refused with `BAD_PARAM`; `dossier_lists[]` means `dossier_lists`. Every path answers `OPTIONS` with `Allow`, `HEAD` as `GET`, and other methods with 405.',
    },
    security: [{ token: [] }, { session: [] }],
    components: {
      securitySchemes: {
        token: { type: 'apiKey', in: 'header', name: 'Authorization', description: '`Token <token>`' },
        session: { type: 'apiKey', in: 'cookie', name: 'dossier_session', description: 'From `POST /auth/login/?cookie=1`' },
        password: { type: 'http', scheme: 'basic' },
      },
    },
    paths,
  };
  // A schema of checks in code alone, like that of meta, is described by its own metadata.
  return createDocument(document, { allowEmptySchema: { custom: true } });
}

function describeOperation(route: Route): ZodOpenApiOperationObject {
  const { operation } = route;
  const names = [...route.path.matchAll(/:(\w+)/g)].map(([, name]) => name ?? '');
  const path = z.object(Object.fromEntries(names.map((name) => [name, z.int().positive()])));
  return {
    ...operation,
    description: [operation.description, roleNames[route.access]].filter((text) => text !== undefined).join(' '),
    ...(route.access === 'everyone' && operation.security === undefined ? { security: [] } : {}),
    requestParams: {
      ...(names.length > 0 ? { path } : {}),
      ...(route.query === undefined ? {} : { query: route.query }),
      ...operation.requestParams,
    },
  };
}
