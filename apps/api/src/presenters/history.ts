import type { Request } from 'express';
import type { HistoryEntry, HistoryValues, RememberedPhoto } from '@dossier/protocol/history.ts';
import { mayActAs } from '@dossier/domain/role.ts';
import type { HistoryRow } from '@dossier/accounts/history.ts';
import { identityOf } from '../session.ts';

export function presentHistory(request: Request, row: HistoryRow): HistoryEntry {
  const thumbnails = `${originOf(request)}/history/${row.id}/thumbnails`;
  return {
    id: row.id,
    date: row.date.toISOString(),
    kind: row.kind,
    dossier: row.kind === 'many' ? null : row.dossier_id,
    name: row.name,
    actor: row.actor,
    via: row.via,
    address: mayActAs(identityOf(request).user.role, 'operator') ? row.address : null,
    action: row.action,
    file: row.file,
    run: row.run_id,
    master: row.master,
    dossier_list: row.list_id,
    dossiers: row.dossiers,
    before: presentValues(row.before, thumbnails),
    after: presentValues(row.after, thumbnails),
    merged: row.merged && presentValues(row.merged.before, `${originOf(request)}/history/${row.merged.id}/thumbnails`),
  };
}

/** The address under which this request reached the node: one that the asker can reach. */
export function originOf(request: Request): string {
  return `${request.protocol}://${request.headers.host ?? ''}`;
}

/** Values with their photos; `thumbnails` is the address under which those are, null where there are none. */
export function presentValues(values: Record<string, unknown> | null, thumbnails: string | null): HistoryValues {
  if (!Array.isArray(values?.['photos'])) return values;
  const photos = (values['photos'] as { sha256: string }[]).map(({ sha256 }): RememberedPhoto => ({
    sha256,
    thumbnail: thumbnails && `${thumbnails}/${sha256}/`,
  }));
  return { ...values, photos };
}
