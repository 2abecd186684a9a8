import { useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { WatchList } from '@dossier/protocol/watch-list.ts';
import { address } from '../../api/request.ts';
import type { Query } from '../../api/request.ts';
import { save } from '../../api/save.ts';
import { DownloadMenu } from '../../components/download-menu.tsx';
import { useProblemWords } from '../../components/problem-alert.tsx';
import { useTell } from '../../components/tell.ts';

/** The dossiers that are on view as a file: a whole list, or what is found. */
export function ExportMenu({ lists }: { lists: readonly WatchList[] }) {
  const { t } = useTranslation();
  const tell = useTell();
  const wordsOf = useProblemWords();
  const { list: listId, q, external, active, valid, order } = useSearch({ from: '/dossiers' });
  const list = lists.find(({ id }) => id === listId);
  const isFiltered = q !== undefined || external !== undefined || active !== undefined || valid !== undefined;
  if (list !== undefined && !isFiltered) {
    const formats = ['csv', 'jsonl', 'zip'] as const;
    const downloads = formats.map((format) => ({
      label: t(`exports.${format}`),
      href: address(`/dossier-lists/${list.id}/export/`, { format }),
    }));
    return <DownloadMenu subject={t('exports.list', { name: list.name })} downloads={downloads} />;
  }
  const ordering = q === undefined ? order : undefined;
  const query: Query = { dossier_lists: listId, q, external_id: external, active, valid: valid ?? 'all', ordering };
  const downloads = (['csv', 'jsonl'] as const).map((format) => ({
    label: t(`exports.${format}`),
    href: address('/dossiers/export/', { ...query, format }),
  }));
  // A search by words may be refused, and finds no more than fits in memory.
  const choose = (href: string): void => {
    save(href).catch((error: unknown) => tell(t('exports.failed', { reason: wordsOf(error).text })));
  };
  return (
    <DownloadMenu
      subject={t(isFiltered ? 'exports.found' : 'exports.all')}
      downloads={downloads}
      {...(q !== undefined && { onChoose: choose })}
    />
  );
}
