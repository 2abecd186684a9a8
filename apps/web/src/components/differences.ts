import type { HistoryValues } from '@dossier/protocol/history.ts';

/** A field that differs. */
export interface FieldDifference {
  /** As the API names it; of a custom field its own name. */
  readonly field: string;
  readonly custom: boolean;
  /** undefined: there is no such value. */
  readonly was: unknown;
  readonly becomes: unknown;
}

const order = ['name', 'active', 'valid_from', 'valid_until', 'external_id', 'dossier_lists', 'comment', 'meta', 'photos'];

/** What differs between two versions, field by field; custom fields one by one, and nothing that is empty in both. */
export function differencesOf(before: HistoryValues, after: HistoryValues): FieldDifference[] {
  const names = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])];
  const place = (name: string): number => (order.includes(name) ? order.indexOf(name) : order.length);
  return names
    .toSorted((a, b) => place(a) - place(b))
    .flatMap((field) =>
      field === 'meta'
        ? customDifferences(before?.['meta'], after?.['meta'])
        : [{ field, custom: false, was: before?.[field], becomes: after?.[field] }],
    )
    .filter(({ was, becomes }) => !(isEmpty(was) && isEmpty(becomes)) && JSON.stringify(was) !== JSON.stringify(becomes));
}

function customDifferences(before: unknown, after: unknown): FieldDifference[] {
  const [was, becomes] = [before, after].map((value) =>
    typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {},
  );
  const names = [...new Set([...Object.keys(was ?? {}), ...Object.keys(becomes ?? {})])];
  return names.map((field) => ({ field, custom: true, was: was?.[field], becomes: becomes?.[field] }));
}

/** Whether a value says nothing: none, an empty text, an empty list or object. */
export function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || value === '' || (typeof value === 'object' && Object.keys(value).length === 0);
}
