import { Radio, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useWatchLists } from '../../api/watch-lists.ts';
import { ListChoices } from '../../components/list-choices.tsx';

/** The lists that a site may read; null: all, also later ones. */
export type GrantedLists = readonly number[] | null;

/** Leaves out lists that are gone: nobody could take them away, and the node takes none. */
export function useExisting(): (lists: GrantedLists) => number[] | null {
  const { data } = useWatchLists();
  return (lists) => lists && lists.filter((id) => data === undefined || data.some((list) => list.id === id));
}

interface ListsChoiceProps {
  readonly label: string;
  readonly value: GrantedLists;
  readonly onChange: (lists: GrantedLists) => void;
}

/** All lists, or some of many, found by their names; those that were granted before come first. */
export function ListsChoice({ label, value, onChange }: ListsChoiceProps) {
  const { t } = useTranslation();
  const lists = useWatchLists();
  const [before] = useState(() => new Set(value));
  // Whoever looks at all and comes back finds what was chosen.
  const [chosen, setChosen] = useState<ReadonlySet<number>>(() => new Set(value));
  const choose = (some: ReadonlySet<number>): void => {
    setChosen(some);
    onChange([...some].toSorted((a, b) => a - b));
  };
  const choices = (lists.data ?? [])
    .map(({ id, name, dossier_count: count }) => ({ id, name, description: t('common.dossiers', { count }), common: true }))
    .toSorted((a, b) => Number(before.has(b.id)) - Number(before.has(a.id)) || a.name.localeCompare(b.name, undefined, { numeric: true }));
  return (
    <Stack gap="sm">
      <Radio.Group
        label={label}
        value={value === null ? 'all' : 'some'}
        onChange={(kind) => (kind === 'all' ? onChange(null) : choose(chosen))}
      >
        <Stack gap="xs" mt="xs">
          <Radio value="all" label={t('sites.grant.all')} description={t('sites.grant.allHint')} />
          <Radio value="some" label={t('sites.grant.some')} description={t('sites.grant.someHint')} />
        </Stack>
      </Radio.Group>
      {value !== null &&
        (lists.data?.length === 0 ? (
          <Text size="sm">{t('sites.grant.noLists')}</Text>
        ) : (
          <ListChoices label={t('sites.grant.choose')} lists={choices} value={chosen} onChange={choose} />
        ))}
    </Stack>
  );
}
