import { shownText } from '@dossier/domain/shown-text.ts';

/** A list that can be chosen. */
export interface ListOption {
  readonly id: number;
  readonly name: string;
}

/** So many are shown at once; who looks for another one writes more of its name. */
export const shownOptions = 50;

/** A name as it is compared: without regard to case and accents. */
export function foldName(text: string): string {
  return shownText(text).normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase();
}

/** Whether a name has all the words that somebody wrote. */
export function hasWords(name: string, wanted: string): boolean {
  const folded = foldName(name);
  return foldName(wanted)
    .split(/\s+/)
    .every((word) => folded.includes(word));
}

/** Options for Mantine's inputs; their values are the ids. */
export function optionsOf(lists: readonly ListOption[]): { value: string; label: string }[] {
  return lists.map(({ id, name }) => ({ value: String(id), label: shownText(name) }));
}

/** The options stand where their field does, in the dialog or part of the page that it is of, and are cut off by neither. */
export const beside = { withinPortal: false, floatingStrategy: 'fixed' } as const;

/** What scrolls is the list of options itself: keys move in it. */
export const listbox = { options: { maxHeight: 300, overflowY: 'auto' } } as const;
