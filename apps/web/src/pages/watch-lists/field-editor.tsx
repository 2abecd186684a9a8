import { Group, NativeSelect, Stack, Switch, Textarea, TextInput } from '@mantine/core';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { declarationBounds, fieldTypes } from '@dossier/domain/declaration.ts';
import { editedLanguages, languageName } from '../../components/languages.ts';
import type { FieldDraft } from './list-draft.ts';

/** One field that a list declares; whoever opens it goes on with its name. */
export function FieldEditor({ field, onChange }: { field: FieldDraft; onChange: (facts: Partial<FieldDraft>) => void }) {
  const { t } = useTranslation();
  const name = useRef<HTMLInputElement>(null);
  useEffect(() => name.current?.focus(), []);
  return (
    <Stack gap="sm" mt="xs">
      <Group gap="md" align="flex-start" grow>
        <TextInput
          label={t('fields.name')}
          description={t('fields.nameHint')}
          inputWrapperOrder={['label', 'input', 'description', 'error']}
          value={field.name}
          onChange={(event) => onChange({ name: event.currentTarget.value })}
          maxLength={declarationBounds.name}
          withAsterisk
          ref={name}
        />
        <NativeSelect
          label={t('fields.type')}
          value={field.type}
          data={fieldTypes.map((type) => ({ value: type, label: t(`fields.types.${type}`) }))}
          onChange={(event) => onChange({ type: fieldTypes.find((type) => type === event.currentTarget.value) ?? 'text' })}
        />
      </Group>
      {field.type === 'choice' && (
        <Textarea
          label={t('fields.choices')}
          description={t('fields.choicesHint')}
          value={field.choices.join('\n')}
          onChange={(event) => onChange({ choices: event.currentTarget.value.split('\n') })}
          autosize
          minRows={3}
          maxRows={10}
          withAsterisk
        />
      )}
      <Group gap="md" align="flex-start" grow>
        {editedLanguages(field.label).map((language) => (
          <TextInput
            key={language}
            label={t('fields.label', { language: languageName(language) })}
            value={field.label[language] ?? ''}
            onChange={(event) => onChange({ label: { ...field.label, [language]: event.currentTarget.value } })}
            maxLength={declarationBounds.label}
            placeholder={field.name}
            lang={language}
          />
        ))}
      </Group>
      <Group gap="xl">
        <Switch
          label={t('fields.required')}
          checked={field.required}
          onChange={(event) => onChange({ required: event.currentTarget.checked })}
        />
        <Switch
          label={t('fields.inTable')}
          checked={field.shown_in_table}
          onChange={(event) => onChange({ shown_in_table: event.currentTarget.checked })}
        />
      </Group>
    </Stack>
  );
}
