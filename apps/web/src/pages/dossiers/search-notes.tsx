import { Alert, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { DossierSearch } from '@dossier/protocol/dossier.ts';
import type { WatchList } from '@dossier/protocol/watch-list.ts';
import { useWriting } from '../../format/moments.ts';

const named = 5;

/** What a search may have missed, and why. */
export function SearchNotes({ answer, lists }: { answer: DossierSearch; lists: readonly WatchList[] }) {
  const { t } = useTranslation();
  const writing = useWriting();
  const { not_indexed: behind, typing_errors: forgiving } = answer;
  if (behind.length === 0 && forgiving) return null;
  const nameOf = (id: number): string => lists.find((list) => list.id === id)?.name ?? String(id);
  return (
    <Alert color="yellow" role="status" mb="sm">
      {behind.slice(0, named).map(({ dossier_list: list, done, total }) => (
        <Text key={list} size="sm">
          {t('dossiers.notIndexed', { name: nameOf(list), done: writing.number(done), total: writing.number(total) })}
        </Text>
      ))}
      {behind.length > named && <Text size="sm">{t('dossiers.notIndexedMore', { count: behind.length - named })}</Text>}
      {!forgiving && <Text size="sm">{t('dossiers.noTypingErrors')}</Text>}
    </Alert>
  );
}
