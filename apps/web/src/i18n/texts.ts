import { createInstance } from 'i18next';
import { initReactI18next } from 'react-i18next';
import { english } from './en/texts.ts';

export const languages = { en: 'English', ru: 'Русский' } as const;
export type Language = keyof typeof languages;

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
    resources: { en: { translation: english } },
    lng: 'en',
    fallbackLng: 'en',
    interpolation: { escapeValue: false },
    returnNull: false,
  });
  await speak(preferredLanguage());
}

/** Changes the language of the page. */
export async function speak(language: Language): Promise<void> {
  if (language === 'ru' && !translator.hasResourceBundle('ru', 'translation')) {
    const { russian } = await import('./ru/texts.ts');
    translator.addResourceBundle('ru', 'translation', russian);
  }
  await translator.changeLanguage(language);
  document.documentElement.lang = language;
}

/** Changes the language and keeps it for the next visit. */
export async function chooseLanguage(language: Language): Promise<void> {
  localStorage.setItem(memory, language);
  await speak(language);
}
