import type { Configuration } from '@dossier/runtime/configuration.ts';
import type { Database } from '@dossier/postgres/database.ts';
import { streamEvents } from '../event-stream.ts';
import type { SyncEvents } from '../events.ts';
import { OpenAnswers } from '../open-answers.ts';
import { answers } from '../route.ts';
import type { Route } from '../route.ts';
import { followLogged } from '../shown.ts';
import type { Writes } from '../writes.ts';

interface Dependencies {
  readonly configuration: Pick<Configuration, 'installedApps'>;
  readonly database: Database;
  readonly events: SyncEvents;
  readonly writes: Writes;
}

/** What an open page of the web interface follows, over one connection. */
export function eventsRoute({ configuration, database, events, writes }: Dependencies): Route {
  const open = new OpenAnswers('streams of events', { perUser: 10, together: 400 });
  const replication = configuration.installedApps.includes('ffsecurity_sync');
  return {
    method: 'get',
    path: '/events/',
    limited: 'all',
    endless: true,
    access: 'viewer',
    operation: {
      tags: ['Node'],
      summary: 'Follow whatever is written on this node',
      description:
        'Server-sent events: `written` (`{}`) after lists, dossiers or anything that the audit keeps were written, by whom or what ever, at most once a second; `alive` every 15 seconds. Where INSTALLED_APPS has ffsecurity_sync, also the events of `/sync/events/`.',
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
        alive: 'alive',
        begin({ send, end }) {
          const leaveWrites = writes.follow({ tell: () => send({ name: 'written', json: '{}' }), end });
          const leaveSync = replication ? followLogged({ database, events, request }, { list: null, receive: send, end }) : null;
          return () => {
            leaveWrites();
            leaveSync?.();
          };
        },
      });
    },
  };
}
