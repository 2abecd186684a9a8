import { ActionIcon, Button, Group, Text, TextInput } from '@mantine/core';
import { IconPlus, IconX } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { MetaRow } from './meta-rows.ts';

/** Custom fields: a name and a value each. */
export function MetaEditor({ rows, onChange }: { rows: readonly MetaRow[]; onChange: (rows: MetaRow[]) => void }) {
  const { t } = useTranslation();
  const replace = (index: number, facts: Partial<MetaRow>): void =>
    onChange(rows.map((row, at) => (at === index ? { ...row, ...facts } : row)));
  return (
    <fieldset className="plain">
      <Text component="legend" size="sm" fw={600} mb={4}>
        {t('dossiers.customFields')}
      </Text>
      {rows.map((row, index) => (
        // Rows have no identity of their own while their names are typed.
        // oxlint-disable-next-line react/no-array-index-key
        <Group key={index} gap="xs" wrap="nowrap" mb="xs">
          <TextInput
            aria-label={t('dossiers.fieldName')}
            placeholder={t('dossiers.fieldName')}
            value={row.key}
            onChange={(event) => replace(index, { key: event.currentTarget.value })}
            w="35%"
          />
          <TextInput
            aria-label={t('dossiers.fieldValue')}
            placeholder={t('dossiers.fieldValue')}
            value={row.text}
            onChange={(event) => replace(index, { text: event.currentTarget.value })}
            flex={1}
          />
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={t('dossiers.removeField', { name: row.key })}
            onClick={() => onChange(rows.filter((_, at) => at !== index))}
          >
            <IconX size={16} aria-hidden />
          </ActionIcon>
        </Group>
      ))}
      <Button
        size="xs"
        variant="default"
        leftSection={<IconPlus size={14} aria-hidden />}
        onClick={() => onChange([...rows, { key: '', text: '', json: false, added: true }])}
      >
        {t('dossiers.addField')}
      </Button>
    </fieldset>
  );
}
