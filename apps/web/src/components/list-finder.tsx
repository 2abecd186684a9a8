import { TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useWriting } from '../format/moments.ts';
import { hasWords } from './list-options.ts';

/** With so many lists one looks for a name rather than reading all. */
const worthSearching = 8;
const shownAtMost = 30;

interface FoundLists<List> {
  readonly found: readonly List[];
  /** The first of them. */
  readonly shown: readonly List[];
  /** The box that finds by name; nothing where there are few lists. */
  readonly box: ReactNode;
  /** That none is found, or not all of them are shown; empty otherwise. */
  readonly words: string;
}

/** Of many lists those whose names have what is written. */
export function useListFinder<List extends { readonly name: string }>(lists: readonly List[]): FoundLists<List> {
  const { t } = useTranslation();
  const writing = useWriting();
  const [wanted, setWanted] = useState('');
  const found = lists.filter(({ name }) => hasWords(name, wanted));
  const shown = found.slice(0, shownAtMost);
  const box = lists.length > worthSearching && (
    <TextInput
      type="search"
      label={t('watchLists.find')}
      leftSection={<IconSearch size={16} aria-hidden />}
      value={wanted}
      onChange={(event) => setWanted(event.currentTarget.value)}
      // The form is not sent by looking for a name.
      onKeyDown={(event) => event.key === 'Enter' && event.preventDefault()}
    />
  );
  const more = t('watchLists.findMore', { shown: writing.number(shown.length), total: writing.number(found.length) });
  return {
    found,
    shown,
    box,
    words: found.length === 0 && wanted.trim() !== '' ? t('watchLists.findNone') : shown.length < found.length ? more : '',
  };
}
