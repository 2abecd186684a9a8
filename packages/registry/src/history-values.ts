import type { StoredContent } from '@dossier/domain/dossier-hash.ts';

/** What became of something: the fields that differ, as the text of a JSON object each; null where it wasn't there. */
export interface Change {
  readonly before: string | null;
  readonly after: string | null;
}

/** A dossier's content, and where it is known the lists that hold it. */
export type HistoricContent = StoredContent & { readonly lists?: readonly number[] };

const asJson = (value: unknown): string => JSON.stringify(value);

/** How the fields that people know are written, as JSON; what was written as JSON stays as it was. The twin of `historyFields`. */
const fields: readonly (readonly [name: string, text: (content: HistoricContent) => string])[] = [
  ['name', ({ name }) => asJson(name)],
  ['comment', ({ comment }) => asJson(comment)],
  ['active', ({ active }) => asJson(active)],
  ['valid_from', (content) => asJson(content.valid_from)],
  ['valid_until', (content) => asJson(content.valid_until)],
  ['external_id', (content) => asJson(content.external_id)],
  ['dossier_lists', ({ lists = [] }) => asJson(lists.toSorted((a, b) => a - b))],
  ['meta', ({ meta }) => meta],
  ['photos', ({ photos }) => asJson(rememberedPhotos(photos))],
];

/** The photos that a row shows, in their order, by address and length. */
function rememberedPhotos(photos: string): { sha256: string; bytes: number | null }[] {
  return [...photos.matchAll(/\{[^{}]*\}/g)].flatMap(([photo]) => {
    const sha256 = /"sha256"\s*:\s*"([0-9a-f]{64})"/.exec(photo)?.[1];
    const bytes = /"bytes"\s*:\s*(\d{1,9})\D/.exec(photo)?.[1];
    return sha256 === undefined ? [] : { sha256, bytes: bytes === undefined ? null : Number(bytes) };
  });
}

/** What became of a dossier; null if nothing that its history tells of. */
export function changeOf(before: HistoricContent | null, after: HistoricContent | null): Change | null {
  const differing = fields
    .map(([name, text]) => ({ name, was: before && text(before), is: after && text(after) }))
    .filter(({ was, is }) => was !== is);
  if (differing.length === 0) return null;
  const object = (side: 'was' | 'is'): string =>
    `{${differing.map((field) => `${asJson(field.name)}:${field[side] ?? 'null'}`).join(',')}}`;
  return { before: before && object('was'), after: after && object('is') };
}

/** The same for a row of SQL beside another one. */
const historyFields: Readonly<Record<string, (row: string, other: string) => string>> = {
  name: (row) => `to_json(${row}.name)`,
  comment: (row) => `to_json(${row}.comment)`,
  active: (row) => `to_json(${row}.active)`,
  valid_from: (row) => `to_json(${row}.valid_from)`,
  valid_until: (row) => `to_json(${row}.valid_until)`,
  external_id: (row) => `to_json(${row}.external_id)`,
  meta: (row) => `${row}.meta`,
  // To take them apart costs more than all the rest, and mostly they are the same.
  photos: (row, other) => `case when ${row}.photos::text is distinct from ${other}.photos::text then remembered_photos(${row}.photos) end`,
};

/**
 * For a FROM clause: `before` and `after` of two rows of the statement, of which one may be missing. Of a dossier that comes only what tells who it is: the
 * rest is there to be read.
 */
export function differingFields(was: string, becomes: string): string {
  const values = Object.entries(historyFields).map(([name, text]) => `('${name}', ${text(was, becomes)}, ${text(becomes, was)})`);
  return `(
    select case when ${was}.uuid is not null then json_object_agg(field, former) end as before,
      case when ${becomes}.uuid is not null then json_object_agg(field, present) end as after
    from (values ${values.join(', ')}) f (field, former, present)
    where case when ${was}.uuid is null then field in ('name', 'external_id', 'photos')
      else ${becomes}.uuid is null or former::text is distinct from present::text end
  )`;
}
