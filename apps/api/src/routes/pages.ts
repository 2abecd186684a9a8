import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Request, Response } from 'express';
import { notFound } from '@dossier/runtime/errors.ts';
import { contentSecurityPolicy } from '../headers.ts';
import { answers } from '../route.ts';
import type { Route } from '../route.ts';
import { sendPage } from './documentation.ts';

/** Pages for people that are no part of the built interface. */
export const ownPages = fileURLToPath(new URL('../pages', import.meta.url));
/** The built web interface: `npm run build` makes it, and `npm ci` does by itself. */
const built = fileURLToPath(new URL('../../../web/dist', import.meta.url));
const noncePlace = /__CSP_NONCE__/g;
const mediaTypes: Readonly<Record<string, string>> = { js: 'text/javascript', css: 'text/css', svg: 'image/svg+xml' };

/** Whether the web interface was built, so that its pages can be served. */
export function webIsBuilt(): boolean {
  return existsSync(join(built, 'index.html'));
}

/** The web interface for people: one page, which finds out by itself what its address asks for, and the files that it is made of. */
export function pageRoutes(folder = built): Route[] {
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
    page('/ui/', async (request, response) => {
      if (!request.path.endsWith('/')) response.redirect(301, '/ui/');
      else await sendInterface(folder, response);
    }),
    page('/ui/assets/:file', async (request, response) => {
      await sendAsset(join(folder, 'assets'), { request, response });
    }),
    page('/ui/*address', async (_request, response) => {
      await sendInterface(folder, response);
    }),
  ];
}

/** The page; styles that its scripts make are allowed by a nonce of this very answer. Where it was never built, what to do about it. */
async function sendInterface(folder: string, response: Response): Promise<void> {
  const html = await readFile(join(folder, 'index.html'), 'utf8').catch(() => null);
  if (html === null) {
    response.status(503);
    sendPage(response, 'not-built.html', ownPages);
    return;
  }
  const nonce = randomBytes(16).toString('base64');
  response.set({ 'Content-Security-Policy': contentSecurityPolicy({ styleNonce: nonce }), 'Cache-Control': 'no-store' });
  response.type('html').send(html.replace(noncePlace, nonce));
}

/** A file whose name says what is in it: it never changes. Compressed where the browser takes that. */
async function sendAsset(folder: string, { request, response }: { request: Request; response: Response }): Promise<void> {
  const { file } = request.params;
  const type = typeof file === 'string' && /^[\w-][\w.-]*$/.test(file) ? mediaTypes[file.split('.').at(-1) ?? ''] : undefined;
  if (typeof file !== 'string' || type === undefined) throw notFound('such page');
  const compressed = request.acceptsEncodings('gzip') === 'gzip' && (await exists(join(folder, `${file}.gz`)));
  if (!compressed && !(await exists(join(folder, file)))) throw notFound('such page');
  response.set({
    'Content-Type': `${type}; charset=utf-8`,
    'Cache-Control': 'public, max-age=31536000, immutable',
    Vary: 'Accept-Encoding',
  });
  if (compressed) response.set('Content-Encoding', 'gzip');
  response.sendFile(compressed ? `${file}.gz` : file, { root: folder, cacheControl: false });
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
