import { createInstance } from 'i18next';
import { shownText } from '@dossier/domain/shown-text.ts';
import { initReactI18next } from 'react-i18next';
import { first } from './en/first.ts';
import { nodeWordsBundle } from './node-words.ts';

export const languages = { en: 'English', ru: 'Русский' } as const;
export type Language = keyof typeof languages;

/** Letters that are written from right to left. */
const turning = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefe\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/** What is set into a sentence: it turns nothing of the sentence around, and what can't be seen in it is made visible. */
function set(value: string): string {
  const shown = shownText(value);
  return turning.test(shown) ? `\u2068${shown}\u2069` : shown;
}

const translator = createInstance();
const memory = 'dossier-language';

/** The person's choice, else what the browser asks for, else English. */
function preferredLanguage(): Language {
  const wanted = localStorage.getItem(memory) ?? navigator.language.slice(0, 2);
  return wanted === 'ru' ? 'ru' : 'en';
}

/** Makes the texts ready in the person's language. */
export async function prepareTexts(): Promise<void> {
  await translator.use(initReactI18next).init({
    resources: { en: { translation: first } },
    lng: 'en',
    fallbackLng: 'en',
    interpolation: { escapeValue: true, escape: set },
    returnNull: false,
  });
  await speak(preferredLanguage());
}

/** Makes the texts ready that the first page has none of; undefined where nobody has to wait. */
export function loadAllTexts(language = translator.language): Promise<void> | undefined {
  if (language !== 'en' || translator.exists('watchLists.description', { lng: 'en' })) return undefined;
  return import('./en/texts.ts').then(({ english }) => {
    translator.addResourceBundle('en', 'translation', english, true, true);
  });
}

/** Changes the language of the page. */
export async function speak(language: Language): Promise<void> {
  if (language === 'ru' && !translator.hasResourceBundle('ru', 'translation')) {
    const [{ russian }, nodeWords] = await Promise.all([import('./ru/texts.ts'), import('./ru/node-words.ts')]);
    translator.addResourceBundle('ru', 'translation', russian);
    // Not copied, as a copy is made by way of JSON, which has no regular expressions.
    translator.addResourceBundle('ru', nodeWordsBundle, nodeWords, false, true, { skipCopy: true });
  }
  await translator.changeLanguage(language);
  document.documentElement.lang = language;
}

/** Changes the language and keeps it for the next visit. */
export async function chooseLanguage(language: Language): Promise<void> {
  localStorage.setItem(memory, language);
  await loadAllTexts(language);
  await speak(language);
}
