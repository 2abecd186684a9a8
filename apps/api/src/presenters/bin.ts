import type { BinnedDossier, Deletion, RestoreConflict } from '@dossier/protocol/bin.ts';
import type { BinnedDossier as BinnedRow, Deletion as DeletionRow } from '@dossier/registry/bin/bin.ts';
import type { Conflict } from '@dossier/registry/bin/restore.ts';

const dayMs = 24 * 3_600_000;

/** `since` and `binDays` tell when it will be erased: time that doesn't count (a clock in doubt) comes on top. */
function erasedDate(since: Date, binDays: number): string {
  return new Date(since.getTime() + binDays * dayMs).toISOString();
}

export function presentBinned(row: BinnedRow, { binDays, origin }: { binDays: number; origin: string }): BinnedDossier {
  return {
    dossier: row.id,
    uuid: row.uuid,
    name: row.name,
    comment: row.comment,
    external_id: row.external_id,
    face_count: row.photo_count,
    thumbnail: row.face === null ? null : `${origin}/bin/${row.id}/thumbnails/${row.face}/`,
    dossier_lists: row.lists.map(({ id, name, there }) => ({ id, name, there })),
    deletion: row.deletion_id,
    kind: row.kind,
    deleted_by: row.deleted_by,
    deleted_date: row.deleted_date.toISOString(),
    erased_date: erasedDate(row.since, binDays),
  };
}

export function presentDeletion(row: DeletionRow, binDays: number): Deletion {
  return {
    id: row.id,
    kind: row.kind,
    dossier_lists: row.lists.map(({ id, name, there }) => ({ id, name, there })),
    dossiers: row.dossier_count,
    deleted_by: row.deleted_by,
    deleted_date: row.date.toISOString(),
    erased_date: erasedDate(row.since, binDays),
  };
}

export function presentConflict(conflict: Conflict): RestoreConflict {
  const { id, name, external_id: externalId, list_id: list, list_name: listName, reason, other } = conflict;
  return {
    dossier: id,
    name,
    external_id: externalId,
    dossier_list: list,
    dossier_list_name: listName,
    reason,
    other,
    desc: conflictSentence(conflict),
  };
}

/** What keeps a dossier in the bin, for the person who wanted to restore it. */
export function conflictSentence({
  id,
  name,
  external_id: externalId,
  list_id: list,
  list_name: listName,
  reason,
  other,
}: Conflict): string {
  const who = `Dossier ${id} (${name})`;
  if (reason === 'list-gone') return `${who} stays in the bin: its watch list ${list} (${listName}) is gone.`;
  if (reason === 'there-already') return `${who} stays in the bin: the watch list has it already.`;
  const owner = other === null ? 'another dossier that was asked for' : `dossier ${other} of the watch list`;
  return `${who} stays in the bin: ${owner} has its external id ${externalId} now.`;
}
