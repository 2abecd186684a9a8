import { Radio, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Link } from '@dossier/protocol/sync.ts';
import { useCancelLink } from '../../api/links.ts';
import { whenDone } from '../../api/when-done.ts';
import { FormDialog } from '../../components/form-dialog.tsx';
import { useTell } from '../../components/tell.ts';
import { TypeToConfirm } from '../../components/type-to-confirm.tsx';
import { isTyped } from '../../components/typed.ts';

/** Ends a replication: the dossiers stay, or go after the list's name was typed. */
export function CancelDialog({ link, name, onClose }: { link: Link; name: string; onClose: () => void }) {
  const { t } = useTranslation();
  const tell = useTell();
  const cancel = useCancelLink();
  const [purge, setPurge] = useState(false);
  const [typed, setTyped] = useState('');
  const submit = (): void =>
    whenDone(cancel.mutateAsync({ list: link.slave_dossier_list, purge }), () => {
      tell(t('replication.cancel.done', { name }));
      onClose();
    });
  return (
    <FormDialog
      title={t('replication.cancel.title', { name })}
      onClose={onClose}
      onSubmit={submit}
      submitLabel={t('replication.cancel.button')}
      danger
      disabled={purge && !isTyped(typed, name)}
      busy={cancel.isPending}
      error={cancel.error}
    >
      <Text size="sm">{t('replication.cancel.text')}</Text>
      <Radio.Group label={t('replication.cancel.what')} value={purge ? 'purge' : 'keep'} onChange={(value) => setPurge(value === 'purge')}>
        <Stack gap="xs" mt="xs">
          <Radio value="keep" label={t('replication.cancel.keep')} description={t('replication.cancel.keepHint')} data-autofocus />
          <Radio
            value="purge"
            label={t('replication.cancel.purge', { count: link.local_count })}
            description={t('replication.cancel.purgeHint')}
          />
        </Stack>
      </Radio.Group>
      {purge && <TypeToConfirm text={name} value={typed} onType={setTyped} />}
    </FormDialog>
  );
}
