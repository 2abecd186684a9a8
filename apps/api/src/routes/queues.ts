import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { ExpressAdapter } from '@bull-board/express';
import { Router } from 'express';
import type { NextFunction, Request, Response } from 'express';
import type { Queues } from '@dossier/jobs/queues.ts';
import type { Mount } from '../dependencies.ts';

const path = '/queues';

/** Styles are written into the page by its scripts; everything else is our own. */
const contentSecurityPolicy = [
  "default-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "font-src 'self' data:",
  "img-src 'self' data:",
  "base-uri 'self'",
  "form-action 'self'",
  "frame-ancestors 'self'",
  "object-src 'none'",
].join('; ');

/** The page asks for fonts on the internet; without the link it doesn't even try. */
const foreignStyles = /<link\b[^>]*href="https?:\/\/[^>]*>/g;

/** Bull Board over all queues, for admins. Payloads are ids, so it shows nothing of dossiers. `nodeName` tells the sites apart. */
export function createQueuesMount({ queues, nodeName }: { queues: Pick<Queues, 'list'>; nodeName: string }): Mount {
  const adapter = new ExpressAdapter().setBasePath(path);
  createBullBoard({
    queues: queues.list().map((queue) => new BullMQAdapter(queue)),
    serverAdapter: adapter,
    options: {
      uiConfig: {
        boardTitle: `Queues of ${nodeName}`,
        environment: { label: nodeName, color: '#1c5a8c', textColor: '#ffffff' },
        hideDocsLink: true,
        hideRedisDetails: true,
        miscLinks: [{ text: 'Dossiers', url: '/ui/' }],
      },
    },
  });
  const router = Router();
  router.use(keepAtHome);
  router.use(adapter.getRouter());
  return { path, access: 'admin', handler: router };
}

function keepAtHome(_request: Request, response: Response, next: NextFunction): void {
  response.set('Content-Security-Policy', contentSecurityPolicy);
  const send = response.send.bind(response);
  response.send = (body: unknown) => send(typeof body === 'string' ? body.replaceAll(foreignStyles, '') : body);
  next();
}
