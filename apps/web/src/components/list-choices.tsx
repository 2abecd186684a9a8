import { Button, Checkbox, Group, Stack, Text, TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useWriting } from '../format/moments.ts';
import { hasWords } from './list-options.ts';
import { Name } from './name.tsx';

export interface ChoosableList {
  readonly id: number;
  readonly name: string;
  readonly description: string;
  /** Whether it is among those that are chosen together. */
  readonly common: boolean;
}

interface ListChoicesProps {
  readonly label: string;
  readonly lists: readonly ChoosableList[];
  readonly value: ReadonlySet<number>;
  readonly onChange: (chosen: ReadonlySet<number>) => void;
}

/** With so many lists one looks for a name rather than reading all. */
const worthSearching = 8;
const shownAtMost = 30;

/** Some of many lists: a box that finds by name, the lists that it finds, and all of them by one button. */
export function ListChoices({ label, lists, value, onChange }: ListChoicesProps) {
  const { t } = useTranslation();
  const writing = useWriting();
  const [wanted, setWanted] = useState('');
  const found = lists.filter(({ name }) => hasWords(name, wanted));
  const shown = found.slice(0, shownAtMost);
  const together = found.filter(({ id, common }) => common && !value.has(id));
  return (
    <Stack gap="xs">
      {lists.length > worthSearching && (
        <TextInput
          type="search"
          label={t('watchLists.find')}
          leftSection={<IconSearch size={16} aria-hidden />}
          value={wanted}
          onChange={(event) => setWanted(event.currentTarget.value)}
          // The form is not sent by looking for a name.
          onKeyDown={(event) => event.key === 'Enter' && event.preventDefault()}
        />
      )}
      <Checkbox.Group label={label} value={[...value].map(String)} onChange={(chosen) => onChange(new Set(chosen.map(Number)))}>
        <Stack gap="xs" mt="xs" mah={300} style={{ overflowY: 'auto' }}>
          {shown.map(({ id, name, description }) => (
            <Checkbox key={id} value={String(id)} label={<Name>{name}</Name>} description={description} />
          ))}
        </Stack>
      </Checkbox.Group>
      <Text size="sm" c="dimmed" role="status">
        {[
          value.size > 0 && t('bulk.linking.chosen', { count: value.size }),
          found.length === 0 && wanted.trim() !== '' && t('watchLists.findNone'),
          found.length > shownAtMost &&
            t('watchLists.findMore', { shown: writing.number(shown.length), total: writing.number(found.length) }),
        ]
          .filter((part) => part !== false)
          .join(' · ')}
      </Text>
      {lists.length > 1 && (
        <Group gap="xs">
          <Button
            size="xs"
            variant="default"
            disabled={together.length === 0}
            onClick={() => onChange(new Set([...value, ...together.map(({ id }) => id)]))}
          >
            {t('bulk.linking.chooseFound', { count: together.length })}
          </Button>
          <Button size="xs" variant="subtle" disabled={value.size === 0} onClick={() => onChange(new Set())}>
            {t('bulk.linking.chooseNone')}
          </Button>
        </Group>
      )}
    </Stack>
  );
}
