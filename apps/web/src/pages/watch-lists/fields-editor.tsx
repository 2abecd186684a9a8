import { ActionIcon, Button, Group, Paper, Stack, Text } from '@mantine/core';
import { IconArrowDown, IconArrowUp, IconChevronDown, IconChevronUp, IconPlus, IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import type { KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { declarationBounds } from '@dossier/domain/declaration.ts';
import { Name } from '../../components/name.tsx';
import { FieldEditor } from './field-editor.tsx';
import { newField } from './list-draft.ts';
import type { FieldDraft } from './list-draft.ts';

interface FieldsEditorProps {
  readonly fields: readonly FieldDraft[];
  readonly onChange: (fields: FieldDraft[]) => void;
}

/** The fields that a list declares: one is open at a time, and each can be moved. */
export function FieldsEditor({ fields, onChange }: FieldsEditorProps) {
  const { t } = useTranslation();
  const [opened, setOpened] = useState<number | null>(null);
  const [told, setTold] = useState('');
  const nameOf = ({ name }: FieldDraft): string => (name.trim() === '' ? t('fields.unnamed') : `“${name.trim()}”`);
  const move = (from: number, by: -1 | 1): void => {
    const moved = fields[from];
    const to = from + by;
    if (moved === undefined || to < 0 || to >= fields.length) return;
    onChange(fields.toSpliced(from, 1).toSpliced(to, 0, moved));
    setTold(t('fields.moved', { name: nameOf(moved), place: to + 1, total: fields.length }));
  };
  const add = (): void => {
    const made = newField(fields);
    onChange([...fields, made]);
    setOpened(made.key);
  };
  return (
    <Stack gap="sm">
      <Text size="sm" c="dimmed">
        {fields.length === 0 ? t('fields.none') : t('fields.hint')}
        {fields.length > 1 && ` ${t('fields.moveHint')}`}
      </Text>
      <ol className="plain" aria-label={t('fields.tabs.fields')}>
        {fields.map((field, at) => (
          <Field
            key={field.key}
            field={field}
            name={nameOf(field)}
            isFirst={at === 0}
            isLast={at === fields.length - 1}
            isOpen={opened === field.key}
            onToggle={() => setOpened(opened === field.key ? null : field.key)}
            onMove={(by) => move(at, by)}
            onRemove={() => onChange(fields.toSpliced(at, 1))}
            onChange={(facts) => onChange(fields.with(at, { ...field, ...facts }))}
          />
        ))}
      </ol>
      <span className="unseen" role="status">
        {told}
      </span>
      <Group>
        <Button
          size="xs"
          variant="default"
          leftSection={<IconPlus size={14} aria-hidden />}
          onClick={add}
          disabled={fields.length >= declarationBounds.fields}
        >
          {t('fields.add')}
        </Button>
      </Group>
    </Stack>
  );
}

interface FieldProps {
  readonly field: FieldDraft;
  readonly name: string;
  readonly isFirst: boolean;
  readonly isLast: boolean;
  readonly isOpen: boolean;
  readonly onToggle: () => void;
  readonly onMove: (by: -1 | 1) => void;
  readonly onRemove: () => void;
  readonly onChange: (facts: Partial<FieldDraft>) => void;
}

function Field({ field, name, isFirst, isLast, isOpen, onToggle, onMove, onRemove, onChange }: FieldProps) {
  const { t } = useTranslation();
  const moveByKey = (event: KeyboardEvent): void => {
    if (!event.altKey || (event.key !== 'ArrowUp' && event.key !== 'ArrowDown')) return;
    event.preventDefault();
    onMove(event.key === 'ArrowUp' ? -1 : 1);
  };
  // Stays usable at an end of the list, so that the focus isn't lost there.
  const shared = { variant: 'subtle', color: 'gray' } as const;
  return (
    <Paper component="li" withBorder p="xs" mb="xs" onKeyDown={moveByKey} style={{ listStyle: 'none' }}>
      <Group gap={4} wrap="nowrap" justify="space-between">
        <div className="wrap">
          <Text size="sm" fw={600}>
            {field.name.trim() === '' ? t('fields.unnamed') : <Name>{field.name}</Name>}
          </Text>
          <Text size="xs" c="dimmed">
            {[
              t(`fields.types.${field.type}`),
              ...(field.required ? [t('fields.required')] : []),
              ...(field.shown_in_table ? [t('fields.inTable')] : []),
            ].join(' · ')}
          </Text>
        </div>
        <Group gap={2} wrap="nowrap">
          <ActionIcon {...shared} aria-label={t('fields.up', { name })} aria-disabled={isFirst} onClick={() => onMove(-1)}>
            <IconArrowUp size={16} aria-hidden />
          </ActionIcon>
          <ActionIcon {...shared} aria-label={t('fields.down', { name })} aria-disabled={isLast} onClick={() => onMove(1)}>
            <IconArrowDown size={16} aria-hidden />
          </ActionIcon>
          <ActionIcon
            {...shared}
            aria-label={t(isOpen ? 'fields.close' : 'fields.edit', { name })}
            aria-expanded={isOpen}
            onClick={onToggle}
          >
            {isOpen ? <IconChevronUp size={16} aria-hidden /> : <IconChevronDown size={16} aria-hidden />}
          </ActionIcon>
          <ActionIcon {...shared} aria-label={t('fields.remove', { name })} onClick={onRemove}>
            <IconTrash size={16} aria-hidden />
          </ActionIcon>
        </Group>
      </Group>
      {isOpen && <FieldEditor field={field} onChange={onChange} />}
    </Paper>
  );
}
