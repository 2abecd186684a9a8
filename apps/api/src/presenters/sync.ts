import { defaultGuards } from '@dossier/domain/guards.ts';
import { isKnownZone } from '@dossier/domain/schedule.ts';
import type { Held } from '@dossier/protocol/held.ts';
import type { DeadLetter, Link, OfflineDeletion, Run } from '@dossier/protocol/sync.ts';
import { progressSchema } from '@dossier/protocol/sync.ts';
import type { DeadLetterRow } from '@dossier/replication/dead-letters.ts';
import type { HoldRow } from '@dossier/replication/holds.ts';
import type { JudgedLink, LinkRow } from '@dossier/replication/links.ts';
import type { OfflineDeletionRow } from '@dossier/replication/offline-deletions.ts';
import type { RunRow } from '@dossier/replication/runs.ts';

const time = (date: Date | null): string | null => date?.toISOString() ?? null;

/** A link as the API shows it; `run` is its unfinished run, or null. */
export function presentLink(link: JudgedLink, run: RunRow | null): Link {
  return {
    slave_dossier_list: link.slave_list_id,
    remote_url: link.remote_url,
    remote_dossier_list: link.remote_list_id,
    remote_name: link.remote_name,
    state: link.state,
    doubt: link.doubt,
    error: link.error,
    last_attempt: time(link.last_attempt),
    last_success: time(link.last_success),
    verified_at: time(link.verified_at),
    next_run: time(link.next_run),
    schedule_fault: scheduleFaultOf(link),
    progress: link.state === 'unlinking' ? null : presentProgress(run),
    remote_count: link.remote_count,
    local_count: link.local_count,
    revision: link.revision,
    head_revision: link.head_revision,
    guards: { ...defaultGuards, ...link.guards },
    proposed_guards: link.proposed_guards && { ...link.proposed_guards },
    held: link.held && presentHold(link.held),
    set_aside: link.set_aside,
    photos_missing: link.photos_missing,
    withdrawn_date: time(link.withdrawn_date),
    undo: link.undo && { run: link.undo.run_id, applied_date: new Date(link.undo.applied_date).toISOString() },
  };
}

function scheduleFaultOf({ sync_hour: hour, sync_minute: minute, sync_zone: zone }: LinkRow): string | null {
  if (zone === null || isKnownZone(zone)) return null;
  const clock = [hour, minute].map((part) => String(part).padStart(2, '0')).join(':');
  return `The master's TIME_ZONE ${zone} is not known to this node: the list is synced at ${clock} UTC. Upgrade this node, or choose another TIME_ZONE on the master.`;
}

/** How far an unfinished run is; null between two attempts. */
function presentProgress(run: RunRow | null): Link['progress'] {
  const phase = progressSchema.shape.phase.safeParse(run?.state);
  if (!run || !phase.success) return null;
  return {
    phase: phase.data,
    done: run.fetched,
    total: run.total,
    photos_done: run.photos_fetched,
    photos_total: run.photos_total,
  };
}

export function presentRun(run: RunRow): Run {
  return {
    id: run.id,
    slave_dossier_list: run.slave_list_id,
    reason: run.reason,
    requested_by: run.requested_by,
    mode: run.mode,
    method: run.method,
    state: run.state,
    started_date: time(run.started_date),
    finished_date: time(run.finished_date),
    added: run.added,
    changed: run.changed,
    removed: run.removed,
    unchanged: run.unchanged,
    photos_fetched: run.photos_fetched,
    photos_missing: run.photos_missing,
    bytes: run.bytes,
    pages: run.pages,
    attempt: run.attempt,
    error: run.error,
    restored_offline_deletions: run.restored_offline_deletions,
    differences: run.differences,
    set_aside: run.set_aside,
    held: run.held && presentHold(run.held),
  };
}

export function presentHold(hold: HoldRow): Held {
  const { run_id: run, state, difference, reasons, adding, changing, removing, deactivating, lost, examples } = hold;
  return {
    run,
    state,
    difference,
    reasons,
    adding,
    changing,
    removing,
    deactivating,
    lost,
    held_date: new Date(hold.held_date).toISOString(),
    expires_date: new Date(hold.expires_date).toISOString(),
    approved_first_by: hold.approved_first_by,
    decided_by: hold.decided_by,
    decided_date: hold.decided_date === null ? null : new Date(hold.decided_date).toISOString(),
    examples,
  };
}

export function presentDeadLetter(letter: DeadLetterRow): DeadLetter {
  return {
    id: letter.id,
    slave_dossier_list: letter.slave_list_id,
    run: letter.run_id,
    phase: letter.phase,
    code: letter.code,
    desc: letter.sentence,
    remedy: letter.remedy,
    first_date: letter.first_date.toISOString(),
    last_date: letter.last_date.toISOString(),
    count: letter.count,
  };
}

export function presentOfflineDeletion(deletion: OfflineDeletionRow): OfflineDeletion {
  return {
    id: deletion.id,
    slave_dossier_list: deletion.slave_list_id,
    dossier: deletion.dossier_id,
    name: deletion.name,
    external_id: deletion.external_id,
    deleted_by: deletion.deleted_by,
    deleted_date: deletion.deleted_date.toISOString(),
    settled_as: deletion.settled_as,
    settled_date: time(deletion.settled_date),
    settled_run: deletion.settled_run,
  };
}

/** What names dossiers. */
export type Naming = Pick<Link, 'held' | 'set_aside'> & Partial<Pick<Run, 'differences'>>;

/** The uuids of dossiers that a link or a run names: what a guard holds, what is set aside, what differs. */
export function namedIn({ held, set_aside: aside, differences }: Naming): string[] {
  return [...(held?.examples ?? []), ...aside, ...(differences ?? [])].map(({ dossier }) => dossier);
}
