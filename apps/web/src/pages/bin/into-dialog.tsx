import { Text } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { WatchList } from '@dossier/protocol/watch-list.ts';
import { FormDialog } from '../../components/form-dialog.tsx';
import { ListChoice } from '../../components/list-choice.tsx';

interface IntoDialogProps {
  readonly lists: readonly WatchList[];
  readonly busy: boolean;
  readonly error: unknown;
  readonly onClose: () => void;
  readonly onChoose: (list: number) => void;
}

/** Asks into which list a dossier is to be restored whose own one is gone. */
export function IntoDialog({ lists, busy, error, onClose, onChoose }: IntoDialogProps) {
  const { t } = useTranslation();
  const [list, setList] = useState<string | null>(null);
  return (
    <FormDialog
      title={t('bin.intoTitle')}
      onClose={onClose}
      onSubmit={() => onChoose(Number(list))}
      submitLabel={t('bin.restore')}
      disabled={list === null}
      busy={busy}
      error={error}
    >
      <Text size="sm">{t('bin.intoText')}</Text>
      <ListChoice
        label={t('dossiers.list')}
        value={list}
        onChoose={setList}
        choices={lists.map(({ id, name, dossier_count: count }) => ({
          value: String(id),
          name,
          description: t('common.dossiers', { count }),
        }))}
      />
    </FormDialog>
  );
}
