import { Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { shownText } from '@dossier/domain/shown-text.ts';
import type { AuditEntry } from '@dossier/protocol/audit.ts';
import { useListName } from '../../api/watch-lists.ts';
import { useWriting } from '../../format/moments.ts';

const lists: ReadonlySet<string> = new Set(['dossier_lists', 'slave_dossier_list', 'lists', 'before_lists']);
/** All other numbers are ids. */
const amounts: ReadonlySet<string> = new Set(['dossiers', 'dossiers_before', 'entries', 'all', 'added', 'changed', 'unchanged', 'refused']);

/** What else is known of a deed, in words where there are some: names of lists rather than their numbers, times as people write them. */
export function Details({ details }: { details: AuditEntry['details'] }) {
  const { t, i18n } = useTranslation();
  const writing = useWriting();
  const listName = useListName();
  const known = (key: string): string | null => (i18n.exists(key) ? t(key as 'audit.details.user') : null);
  const written = (key: string, value: unknown): string => {
    if (Array.isArray(value)) return value.map((each) => written(key, each)).join(', ');
    if (value === null) return '—';
    if (typeof value === 'boolean') return t(value ? 'common.yes' : 'common.no');
    if (typeof value === 'number') return lists.has(key) ? listName(value) : amounts.has(key) ? writing.number(value) : String(value);
    if (typeof value !== 'string') return JSON.stringify(value);
    if (key.endsWith('_date') && !Number.isNaN(Date.parse(value))) return writing.short(value);
    return known(`audit.values.${key}.${value}`) ?? value;
  };
  const entries = Object.entries(details);
  if (entries.length === 0) return null;
  return (
    <Text size="xs" c="dimmed" className="wrap" maw={420}>
      {entries.map(([key, value]) => `${known(`audit.details.${key}`) ?? key}: ${shownText(written(key, value))}`).join(' · ')}
    </Text>
  );
}
