import type { Response } from 'express';
import type { SyncEvent } from '../events.ts';
import { OpenAnswers } from '../open-answers.ts';
import { answers } from '../route.ts';
import type { Route } from '../route.ts';
import type { SyncDependencies } from './sync.ts';

const keepAliveMs = 15_000;
const reconnectMs = 2000;
/** A stream ends after this time and the browser asks for the next one, so that who has lost the right to look on stops seeing. */
const maximumAgeMs = 900_000;
/** A client that leaves so much unread is dropped; the next stream begins with everything. */
const maximumUnreadBytes = 4 * 1024 * 1024;

export function syncEventRoutes({ events }: Pick<SyncDependencies, 'events'>): Route[] {
  const open = new OpenAnswers('streams of events', { perUser: 5, together: 200 });
  return [
    {
      method: 'get',
      path: '/sync/events/',
      endless: true,
      access: 'viewer',
      operation: {
        tags: ['Replication'],
        summary: 'Follow links and runs as they change',
        description:
          'Server-sent events: at most five streams a user; first a `link` event for each link, then `link` (a link, or `{"slave_dossier_list", "gone": true}`) and `run` events as they come.',
        responses: {
          ...answers({}),
          '200': {
            description: 'A stream that ends when the client leaves',
            content: { 'text/event-stream': { schema: { type: 'string' } } },
          },
        },
      },
      handle(request, response) {
        if (request.method !== 'HEAD') open.enter(request, response);
        response.status(200).set({
          'Content-Type': 'text/event-stream; charset=utf-8',
          'Cache-Control': 'no-cache, no-transform',
          'X-Accel-Buffering': 'no',
          // Ends with the stream: an idle connection would hold up the end of the process.
          Connection: 'close',
        });
        if (request.method === 'HEAD') {
          response.end();
          return;
        }
        follow(response);
      },
    },
  ];

  function follow(response: Response): void {
    write(response, `retry: ${reconnectMs}\n\n`);
    const leave = events.subscribe({
      list: null,
      receive: (event) => write(response, frame(event)),
      end: () => response.end(),
    });
    const keepAlive = setInterval(() => write(response, ': keep-alive\n\n'), keepAliveMs);
    const age = setTimeout(() => response.end(), maximumAgeMs);
    response.once('close', () => {
      leave();
      clearInterval(keepAlive);
      clearTimeout(age);
    });
  }
}

function frame({ id, name, json }: SyncEvent): string {
  return `id: ${id}\nevent: ${name}\ndata: ${json}\n\n`;
}

function write(response: Response, text: string): void {
  if (response.writableEnded || response.destroyed) return;
  response.write(text);
  if (response.writableLength > maximumUnreadBytes) response.destroy();
}
