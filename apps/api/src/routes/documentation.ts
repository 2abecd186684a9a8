import { fileURLToPath } from 'node:url';
import type { Response } from 'express';
import getAbsoluteFSPath from 'swagger-ui-dist/absolute-path.js';
import { notFound } from '@dossier/runtime/errors.ts';
import { answers } from '../route.ts';
import type { Route } from '../route.ts';

const pages = fileURLToPath(new URL('../pages', import.meta.url));

/** Files under /docs/ and where they are: nothing else of the folders is served. */
const files: Readonly<Record<string, string>> = {
  'reference.js': pages,
  'reference.css': pages,
  'swagger-ui.css': getAbsoluteFSPath(),
  'swagger-ui-bundle.js': getAbsoluteFSPath(),
  'favicon-32x32.png': getAbsoluteFSPath(),
};

/** The API's description and a page to read it that asks nothing of the internet. `describe` is called when first needed. */
export function documentationRoutes(describe: () => object): Route[] {
  let description: string | null = null;
  return [
    {
      method: 'get',
      path: '/openapi.json',
      limited: 'all',
      access: 'viewer',
      operation: {
        tags: ['Documentation'],
        summary: 'This description',
        responses: {
          ...answers({}),
          '200': { description: 'OpenAPI 3.1', content: { 'application/json': { schema: { type: 'object' } } } },
        },
      },
      handle(_request, response) {
        description ??= JSON.stringify(describe());
        response.type('json').send(description);
      },
    },
    {
      method: 'get',
      path: '/docs/',
      limited: 'all',
      access: 'viewer',
      page: true,
      operation: { responses: answers({}) },
      handle(request, response) {
        // Without the slash the page's relative addresses would lead astray.
        if (!request.path.endsWith('/')) response.redirect(301, '/docs/');
        else sendPage(response, 'reference.html', pages);
      },
    },
    {
      method: 'get',
      path: '/docs/:file',
      limited: 'all',
      access: 'viewer',
      page: true,
      operation: { responses: answers({}) },
      handle(request, response) {
        const { file } = request.params;
        const folder = typeof file === 'string' && Object.hasOwn(files, file) ? files[file] : undefined;
        if (typeof file !== 'string' || folder === undefined) throw notFound('such page');
        sendPage(response, file, folder);
      },
    },
  ];
}

/** A file of ours. `root` apart from the name, so that a dot in the path of the installation hides nothing. */
export function sendPage(response: Response, file: string, root: string): void {
  response.set('Cache-Control', 'no-cache').sendFile(file, { root, cacheControl: false });
}
