import { Radio, Stack, Text, TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { shownText } from '@dossier/domain/shown-text.ts';
import { useWriting } from '../format/moments.ts';
import { Name } from './name.tsx';

interface Choice {
  readonly value: string;
  readonly name: string;
  readonly description: string;
}

interface ListChoiceProps {
  readonly label: string;
  readonly value: string | null;
  readonly onChoose: (value: string) => void;
  /** A choice that is there whatever is looked for. */
  readonly always?: Choice;
  readonly choices: readonly Choice[];
}

/** With so many lists one looks for a name rather than reading all. */
const worthSearching = 8;
const shownAtMost = 30;

const foldOf = (text: string): string => text.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase();

/** One of many lists: a box that finds by name, and the lists that it finds. */
export function ListChoice({ label, value, onChoose, always, choices }: ListChoiceProps) {
  const { t } = useTranslation();
  const writing = useWriting();
  const [wanted, setWanted] = useState('');
  const found = choices.filter(({ name, value: id }) => id === value || foldOf(shownText(name)).includes(foldOf(wanted.trim())));
  const shown = found.slice(0, shownAtMost);
  const chosen = choices.find((choice) => choice.value === value);
  // What is chosen stays on view.
  if (chosen && !shown.includes(chosen)) shown.unshift(chosen);
  return (
    <Stack gap="xs">
      {choices.length > worthSearching && (
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
      <Radio.Group label={label} value={value} onChange={onChoose}>
        <Stack gap="xs" mt="xs" mah={300} style={{ overflowY: 'auto' }}>
          {[...(always ? [always] : []), ...shown].map((choice) => (
            <Radio key={choice.value} value={choice.value} label={<Name>{choice.name}</Name>} description={choice.description} />
          ))}
        </Stack>
      </Radio.Group>
      <Text size="sm" c="dimmed" role="status">
        {found.length === 0 && wanted.trim() !== '' && t('watchLists.findNone')}
        {found.length > shownAtMost &&
          t('watchLists.findMore', { shown: writing.number(shown.length), total: writing.number(found.length) })}
      </Text>
    </Stack>
  );
}
