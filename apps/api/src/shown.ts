import type { Request } from 'express';
import type { AuditRow } from '@dossier/accounts/audit.ts';
import { recordFormerReads, recordNamedReads, recordReads } from '@dossier/accounts/reads.ts';
import type { ReadKind } from '@dossier/domain/audit.ts';
import type { Database } from '@dossier/postgres/database.ts';
import type { Link } from '@dossier/protocol/sync.ts';
import type { OfflineDeletionRow } from '@dossier/replication/offline-deletions.ts';
import type { ApplicationError } from '@dossier/runtime/errors.ts';
import type { Subscriber, SyncEvent, SyncEvents } from './events.ts';
import { namedIn } from './presenters/sync.ts';
import type { Naming } from './presenters/sync.ts';
import { actorOf, limitsOf } from './session.ts';

/** Keeps who is told of other dossiers by a refusal. */
export async function recordRefused(database: Database, request: Request, { dossiers }: ApplicationError): Promise<void> {
  if (dossiers.length > 0) await recordReads(database, actorOf(request), { kind: 'page', dossiers });
}

/** Keeps who is shown dossiers, of which entries of the audit tell what became of them. */
export async function recordAuditReads(database: Database, request: Request, kind: ReadKind, entries: readonly AuditRow[]): Promise<void> {
  const told = entries.filter(({ object_kind: object }) => object === 'dossier' || object === 'photo');
  const dossiers = told.flatMap(({ object_uuid: uuid, details }) => [uuid, mergedIn(details)]).filter((uuid) => uuid !== null);
  await recordFormerReads(database, actorOf(request), { kind, dossiers });
}

/** The dossier that was deleted by a merge. */
function mergedIn({ merged }: Record<string, unknown>): string | null {
  return merged instanceof Object && 'uuid' in merged && typeof merged.uuid === 'string' ? merged.uuid : null;
}

type Shown = Naming & Pick<Link, 'slave_dossier_list'>;

/** Keeps who is shown those that links or runs name. */
export async function recordShown(database: Database, request: Request, links: readonly Shown[]): Promise<void> {
  const dossiers = links.flatMap((link) => namedIn(link).map((uuid) => ({ uuid, list: link.slave_dossier_list })));
  await recordNamedReads(database, actorOf(request), { kind: 'page', dossiers });
}

/** Returns a link or a run, having kept who is shown those that it names. */
export async function shown<One extends Shown>(database: Database, request: Request, link: One): Promise<One> {
  await recordShown(database, request, [link]);
  return link;
}

/** Keeps who is shown dossiers of replicas that were deleted while their masters were away. */
export async function recordDeletionReads(database: Database, request: Request, deletions: readonly OfflineDeletionRow[]): Promise<void> {
  const dossiers = deletions.map(({ dossier: uuid, slave_list_id: list }) => ({ uuid, list }));
  await recordNamedReads(database, actorOf(request), { kind: 'page', dossiers });
}

/** So many characters of events wait for the database to keep who gets them; then the stream ends, and the next one begins with everything. */
const maximumWaiting = 16 * 1024 * 1024;

/**
 * Tells a subscriber of each event when it is kept that who asked for it is shown those that it names: once for as long
 * as it follows. Who is limited to some lists hears of no others. Where that can't be kept, or not fast enough, it ends. Returns how to stop.
 */
export function followLogged(
  { database, events, request }: { database: Database; events: SyncEvents; request: Request },
  { list, receive, end }: Subscriber,
): () => void {
  const known = new Set<string>();
  const limits = limitsOf(request);
  let line = Promise.resolve();
  let waiting = 0;
  let closed = false;
  const close = (): void => {
    closed = true;
    end();
  };
  const pass = async (event: SyncEvent): Promise<void> => {
    const dossiers = event.named.filter((uuid) => !known.has(`${event.list} ${uuid}`));
    await recordFormerReads(database, actorOf(request), { kind: 'page', dossiers, list: event.list });
    for (const uuid of dossiers) known.add(`${event.list} ${uuid}`);
    if (!closed) receive(event);
  };
  const after = async (before: Promise<void>, event: SyncEvent): Promise<void> => {
    await before;
    waiting -= event.json.length;
    if (closed) return;
    try {
      await pass(event);
    } catch {
      close();
    }
  };
  const leave = events.subscribe({
    list,
    receive(event) {
      if (closed || limits?.includes(event.list) === false) return;
      waiting += event.json.length;
      if (waiting > maximumWaiting) close();
      else line = after(line, event);
    },
    end: close,
  });
  return () => {
    closed = true;
    leave();
  };
}
