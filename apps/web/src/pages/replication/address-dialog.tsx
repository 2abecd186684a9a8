import { NumberInput, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Link } from '@dossier/protocol/sync.ts';
import { useChangeLink } from '../../api/held.ts';
import { whenDone } from '../../api/when-done.ts';
import { useFieldFault } from '../../components/field-fault.ts';
import { FormDialog } from '../../components/form-dialog.tsx';
import { useTell } from '../../components/tell.ts';
import { completed } from './master-address.ts';

/** Corrects where a link leads: its master's address and, as long as it was never synced, the list there. */
export function AddressDialog({ link, name, onClose }: { link: Link; name: string; onClose: () => void }) {
  const { t } = useTranslation();
  const tell = useTell();
  const change = useChangeLink();
  const faultOf = useFieldFault(change.error);
  const [address, setAddress] = useState(link.remote_url);
  const [list, setList] = useState(link.remote_dossier_list);
  const fixed = link.revision !== null;
  const submit = (): void =>
    whenDone(
      change.mutateAsync({
        list: link.slave_dossier_list,
        remote_url: completed(address),
        ...(!fixed && { remote_dossier_list: list }),
      }),
      () => {
        tell(t('replication.address.done'));
        onClose();
      },
    );
  return (
    <FormDialog
      title={t('replication.address.title', { name })}
      onClose={onClose}
      onSubmit={submit}
      submitLabel={t('replication.address.save')}
      disabled={address.trim() === ''}
      busy={change.isPending}
      error={change.error}
    >
      <Text size="sm">{t('replication.address.text')}</Text>
      <TextInput
        label={t('replication.enable.url')}
        description={t('replication.enable.urlHint')}
        value={address}
        onChange={(event) => setAddress(event.currentTarget.value)}
        error={faultOf('remote_url')}
        inputMode="url"
        autoComplete="off"
        required
        data-autofocus
      />
      {fixed ? (
        <Text size="sm" c="dimmed">
          {t('replication.address.listFixed')}
        </Text>
      ) : (
        <NumberInput
          label={t('replication.address.list')}
          value={list}
          onChange={(given) => typeof given === 'number' && setList(given)}
          error={faultOf('remote_dossier_list')}
          min={1}
          allowDecimal={false}
          hideControls
          required
        />
      )}
    </FormDialog>
  );
}
