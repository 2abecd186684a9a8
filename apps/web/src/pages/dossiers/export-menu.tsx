import { useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { WatchList } from '@dossier/protocol/watch-list.ts';
import { address } from '../../api/request.ts';
import { save } from '../../api/save.ts';
import { DownloadMenu } from '../../components/download-menu.tsx';
import { useProblemWords } from '../../components/problem-alert.tsx';
import { useTell } from '../../components/tell.ts';
import { isFiltered, queryOf } from './filter.ts';

/** The dossiers that are on view as a file: a whole list, or what is found. */
export function ExportMenu({ lists }: { lists: readonly WatchList[] }) {
  const { t } = useTranslation();
  const tell = useTell();
  const wordsOf = useProblemWords();
  const search = useSearch({ from: '/dossiers' });
  const list = lists.find(({ id }) => id === search.list);
  if (list !== undefined && !isFiltered(search)) {
    const formats = ['csv', 'jsonl', 'zip'] as const;
    const downloads = formats.map((format) => ({
      label: t(`exports.${format}`),
      href: address(`/dossier-lists/${list.id}/export/`, { format }),
    }));
    return <DownloadMenu subject={t('exports.list', { name: list.name })} downloads={downloads} />;
  }
  const downloads = (['csv', 'jsonl'] as const).map((format) => ({
    label: t(`exports.${format}`),
    href: address('/dossiers/export/', { ...queryOf(search), format }),
  }));
  // A search by words may be refused, and finds no more than fits in memory.
  const choose = (href: string): void => {
    save(href).catch((error: unknown) => tell(t('exports.failed', { reason: wordsOf(error).text })));
  };
  return (
    <DownloadMenu
      subject={t(isFiltered(search) ? 'exports.found' : 'exports.all')}
      downloads={downloads}
      {...(search.q !== undefined && { onChoose: choose })}
    />
  );
}
