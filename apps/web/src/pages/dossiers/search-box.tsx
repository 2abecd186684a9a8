import { TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

const typingPauseMs = 200;
const longest = 256;

interface SearchBoxProps {
  /** What is searched for now. */
  readonly value: string;
  readonly onSearch: (text: string) => void;
}

/** Searches as one types. When something else changes what is searched for, the box shows it. */
export function SearchBox({ value, onSearch }: SearchBoxProps) {
  const { t } = useTranslation();
  const [text, setText] = useState(value);
  const [searched, setSearched] = useState(value);
  if (searched !== value) {
    setSearched(value);
    // The answer to what was typed a moment ago doesn't take back what was typed since.
    if (text.trim() !== value) setText(value);
  }
  const searchSoon = useDebouncedCallback((typed: string) => {
    setSearched(typed.trim());
    onSearch(typed.trim());
  }, typingPauseMs);
  return (
    <TextInput
      label={t('dossiers.search')}
      description={t('dossiers.searchHint')}
      value={text}
      maxLength={longest}
      onChange={(event) => {
        setText(event.currentTarget.value);
        searchSoon(event.currentTarget.value);
      }}
      leftSection={<IconSearch size={16} aria-hidden />}
      w={{ base: '100%', xs: 320 }}
      type="search"
    />
  );
}
