import 'i18next';
import type { english } from './en/texts.ts';

/** All English texts. */
export type English = typeof english;

declare module 'i18next' {
  interface CustomTypeOptions {
    resources: { translation: English };
  }
}

/** The shape of a translation: every text of the English one, and the forms of plurals that the language has besides. */
export type Translation<Texts> = { [Key in keyof Texts]: Texts[Key] extends string ? string : Translation<Texts[Key]> } & {
  [Key in keyof Texts as Key extends `${infer Base}_other` ? `${Base}_${'few' | 'many'}` : never]: string;
};
