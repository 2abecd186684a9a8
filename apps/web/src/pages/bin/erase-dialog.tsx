import { useTranslation } from 'react-i18next';
import { useErase } from '../../api/bin.ts';
import type { Erasable } from '../../api/bin.ts';
import { whenDone } from '../../api/when-done.ts';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { useTell } from '../../components/tell.ts';

/** What is to be erased, with what it is called; or all. */
export type Erasing = (Exclude<Erasable, 'all'> & { readonly name: string }) | 'all';

/** Asks before something goes from the bin for good. */
export function EraseDialog({ erasing, onClose }: { erasing: Erasing; onClose: () => void }) {
  const { t } = useTranslation();
  const tell = useTell();
  const erase = useErase();
  const confirm = (): void => {
    whenDone(erase.mutateAsync(erasing), () => {
      tell(t('bin.erasedDone'));
      onClose();
    });
  };
  return (
    <ConfirmDialog
      title={erasing === 'all' ? t('bin.eraseAllTitle') : t('bin.eraseTitle', { name: erasing.name })}
      onClose={onClose}
      onConfirm={confirm}
      confirmLabel={t('bin.eraseButton')}
      busy={erase.isPending}
      error={erase.error}
    >
      {t('bin.eraseText')}
    </ConfirmDialog>
  );
}
