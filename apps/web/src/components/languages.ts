import { languages } from '../i18n/texts.ts';

/** The languages in which a text is edited: those of the pages, and others in which it is there already. */
export function editedLanguages(words: Readonly<Record<string, string>>): string[] {
  return [...new Set([...Object.keys(languages), ...Object.keys(words)])];
}

/** What a language is called in itself. */
export function languageName(tag: string): string {
  const own: Readonly<Record<string, string>> = languages;
  return own[tag] ?? new Intl.DisplayNames([tag], { type: 'language' }).of(tag) ?? tag;
}
