import { importTargets } from '@dossier/protocol/import.ts';

/** How the columns of a file (in JSON: the keys of its objects) become fields of dossiers. */
export interface Reading {
  /** What people said of columns, by their names: a field of a dossier, `meta.KEY`, or an empty text for what is to be left out. */
  readonly columns: Readonly<Record<string, string>>;
  /** What becomes of columns that are no field of a dossier: kept in `meta` under their own names, or left out. */
  readonly unknown: 'keep' | 'drop';
}

export const plainReading: Reading = { columns: {}, unknown: 'keep' };

/** What a column is: a field of a dossier, a key of its `meta`, or null for one that nobody reads. */
export type Target = { readonly field: string } | { readonly key: string } | null;

export interface Column {
  /** As the file has it; what has no name is called by its place, a second one of the same name by a number behind it. */
  readonly name: string;
  readonly target: Target;
  /** It is a field of a dossier by its name, or somebody said what it is. */
  readonly isKnown: boolean;
}

const metaPrefix = 'meta.';
/** The key by which other lists, such as those of OpenSanctions, name their people; ours counts first. */
const otherKey = 'id';
/** What the API says of a dossier besides its content. */
const computed = ['id', 'dossier_lists', 'face_count', 'has_faces', 'created_date', 'modified_date', 'matches'];
/** Of files with refused rows. */
const ofRefusals = ['refused_line', 'refused_reason', 'refused_text'];

/** The target that a text names, as `meta.born`. */
export function targetOf(text: string): Target {
  if (text === '') return null;
  return text.startsWith(metaPrefix) ? { key: text.slice(metaPrefix.length) } : { field: text };
}

/** A target as a text. */
export function textOfTarget(target: Target): string {
  if (target === null) return '';
  return 'field' in target ? target.field : metaPrefix + target.key;
}

/** What the names in the header of a CSV file mean. Letter case, blanks and hyphens of fields don't count. */
export function readColumns(header: readonly (string | null)[], reading: Reading): Column[] {
  const names = namesOf(header);
  const known = names.map((name) => knownTarget(name, fieldNameOf(name), reading));
  const hasKey = known.some((target) => target != null && 'field' in target && target.field === 'external_id');
  const isOurs = names.some((name) => fieldNameOf(name) === 'dossier_lists');
  return names.map((name, at): Column => {
    const target = known[at];
    if (target !== undefined) return { name, target, isKnown: true };
    if (isOurs && computed.includes(fieldNameOf(name))) return { name, target: null, isKnown: true };
    if (!hasKey && fieldNameOf(name) === otherKey) return { name, target: { field: 'external_id' }, isKnown: true };
    return { name, target: reading.unknown === 'keep' ? { key: name } : null, isKnown: false };
  });
}

/** Why a header can't be used, or null. */
export function headerFault(columns: readonly Column[], reading: Reading): string | null {
  const missing = Object.keys(reading.columns).find((name) => !columns.some((column) => column.name === name));
  if (missing !== undefined) return `the header has no column ${JSON.stringify(missing.slice(0, 40))}, of which it was said what it is`;
  const targets = columns.flatMap(({ target }) => (target === null ? [] : textOfTarget(target)));
  const twice = targets.find((target, at) => targets.indexOf(target) !== at);
  if (twice !== undefined) return `the header names the column ${twice} twice`;
  if (targets.includes('name')) return null;
  const found = columns.slice(0, 10).map(({ name }) => JSON.stringify(name.slice(0, 40)));
  return `the header must name the column "name"; possible are ${importTargets.join(', ')} and ${metaPrefix}KEY; it names ${found.join(', ')}`;
}

/** What a key of a JSON object means beside the others. */
export function keyTarget(key: string, object: object, reading: Reading): { readonly target: Target; readonly isKnown: boolean } {
  const target = knownTarget(key, key, reading);
  if (target !== undefined) return { target, isKnown: true };
  if (computed.includes(key) && Object.hasOwn(object, 'dossier_lists')) return { target: null, isKnown: true };
  if (key === otherKey && !Object.hasOwn(object, 'external_id')) return { target: { field: 'external_id' }, isKnown: true };
  return { target: reading.unknown === 'keep' ? { key } : null, isKnown: false };
}

/** Undefined where a name means nothing by itself. */
function knownTarget(name: string, field: string, { columns }: Reading): Target | undefined {
  if (Object.hasOwn(columns, name)) return targetOf(columns[name] ?? '');
  if (ofRefusals.includes(field)) return null;
  if ((importTargets as readonly string[]).includes(field)) return { field };
  return name.toLowerCase().startsWith(metaPrefix) && name.length > metaPrefix.length ? { key: name.slice(metaPrefix.length) } : undefined;
}

function fieldNameOf(name: string): string {
  return name.toLowerCase().replaceAll(/[\s-]+/g, '_');
}

/** A name for each column. What is a field keeps its name also the second time: that is a fault of the file. */
function namesOf(header: readonly (string | null)[]): string[] {
  const taken = new Set<string>();
  return header.map((text, at) => {
    const base = text === null || text.trim() === '' ? `column ${at + 1}` : text.trim();
    const isField = (importTargets as readonly string[]).includes(fieldNameOf(base)) || base.toLowerCase().startsWith(metaPrefix);
    let name = base;
    for (let number = 2; taken.has(name) && !isField; number += 1) name = `${base} (${number})`;
    taken.add(name);
    return name;
  });
}
