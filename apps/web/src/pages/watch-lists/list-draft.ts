import type { z } from 'zod';
import type { DeclaredField } from '@dossier/domain/declaration.ts';
import type { fieldsSchema } from '@dossier/protocol/declaration.ts';
import type { watchListChange, WatchList } from '@dossier/protocol/watch-list.ts';

/** A declared field while it is edited; `key` stays the same wherever it is moved and however it is called. */
export interface FieldDraft extends DeclaredField {
  readonly key: number;
  /** One of each line, as they are typed. */
  readonly choices: readonly string[];
}

/** A list while it is edited. */
export type ListDraft = Pick<WatchList, 'name' | 'comment' | 'color' | 'active' | 'log_reads' | 'require_match' | 'instruction'> & {
  readonly fields: readonly FieldDraft[];
};

const emptyList: Omit<ListDraft, 'fields'> = {
  name: '',
  comment: '',
  color: '',
  active: true,
  log_reads: false,
  require_match: false,
  instruction: {},
};

/** What the form begins with. */
export function draftOf(list: WatchList | null): ListDraft {
  const { name, comment, color, active, log_reads, require_match, instruction } = list ?? emptyList;
  const fields = (list?.fields ?? []).map((field, key) => ({ ...field, key, choices: field.choices ?? [] }));
  return { name, comment, color, active, log_reads, require_match, instruction, fields };
}

/** A field that is added behind the others. */
export function newField(fields: readonly FieldDraft[]): FieldDraft {
  const key = Math.max(-1, ...fields.map((field) => field.key)) + 1;
  return { key, name: '', label: {}, type: 'text', choices: [], required: false, shown_in_table: false };
}

/** Whether the draft can be saved. */
export function isComplete({ name, fields }: ListDraft): boolean {
  return (
    name.trim() !== '' && fields.every((field) => field.name.trim() !== '' && (field.type !== 'choice' || choicesOf(field).length > 0))
  );
}

function choicesOf({ choices }: FieldDraft): string[] {
  return [...new Set(choices.map((choice) => choice.trim()).filter((choice) => choice !== ''))];
}

function wordsOf(words: Readonly<Record<string, string>>): Record<string, string> {
  const said = Object.entries(words).map(([language, text]) => [language, text.trim()] as const);
  return Object.fromEntries(said.filter(([, text]) => text !== ''));
}

type ListBody = Omit<ListDraft, 'fields'> & { fields: z.input<typeof fieldsSchema> };

/** The body of the request that saves the draft. */
export function bodyOf({ name, fields, instruction, ...draft }: ListDraft): ListBody {
  return {
    ...draft,
    name: name.trim(),
    fields: fields.map((field) => ({
      name: field.name.trim(),
      label: wordsOf(field.label),
      type: field.type,
      ...(field.type === 'choice' && { choices: choicesOf(field) }),
      required: field.required,
      shown_in_table: field.shown_in_table,
    })),
    instruction: wordsOf(instruction),
  };
}

/** The fields of a list that people edit, as its form would save them. */
export function editedFields(list: WatchList): ListBody {
  return bodyOf(draftOf(list));
}

/** What of a body differs from the list: what is declared is looked at anew in every dossier, so it is sent only if it changes. */
export function changedPart(body: ListBody, list: WatchList): z.input<typeof watchListChange> {
  const known = editedFields(list);
  const { fields, instruction, ...rest } = body;
  return {
    ...rest,
    ...(JSON.stringify(fields) !== JSON.stringify(known.fields) && { fields }),
    ...(JSON.stringify(instruction) !== JSON.stringify(known.instruction) && { instruction }),
  };
}
