import { useTranslation } from 'react-i18next';
import { z } from 'zod';
import { wordsFor } from '@dossier/domain/declaration.ts';
import { shownLines, shownText } from '@dossier/domain/shown-text.ts';
import { declaredFieldSchema } from '@dossier/protocol/declaration.ts';
import { languageName } from './languages.ts';

const fieldsShape = z.array(declaredFieldSchema);
const wordsShape = z.record(z.string(), z.string());

/** The fields that a list declared, in their order. */
export function FieldsValue({ value }: { value: unknown }) {
  const { t, i18n } = useTranslation();
  return fieldsShape.parse(value).map((field) => {
    const marks = [
      t(`fields.types.${field.type}`),
      ...(field.choices === undefined ? [] : [field.choices.join(', ')]),
      ...(field.required ? [t('fields.required')] : []),
      ...(field.shown_in_table ? [t('fields.inTable')] : []),
    ];
    const label = wordsFor(field.label, i18n.language);
    return (
      <div key={field.name}>
        <bdi>{shownText(label === null || label === field.name ? field.name : `${label} [${field.name}]`)}</bdi>:{' '}
        {shownText(marks.join(' · '))}
      </div>
    );
  });
}

/** A text in several languages. */
export function WordsValue({ value }: { value: unknown }) {
  return Object.entries(wordsShape.parse(value)).map(([language, text]) => (
    <div key={language} lang={language}>
      {languageName(language)}: <bdi>{shownLines(text)}</bdi>
    </div>
  ));
}
