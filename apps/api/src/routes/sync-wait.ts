import type { Request, Response } from 'express';
import type { Link } from '@dossier/protocol/sync.ts';
import { linkSchema } from '@dossier/protocol/sync.ts';
import type { SyncEvents } from '../events.ts';

/**
 * Waits until a link is synced and returns it; null when that doesn't come: the time is over, the link failed for good, is held or
 * cancelled, or nobody waits for the answer any more.
 */
export async function waitForSync(
  events: SyncEvents,
  slaveListId: number,
  { request, response, seconds }: { request: Request; response: Response; seconds: number },
): Promise<Link | null> {
  const reached = Promise.withResolvers<Link | null>();
  const giveUp = (): void => reached.resolve(null);
  const timer = setTimeout(giveUp, seconds * 1000);
  response.once('close', giveUp);
  request.once('error', giveUp);
  const leave = events.subscribe({
    list: slaveListId,
    receive: ({ name, json }) => {
      if (name !== 'link') return;
      const link = linkSchema.safeParse(JSON.parse(json));
      // What is no link says that there is none any more.
      if (!link.success || isOver(link.data)) giveUp();
      else if (link.data.state === 'synced') reached.resolve(link.data);
    },
    end: giveUp,
  });
  try {
    return await reached.promise;
  } finally {
    leave();
    clearTimeout(timer);
    response.off('close', giveUp);
    request.off('error', giveUp);
  }
}

function isOver({ state, error }: Link): boolean {
  return state === 'held' || state === 'unlinking' || (state === 'failed' && (error?.next_attempt ?? null) === null);
}
