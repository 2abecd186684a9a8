import { contradictionsOf, misfitsOf, newMisfits, wordsFor } from '@dossier/domain/declaration.ts';
import type { DeclaredField } from '@dossier/domain/declaration.ts';
import type { Json, Meta } from '@dossier/domain/dossier.ts';
import type { Dossier } from '@dossier/protocol/dossier.ts';
import type { WatchList } from '@dossier/protocol/watch-list.ts';

type Declaring = Pick<WatchList, 'id' | 'name' | 'fields'>;

/** The fields of a dossier that is in these lists, each once: it has to be filled in if one list says so, and offers what all of them take. */
export function fieldsOf(lists: readonly Declaring[]): DeclaredField[] {
  const fields = new Map<string, DeclaredField>();
  for (const field of lists.flatMap((list) => list.fields)) {
    const known = fields.get(field.name);
    fields.set(field.name, known === undefined ? field : merge(known, field));
  }
  return [...fields.values()];
}

function merge(known: DeclaredField, other: DeclaredField): DeclaredField {
  const both = known.type === 'choice' && other.type === 'choice';
  const choices = both ? known.choices?.filter((choice) => other.choices?.includes(choice)) : known.choices;
  return {
    ...known,
    label: { ...other.label, ...known.label },
    ...(choices !== undefined && { choices }),
    required: known.required || other.required,
    shown_in_table: known.shown_in_table || other.shown_in_table,
  };
}

/** As what all lists that declare a field of this name declare it; undefined where they differ, or none does. */
export function typeOf(name: string, lists: readonly Declaring[]): DeclaredField['type'] | undefined {
  const types = new Set(lists.flatMap(({ fields }) => fields.filter((field) => field.name === name).map(({ type }) => type)));
  const [type, ...others] = types;
  return others.length === 0 ? type : undefined;
}

/** The heading of a field for a reader of this language. */
export function labelOf({ name, label }: DeclaredField, language: string): string {
  return wordsFor(label, language) ?? name;
}

/** The columns of a table: of the list that is looked at, else those that all lists have in common. */
export function columnsOf(lists: readonly Declaring[], chosen: number | undefined): DeclaredField[] {
  const looked = chosen === undefined ? lists : lists.filter(({ id }) => id === chosen);
  const [first, ...others] = looked;
  const isShown = ({ fields }: Declaring, { name, type }: DeclaredField): boolean =>
    fields.some((field) => field.name === name && field.type === type && field.shown_in_table);
  return (first?.fields ?? []).filter((field) => field.shown_in_table && others.every((list) => isShown(list, field)));
}

/** Why a value doesn't fit what a list declares; `kept`: it was so before, and may stay. */
export interface Finding {
  readonly reason: string;
  readonly kept: boolean;
}

/** What doesn't fit of a dossier that is written into these lists, by the names of the fields. `base` is the dossier as it was read; null: it is new. */
export function findingsOf(lists: readonly Declaring[], base: Dossier | null, meta: Meta): Map<string, Finding> {
  const findings = new Map<string, Finding>();
  for (const list of lists) {
    const before = base?.dossier_lists.includes(list.id) === true ? (base.meta as Record<string, Json>) : null;
    const refused = newMisfits(list.fields, before, meta).map(({ field }) => field.name);
    for (const { field, reason } of misfitsOf(list.fields, meta)) {
      const kept = !refused.includes(field.name);
      if (findings.get(field.name)?.kept !== false) findings.set(field.name, { reason, kept });
    }
  }
  return findings;
}

/** Where the lists of a dossier declare a field so that no value fits both. */
export function contradictions(lists: readonly Declaring[]): { field: string; one: string; other: string }[] {
  return contradictionsOf(lists).map(({ name, lists: [one, other] }) => ({ field: name, one: one.name, other: other.name }));
}
