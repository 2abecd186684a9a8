import type { Json, Meta } from './dossier.ts';

/** What a field may hold: a JSON string, a JSON number, a day of the calendar (`YYYY-MM-DD`), one of the choices (a string), a JSON boolean. */
export const fieldTypes = ['text', 'number', 'date', 'choice', 'yes_no'] as const;
export type FieldType = (typeof fieldTypes)[number];

/** A text in several languages, by their tags (RFC 5646), such as `en` or `ru`. */
export type Words = Readonly<Record<string, string>>;

/** A field of dossiers as a watch list declares it; its values stand in `meta` under the name. */
export interface DeclaredField {
  readonly name: string;
  /** What people read in place of the name. */
  readonly label: Words;
  readonly type: FieldType;
  /** What may be chosen, in this order; of a field of the type `choice`, and of no other. */
  readonly choices?: readonly string[] | undefined;
  readonly required: boolean;
  readonly shown_in_table: boolean;
}

/** What a list says of its dossiers: their fields in the order in which they are shown, and what to do at the door when one of them comes. */
export interface Declaration {
  readonly fields: readonly DeclaredField[];
  readonly instruction: Words;
}

export const declarationBounds = {
  fields: 100,
  name: 100,
  label: 200,
  choices: 200,
  choice: 200,
  instruction: 4000,
  languages: 20,
  /** Of the whole, as canonical JSON. */
  bytes: 64 * 1024,
} as const;

export const emptyDeclaration: Declaration = { fields: [], instruction: {} };

/** The words for a reader of this language: those of the language, else English ones, else any; null where there are none. */
export function wordsFor(words: Words, language: string): string | null {
  const candidates = [words[language], words[language.split('-')[0] ?? ''], words['en'], ...Object.values(words)];
  return candidates.find((text) => text !== undefined && text !== '') ?? null;
}

/** What is the same for all names that people can't tell from each other. */
export function foldName(name: string): string {
  return name.normalize('NFKC').toLowerCase();
}

/** The value of a field; undefined where the dossier says nothing of it: no key, null or an empty text. */
export function valueOf(meta: Readonly<Record<string, unknown>>, name: string): unknown {
  const value = Object.hasOwn(meta, name) ? meta[name] : undefined;
  return value === null || value === '' ? undefined : value;
}

const shownChoices = 10;

/** Why a value is none of its field, such as "must be a number"; null if it is one. */
export function valueFault(field: Pick<DeclaredField, 'type' | 'choices' | 'required'>, value: unknown): string | null {
  if (value === undefined || value === null || value === '') return field.required ? 'is required' : null;
  switch (field.type) {
    case 'text':
      if (typeof value !== 'string') return 'must be a text';
      return field.required && value.trim() === '' ? 'is required' : null;
    case 'number':
      return typeof value === 'number' && Number.isFinite(value) ? null : 'must be a number';
    case 'date':
      return typeof value === 'string' && isDay(value) ? null : 'must be a date that exists, as 2026-12-31';
    case 'yes_no':
      return typeof value === 'boolean' ? null : 'must be true or false';
    default:
      return typeof value === 'string' && field.choices?.includes(value) ? null : `must be one of ${nameChoices(field.choices ?? [])}`;
  }
}

function nameChoices(choices: readonly string[]): string {
  const named = choices.slice(0, shownChoices).map((choice) => JSON.stringify(choice));
  return named.join(', ') + (choices.length > shownChoices ? ` and ${choices.length - shownChoices} more` : '');
}

function isDay(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(text) || text.startsWith('0000')) return false;
  const time = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

/** A field whose value doesn't fit. */
export interface Misfit {
  readonly field: DeclaredField;
  readonly reason: string;
}

/** Which declared fields of a dossier don't fit, in the order of the declaration. */
export function misfitsOf(fields: readonly DeclaredField[], meta: Readonly<Record<string, unknown>>): Misfit[] {
  return fields.flatMap((field) => {
    const reason = valueFault(field, valueOf(meta, field.name));
    return reason === null ? [] : [{ field, reason }];
  });
}

/**
 * The fields that a change would make not fit. What doesn't fit already may stay as it is, so that a list that declares something keeps nobody from correcting
 * anything else; `before` is null for a dossier that comes new into the list.
 */
export function newMisfits(fields: readonly DeclaredField[], before: Meta | null, after: Meta): Misfit[] {
  const isKept = ({ name }: DeclaredField): boolean =>
    before !== null && JSON.stringify(valueOf(before, name)) === JSON.stringify(valueOf(after, name));
  return misfitsOf(fields, after).filter(({ field }) => !isKept(field));
}

const truths: Readonly<Record<string, boolean>> = { true: true, yes: true, '1': true, false: false, no: false, '0': false };

/** Texts of a file that knows no types as what their fields declare, where they can be that: `"12"` as 12, `"yes"` as true. */
export function readTexts(fields: readonly DeclaredField[], meta: Meta): Meta {
  const types = new Map(fields.map(({ name, type }) => [name, type]));
  return Object.fromEntries(Object.entries(meta).map(([name, value]) => [name, readText(types.get(name), value)]));
}

function readText(type: FieldType | undefined, value: Json): Json {
  if (typeof value !== 'string') return value;
  const text = value.trim();
  if (type === 'yes_no') return truths[text.toLowerCase()] ?? value;
  if (type !== 'number' || !/^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i.test(text)) return value;
  const number = Number(text);
  return Number.isFinite(number) && (Number.isSafeInteger(number) || !/^-?\d+$/.test(text)) ? number : value;
}

/** Two lists that declare a field so that no value fits both. */
export interface Contradiction<List> {
  readonly name: string;
  readonly lists: readonly [List, List];
}

/** Where lists contradict each other: no dossier can be in both with a value of that field. */
export function contradictionsOf<List extends { readonly fields: readonly DeclaredField[] }>(
  lists: readonly List[],
): Contradiction<List>[] {
  return lists.flatMap((list, at) =>
    lists.slice(at + 1).flatMap((other) =>
      list.fields.flatMap((field): Contradiction<List>[] => {
        const twin = other.fields.find(({ name }) => name === field.name);
        return twin && excludes(field, twin) ? [{ name: field.name, lists: [list, other] }] : [];
      }),
    ),
  );
}

/** A text may be a date or a choice, too; all other types exclude each other. */
function excludes(one: DeclaredField, other: DeclaredField): boolean {
  const fits = (field: DeclaredField, choices: readonly string[]): boolean => choices.some((choice) => valueFault(field, choice) === null);
  if (one.type === 'choice') return !fits(other, one.choices ?? []);
  if (other.type === 'choice') return !fits(one, other.choices ?? []);
  const types = new Set([one.type, other.type]);
  return types.size === 2 && !(types.has('text') && types.has('date'));
}
