import { Button, Group, Text } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { inPlace } from '../address.ts';
import { useWriting } from '../format/moments.ts';
import { hasWords } from './list-options.ts';
import { SearchField } from './search-field.tsx';

/** With so many rows one looks for a word rather than reading all. */
const worthSearching = 15;
const shownAtOnce = 50;

interface FoundRows<Row> {
  readonly shown: readonly Row[];
  /** The box that finds; nothing where there are few rows. */
  readonly box: ReactNode;
  /** How many there are besides, and how to see them; nothing where all are shown. */
  readonly more: ReactNode;
}

/** Where the address says what is looked for: `find`, and another for each further table of a page. */
export type FindKey = 'find' | 'sites' | 'reads' | 'withdrawn';

/** The rows that have what is looked for, some at a time. The address says what that is. */
export function useFound<Row>(rows: readonly Row[], textOf: (row: Row) => string, key: FindKey): FoundRows<Row> {
  const { t } = useTranslation();
  const writing = useWriting();
  const { [key]: wanted = '' } = useSearch({ strict: false });
  const navigate = useNavigate();
  const [most, setMost] = useState(shownAtOnce);
  const found = wanted.trim() === '' ? rows : rows.filter((row) => hasWords(textOf(row), wanted));
  const shown = found.slice(0, most);
  const box = (rows.length > worthSearching || wanted !== '') && (
    <SearchField
      type="search"
      aria-label={t('bulk.rows.find')}
      placeholder={t('bulk.rows.find')}
      leftSection={<IconSearch size={16} aria-hidden />}
      value={wanted === '' ? undefined : wanted}
      onSearch={(text) => {
        setMost(shownAtOnce);
        void navigate({ to: '.', search: (before) => ({ ...before, [key]: text }), ...inPlace });
      }}
      maw={320}
    />
  );
  const more = (
    <Group gap="sm" role="status">
      {found.length === 0 && wanted.trim() !== '' && <Text size="sm">{t('bulk.rows.none')}</Text>}
      {(shown.length < found.length || found.length < rows.length) && found.length > 0 && (
        <Text size="sm" c="dimmed">
          {t('bulk.rows.shown', { shown: writing.number(shown.length), total: writing.number(rows.length) })}
        </Text>
      )}
      {shown.length < found.length && (
        <Button size="xs" variant="default" onClick={() => setMost(most + shownAtOnce)}>
          {t('common.more')}
        </Button>
      )}
    </Group>
  );
  return { shown, box, more };
}
