import { streamEvents } from '../event-stream.ts';
import { OpenAnswers } from '../open-answers.ts';
import { answers } from '../route.ts';
import type { Route } from '../route.ts';
import { followLogged } from '../shown.ts';
import type { SyncDependencies } from './sync.ts';

export function syncEventRoutes({ database, events }: Pick<SyncDependencies, 'database' | 'events'>): Route[] {
  const open = new OpenAnswers('streams of events', { perUser: 5, together: 200 });
  return [
    {
      method: 'get',
      path: '/sync/events/',
      limited: 'all',
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
        streamEvents(request, response, {
          open,
          begin: ({ send, end }) => followLogged({ database, events, request }, { list: null, receive: send, end }),
        });
      },
    },
  ];
}
