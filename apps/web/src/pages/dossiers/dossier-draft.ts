import type { z } from 'zod';
import type { Dossier, dossierCreation } from '@dossier/protocol/dossier.ts';
import { metaOf, rowsOf } from './meta-rows.ts';
import type { MetaRow } from './meta-rows.ts';

/** A dossier while it is edited. */
export interface DossierDraft {
  readonly name: string;
  readonly comment: string;
  readonly external: string;
  readonly active: boolean;
  /** `YYYY-MM-DD`, or empty. */
  readonly from: string;
  readonly until: string;
  readonly rows: readonly MetaRow[];
  readonly lists: readonly number[];
  /** Names of the photos that were chosen for a new dossier; their bytes don't outlive the page. */
  readonly photoNames?: readonly string[];
}

/** By which what is written of a dossier is found again. */
export function draftSubject(id: number | null): string {
  return `dossier ${id ?? 'new'}`;
}

/** What the form begins with; a new dossier in the lists that are given. */
export function draftOf(dossier: Dossier | null, lists: readonly number[]): DossierDraft {
  return {
    name: dossier?.name ?? '',
    comment: dossier?.comment ?? '',
    external: dossier?.external_id ?? '',
    active: dossier?.active ?? true,
    from: dossier?.valid_from ?? '',
    until: dossier?.valid_until ?? '',
    rows: rowsOf(dossier?.meta ?? {}),
    lists: dossier?.dossier_lists ?? lists,
  };
}

/** Whether the draft can be saved. */
export function isComplete({ name, lists }: DossierDraft): boolean {
  return name.trim() !== '' && lists.length > 0;
}

/** The body of the request that saves the draft. */
export function bodyOf({ name, comment, external, active, from, until, rows, lists }: DossierDraft): z.input<typeof dossierCreation> {
  return {
    name: name.trim(),
    comment,
    active,
    valid_from: from === '' ? null : from,
    valid_until: until === '' ? null : until,
    external_id: external.trim() === '' ? null : external.trim(),
    dossier_lists: lists.toSorted((a, b) => a - b),
    meta: metaOf(rows),
  };
}

/** The fields of a dossier that people edit, as its form would save them. */
export function editedFields(dossier: Dossier): ReturnType<typeof bodyOf> {
  return bodyOf(draftOf(dossier, []));
}
