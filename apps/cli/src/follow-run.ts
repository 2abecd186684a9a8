import { setTimeout as delay } from 'node:timers/promises';
import type { SetAside } from '@dossier/protocol/held.ts';
import type { Link, Run } from '@dossier/protocol/sync.ts';
import { ExitError } from '@dossier/runtime/errors.ts';
import type { Client } from './client.ts';
import { counted } from './counted.ts';
import { linkOf, newestRuns } from './links.ts';
import { bar, note } from './output.ts';
import { printable } from './printable.ts';

const pollMs = 300;

/** Asks again and again until the run has ended, however it ended. `show` is told what the run is doing. */
export async function followRun(client: Client, run: Run, show: (text: string) => void): Promise<Run> {
  const list = run.slave_dossier_list;
  for (;;) {
    const [current, link] = await Promise.all([runNow(client, run), linkOf(client, list)]);
    if (current.finished_date !== null) return current;
    show(`watch list ${list}: ${describeProgress(current, link.progress)}`);
    await delay(pollMs);
  }
}

async function runNow(client: Client, run: Run): Promise<Run> {
  const runs = await newestRuns(client, run.slave_dossier_list);
  const current = runs.find(({ id }) => id === run.id);
  if (current === undefined) throw new ExitError(1, `Run ${run.id} of watch list ${run.slave_dossier_list} is no longer in the history.`);
  return current;
}

/** What a run is doing, with how much of it is done. */
export function describeProgress(run: Pick<Run, 'state' | 'error'>, progress: Link['progress']): string {
  if (run.state === 'failed' && run.error !== null) {
    const again = run.error.next_attempt === null ? '' : `; next try at ${run.error.next_attempt}`;
    return `attempt ${run.error.attempts} failed: ${run.error.desc}${again}`;
  }
  if (progress === null) return run.state;
  const { phase, done, total, photos_done: photosDone, photos_total: photosTotal } = progress;
  if (phase === 'photos' && photosTotal !== null && photosTotal > 0) {
    return `${phase.padEnd(8)} ${bar(photosDone / photosTotal)} ${photosDone} of ${photosTotal} photos`;
  }
  if (total === null || total === 0) return done === 0 ? phase : `${phase.padEnd(8)} ${done} dossiers`;
  return `${phase.padEnd(8)} ${bar(done / total)} ${done} of ${total} dossiers`;
}

/** 0 the replica equals the master, 1 failed, 3 not verified, held, or equal but for photos that are missing and dossiers that are set aside. */
export function exitCodeOfRun(run: Run): 0 | 1 | 3 {
  if (run.state === 'undone') return 0;
  // A synced run with differences has mended them; what it set aside or could not fetch is not as on the master.
  if (run.state === 'synced' || run.state === 'unchanged') return run.set_aside.length + run.photos_missing.length > 0 ? 3 : 0;
  // What the list declares may differ, and no dossier.
  if ((run.differences?.length ?? 0) > 0 || run.error?.code === 'REPLICA_DIFFERS') return 3;
  return run.state === 'held' ? 3 : 1;
}

/** The outcome of a run that has ended, in a line or two. */
export function describeOutcome(run: Run): string {
  const list = `watch list ${run.slave_dossier_list}: ${run.state}`;
  if (run.error !== null && run.state !== 'synced' && run.state !== 'unchanged') {
    return `${list}: ${printable(run.error.desc)}\n  ${printable(run.error.remedy)}`;
  }
  const counts = `${run.added} added, ${run.changed} changed, ${run.removed} removed, ${run.unchanged} unchanged, ${counted(run.photos_fetched, 'photo')} fetched`;
  const restored = run.restored_offline_deletions > 0 ? `, ${counted(run.restored_offline_deletions, 'offline deletion')} restored` : '';
  const missing =
    run.photos_missing.length > 0
      ? `\n  ${counted(run.photos_missing.length, 'photo is', 'photos are')} missing: the master has no whole copy`
      : '';
  const changed = run.differences?.length ?? 0;
  const mended = changed > 0 ? `\n  ${counted(changed, 'dossier')} had been changed here and ${changed === 1 ? 'was' : 'were'} mended` : '';
  return [`${list}: ${counts}${restored}${missing}${mended}`, ...describeSetAside(run.set_aside)].join('\n');
}

const namedAtOnce = 3;

/** Says on standard error, also beside JSON, that a run that went well has left dossiers out. */
export function warnOfSetAside({ slave_dossier_list: list, set_aside: setAside }: Run): void {
  if (setAside.length === 0) return;
  const names = setAside.slice(0, namedAtOnce).map(({ name }) => printable(name ?? '?'));
  const more = setAside.length > namedAtOnce ? ', …' : '';
  const are = counted(setAside.length, 'dossier is', 'dossiers are');
  note(`watch list ${list}: ${are} set aside and not as on the master: ${names.join(', ')}${more}`);
}

/** The dossiers that a replica can't hold as the master has them, one a line. */
export function describeSetAside(setAside: readonly SetAside[]): string[] {
  if (setAside.length === 0) return [];
  return [
    `  ${setAside.length} set aside; what was here before stays:`,
    ...setAside.map(
      ({ name, external_id: externalId, reason }) =>
        `    ${printable(name ?? '?')} (${printable(externalId ?? '-')}): ${printable(reason)}`,
    ),
  ];
}
