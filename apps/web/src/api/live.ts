import { useEffect, useState } from 'react';
import { useQueryClient } from '@tanstack/react-query';
import type { Query, QueryClient } from '@tanstack/react-query';
import { z } from 'zod';
import { linkSchema, runSchema } from '@dossier/protocol/sync.ts';
import type { Link } from '@dossier/protocol/sync.ts';
import { keys } from './keys.ts';
import { forgetLink, rememberLink, rememberRun } from './links.ts';

const gone = z.looseObject({ slave_dossier_list: z.int(), gone: z.literal(true) });
const reopenMs = 5000;
/** The node says every 15 seconds that it is there: a line that was cut without a word is noticed. */
const silenceMs = 40_000;
/** While much is written, pages are read anew no more often. */
const readAgainMs = 2000;

/** Whether changes arrive as they happen; `lost` while the connection is made anew. */
export type LiveState = 'connecting' | 'live' | 'lost';

/** Follows all that is written on the node, over the one connection that a tab has for it. */
export function useLiveEvents(): LiveState {
  const client = useQueryClient();
  const [state, setState] = useState<LiveState>('connecting');
  useEffect(() => followEvents(client, setState), [client]);
  return state;
}

/** Opens the connection, again and again while it fails; returns how to stop. */
function followEvents(client: QueryClient, tell: (state: LiveState) => void): () => void {
  let source: EventSource;
  let reopening: number | undefined;
  let silence: number | undefined;
  const { readSoon, stop } = readAgainSoon(client);
  const reopen = (): void => {
    source.close();
    window.clearTimeout(reopening);
    reopening = window.setTimeout(open, reopenMs);
  };
  const heard = (): void => {
    window.clearTimeout(silence);
    silence = window.setTimeout(() => {
      tell('lost');
      reopen();
    }, silenceMs);
  };
  const open = (): void => {
    source = new EventSource('/events/');
    source.addEventListener('open', () => {
      tell('live');
      heard();
      // What happened between two connections is told by nobody.
      readSoon();
    });
    source.addEventListener('error', () => {
      tell('lost');
      // The browser tries again by itself unless it was refused: then the session may have ended.
      if (source.readyState !== EventSource.CLOSED) return;
      void client.invalidateQueries({ queryKey: keys.session });
      reopen();
    });
    source.addEventListener('alive', heard);
    source.addEventListener('written', () => {
      heard();
      readSoon();
    });
    source.addEventListener('link', (event: MessageEvent<string>) => takeLink(client, event.data, readSoon));
    source.addEventListener('run', (event: MessageEvent<string>) => rememberRun(client, runSchema.parse(JSON.parse(event.data))));
  };
  open();
  return () => {
    window.clearTimeout(reopening);
    window.clearTimeout(silence);
    stop();
    source.close();
  };
}

/** Answers that asking again would not make truer, or that cost a question to a master. */
function isKept({ queryKey: [first, second] }: Query): boolean {
  return first === keys.session[0] || first === 'preview' || first === 'held' || second === 'deletion';
}

/** Reads again what is on view, at once and then not before a pause is over, but after the last write in any case. */
function readAgainSoon(client: QueryClient): { readSoon: () => void; stop: () => void } {
  let pause: number | undefined;
  let again = false;
  const readNow = (): void => {
    again = false;
    void client.invalidateQueries({ predicate: (query) => !isKept(query) }, { cancelRefetch: false });
    pause = window.setTimeout(() => {
      pause = undefined;
      if (again) readNow();
    }, readAgainMs);
  };
  return {
    readSoon() {
      if (pause === undefined) readNow();
      else again = true;
    },
    stop: () => window.clearTimeout(pause),
  };
}

const settled = ['synced', 'failed', 'held'];

/** What else a link's end changes is read again; not for each of hundreds that end together. */
function takeLink(client: QueryClient, data: string, readSoon: () => void): void {
  const told: unknown = JSON.parse(data);
  const farewell = gone.safeParse(told);
  if (farewell.success) {
    forgetLink(client, farewell.data.slave_dossier_list);
    readSoon();
    return;
  }
  const link = linkSchema.parse(told);
  const before = client.getQueryData<Link[]>(keys.links)?.find((each) => each.slave_dossier_list === link.slave_dossier_list);
  rememberLink(client, link);
  // Whether a master is away is a doubt of all its lists.
  if ((before?.state === 'failed') !== (link.state === 'failed') || settled.includes(link.state)) readSoon();
}
