import { Text, Textarea } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { declarationBounds } from '@dossier/domain/declaration.ts';
import type { Words } from '@dossier/domain/declaration.ts';
import { editedLanguages, languageName } from '../../components/languages.ts';

/** What to do at the door, in each language. */
export function InstructionEditor({
  instruction,
  onChange,
}: {
  instruction: Words;
  onChange: (instruction: Record<string, string>) => void;
}) {
  const { t } = useTranslation();
  return (
    <>
      <Text size="sm" c="dimmed">
        {t('fields.instructionHint')}
      </Text>
      {editedLanguages(instruction).map((language) => (
        <Textarea
          key={language}
          label={t('fields.instruction', { language: languageName(language) })}
          value={instruction[language] ?? ''}
          onChange={(event) => onChange({ ...instruction, [language]: event.currentTarget.value })}
          maxLength={declarationBounds.instruction}
          autosize
          minRows={3}
          maxRows={10}
          lang={language}
        />
      ))}
    </>
  );
}
