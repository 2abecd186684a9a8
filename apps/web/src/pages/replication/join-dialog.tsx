import { Alert, Button, Group, Stack, Text, TextInput } from '@mantine/core';
import { IconCircleCheck } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Joined } from '@dossier/protocol/master.ts';
import { useJoinMaster } from '../../api/known-masters.ts';
import { Dialog } from '../../components/dialog.tsx';
import { useFieldFault } from '../../components/field-fault.ts';
import { FormDialog } from '../../components/form-dialog.tsx';
import { KeyWords } from '../../components/key-words.tsx';
import { completed } from './master-address.ts';
import { AddressInput } from './address-input.tsx';
import { masterName } from './offered-key.tsx';

/** Introduces this node to a master by the code of an invitation, and shows the words that both ends compare. */
export function JoinDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const join = useJoinMaster();
  const faultOf = useFieldFault(join.error);
  const [address, setAddress] = useState('');
  const [code, setCode] = useState('');
  if (join.data !== undefined) return <JoinedDialog joined={join.data} onClose={onClose} />;
  return (
    <FormDialog
      title={t('masters.join.title')}
      onClose={onClose}
      onSubmit={() => join.mutate({ remote_url: completed(address), code: code.trim() })}
      submitLabel={t('masters.join.button')}
      disabled={address.trim() === '' || code.trim() === ''}
      busy={join.isPending}
      error={faultOf('code') === undefined ? join.error : null}
    >
      <Text size="sm">{t('masters.join.text')}</Text>
      <AddressInput value={address} onChange={setAddress} />
      <TextInput
        label={t('masters.join.code')}
        placeholder="RWU5-6PBY-NK9W-LMEV-XQX8"
        value={code}
        onChange={(event) => setCode(event.currentTarget.value)}
        error={faultOf('code')}
        autoComplete="off"
        required
      />
    </FormDialog>
  );
}

function JoinedDialog({
  joined: { master, own_words: own, dossier_lists: lists, clock, fault },
  onClose,
}: {
  joined: Joined;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  return (
    <Dialog title={t('masters.join.done', { master: masterName(master) })} onClose={onClose}>
      <Stack>
        <Text size="sm">{t('masters.join.compare')}</Text>
        <dl className="facts">
          <dt>{t('masters.join.ownWords')}</dt>
          <dd>
            <KeyWords words={own} large />
          </dd>
          <dt>{t('masters.join.masterWords')}</dt>
          <dd>
            <KeyWords words={master.words} large />
          </dd>
        </dl>
        {clock === null && fault === null ? (
          <Alert color="green" icon={<IconCircleCheck aria-hidden />}>
            {t('masters.join.lists', { count: lists.length })}
          </Alert>
        ) : (
          <Alert color="yellow">{clock ?? fault?.desc}</Alert>
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t('common.close')}
          </Button>
          <Button
            onClick={() => {
              onClose();
              void navigate({ to: '/replication', search: { enable: true } });
            }}
          >
            {t('masters.join.replicate')}
          </Button>
        </Group>
      </Stack>
    </Dialog>
  );
}
