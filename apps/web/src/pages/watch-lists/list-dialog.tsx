import { useTranslation } from 'react-i18next';
import { useWatchList } from '../../api/watch-lists.ts';
import { Dialog } from '../../components/dialog.tsx';
import { Loaded } from '../../components/loaded.tsx';
import { ListForm } from './list-form.tsx';

/** Changes a list as it is at this moment, which may be another one than the page shows. */
export function ListDialog({ list, onClose }: { list: number; onClose: () => void }) {
  const { t } = useTranslation();
  const query = useWatchList(list);
  if (query.data !== undefined) return <ListForm read={query.data} onClose={onClose} />;
  return (
    <Dialog title={t('common.loading')} onClose={onClose}>
      <Loaded query={query}>{() => null}</Loaded>
    </Dialog>
  );
}
