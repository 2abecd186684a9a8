import { Radio, Stack } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { WatchList } from '@dossier/protocol/watch-list.ts';
import { ListsSelect } from '../../components/lists-select.tsx';
import { BulkForm } from './bulk-dialog.tsx';
import type { BulkDialogProps } from './bulk-dialog.tsx';

interface BulkListsDialogProps extends BulkDialogProps {
  readonly lists: readonly WatchList[];
  /** The list that is on view; undefined where all are. */
  readonly from: number | undefined;
}

/** Brings many dossiers into other lists; moved, they leave the one that is on view, or all others. */
export function BulkListsDialog({ lists, from, ...props }: BulkListsDialogProps) {
  const { t } = useTranslation();
  const { count } = props;
  const [how, setHow] = useState<'copy' | 'move'>('copy');
  const [to, setTo] = useState<number[]>([]);
  const left = lists.filter(({ id }) => !to.includes(id) && (from === undefined || id === from)).map(({ id }) => id);
  const source = lists.find(({ id }) => id === from);
  const moved = how === 'move' && left.length > 0 ? { take_from_lists: left } : {};
  return (
    <BulkForm
      {...props}
      title={t('bulk.moving.title', { count })}
      deed={to.length === 0 ? null : { change: { add_to_lists: to, ...moved } }}
      submitLabel={t(how === 'copy' ? 'bulk.moving.add' : 'bulk.moving.run', { count })}
      done="bulk.done"
    >
      <Radio.Group label={t('bulk.moving.how')} value={how} onChange={(value) => setHow(value === 'move' ? 'move' : 'copy')}>
        <Stack gap="xs" mt="xs">
          <Radio value="copy" label={t('bulk.moving.copy')} description={t('bulk.moving.copyHint')} />
          <Radio
            value="move"
            label={t('bulk.moving.move')}
            description={source ? t('bulk.moving.moveHint', { name: source.name }) : t('bulk.moving.moveAllHint')}
          />
        </Stack>
      </Radio.Group>
      {/* The options that open below have their place in the dialog. */}
      <Stack mih={380}>
        <ListsSelect label={t('bulk.moving.to')} lists={lists} value={to} onChange={setTo} withAsterisk />
      </Stack>
    </BulkForm>
  );
}
