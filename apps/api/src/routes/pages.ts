import { fileURLToPath } from 'node:url';
import { answers } from '../route.ts';
import type { Route } from '../route.ts';
import { sendPage } from './documentation.ts';

const pages = fileURLToPath(new URL('../pages', import.meta.url));

/** The entrance for people: a page that signs in and leads on. */
export function pageRoutes(): Route[] {
  const page = (path: string, handle: Route['handle']): Route => ({
    method: 'get',
    path,
    access: 'everyone',
    page: true,
    operation: { responses: answers({}) },
    handle,
  });
  return [
    page('/', (_request, response) => {
      response.redirect('/ui/');
    }),
    page('/ui/', (request, response) => {
      if (!request.path.endsWith('/')) response.redirect(301, '/ui/');
      else sendPage(response, 'sign-in.html', pages);
    }),
    page('/ui/sign-in.js', (_request, response) => {
      sendPage(response, 'sign-in.js', pages);
    }),
    page('/ui/sign-in.css', (_request, response) => {
      sendPage(response, 'sign-in.css', pages);
    }),
  ];
}
