import type { z } from 'zod';
import type { changesQuery, ResetReason } from '@dossier/protocol/changes.ts';
import { badParam } from '@dossier/runtime/errors.ts';
import type { ListHead } from '@dossier/feed/heads.ts';

/** Where a consumer wants to go on, by its cursor or by a revision. */
export interface ChangesStart {
  readonly since: number;
  /** The head at which it began from nothing, while it hasn't met a head since. */
  readonly begun: number | null;
  readonly epoch: string | null;
  /** What it has read so far, and the newest head of which it was told then. */
  readonly reading: { readonly id: string; readonly told: number } | null;
}

/** Where the asker wants to go on in the list. BAD_PARAM for a cursor of another list, or two starts at once. */
export function startOf(listId: number, { cursor, since, epoch }: Omit<z.output<typeof changesQuery>, 'limit'>): ChangesStart {
  if (cursor !== undefined && since !== undefined) throw badParam('cursor', 'cursor: stands for "since"; give one of them.');
  const given = cursor ?? since ?? 0;
  if (typeof given === 'number') return { since: given, begun: null, epoch: epoch ?? null, reading: null };
  const param = cursor === undefined ? 'since' : 'cursor';
  if (given.list !== listId) throw badParam(param, `${param}: is a cursor of watch list ${given.list}, not of ${listId}.`);
  if (given.reading === null) return { since: 0, begun: null, epoch: null, reading: null };
  if (epoch !== undefined && epoch !== given.epoch) throw badParam('epoch', 'epoch: is another one than the cursor has; leave it out.');
  return { since: given.since, begun: given.begun, epoch: given.epoch, reading: { id: given.reading, told: given.told } };
}

/**
 * Why the asker would miss something if it went on, or null. `told` is what this database remembers to have told the reading: less than the asker
 * knows, or nothing, means that it was restored from a backup since, even if it has gone on beyond that by now.
 */
export function resetReason(
  { position, floor }: Pick<ListHead, 'position' | 'floor'>,
  start: ChangesStart,
  told: number | null,
): ResetReason | null {
  if (start.epoch !== null && start.epoch !== position.epoch) return 'epoch';
  if (start.since > position.revision || (start.reading?.told ?? 0) > position.revision) return 'ahead';
  if (start.since > 0 && Math.max(start.since, start.begun ?? 0) < floor) return 'floor';
  if (start.reading !== null && (told ?? -1) < start.reading.told) return 'unknown';
  return null;
}
