import { useEffect, useState } from 'react';
import { useQueryClient } from '@tanstack/react-query';
import type { QueryClient } from '@tanstack/react-query';
import { z } from 'zod';
import { linkSchema, runSchema } from '@dossier/protocol/sync.ts';
import { keys } from './keys.ts';
import { forgetLink, rememberLink, rememberRun } from './links.ts';

const gone = z.looseObject({ slave_dossier_list: z.int(), gone: z.literal(true) });
const reopenMs = 5000;

/** Whether changes arrive as they happen; `lost` while the connection is made anew. */
export type LiveState = 'off' | 'connecting' | 'live' | 'lost';

/** Follows links and runs as they change, over the one connection that a tab has for it. */
export function useLiveEvents(enabled: boolean): LiveState {
  const client = useQueryClient();
  const [state, setState] = useState<LiveState>('connecting');
  useEffect(() => (enabled ? followEvents(client, setState) : undefined), [client, enabled]);
  return enabled ? state : 'off';
}

/** Opens the connection, again and again while it fails; returns how to stop. */
function followEvents(client: QueryClient, tell: (state: LiveState) => void): () => void {
  let source: EventSource;
  let timer: number | undefined;
  const open = (): void => {
    source = new EventSource('/sync/events/');
    source.addEventListener('open', () => {
      tell('live');
      // What happened between two connections is told by nobody.
      void client.invalidateQueries({ queryKey: keys.allRuns });
    });
    source.addEventListener('error', () => {
      tell('lost');
      // The browser tries again by itself unless it was refused: then the session may have ended.
      if (source.readyState !== EventSource.CLOSED) return;
      void client.invalidateQueries({ queryKey: keys.session });
      timer = window.setTimeout(open, reopenMs);
    });
    source.addEventListener('link', (event: MessageEvent<string>) => takeLink(client, event.data));
    source.addEventListener('run', (event: MessageEvent<string>) => rememberRun(client, runSchema.parse(JSON.parse(event.data))));
  };
  open();
  return () => {
    window.clearTimeout(timer);
    source.close();
  };
}

const settled = ['synced', 'failed', 'held'];

function takeLink(client: QueryClient, data: string): void {
  const told: unknown = JSON.parse(data);
  const farewell = gone.safeParse(told);
  if (farewell.success) {
    forgetLink(client, farewell.data.slave_dossier_list);
  } else {
    const link = linkSchema.parse(told);
    rememberLink(client, link);
    if (!settled.includes(link.state)) return;
  }
  for (const queryKey of [keys.node, keys.watchLists, keys.dossiers, keys.deadLetters, keys.offlineDeletions])
    void client.invalidateQueries({ queryKey });
}
