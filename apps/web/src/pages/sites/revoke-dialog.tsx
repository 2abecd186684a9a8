import { List, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Site } from '@dossier/protocol/site.ts';
import { useRevokeSite } from '../../api/sites.ts';
import { whenDone } from '../../api/when-done.ts';
import { useFieldFault } from '../../components/field-fault.ts';
import { FormDialog } from '../../components/form-dialog.tsx';
import { useTell } from '../../components/tell.ts';

/** Refuses a site for good; says first what that does and what it doesn't. */
export function RevokeDialog({ site, onClose }: { site: Site; onClose: () => void }) {
  const { t } = useTranslation();
  const tell = useTell();
  const revoke = useRevokeSite();
  const faultOf = useFieldFault(revoke.error);
  const [reason, setReason] = useState('');
  const submit = (): void =>
    whenDone(revoke.mutateAsync({ id: site.id, reason: reason.trim() }), () => {
      tell(t('sites.revoke.done', { name: site.name }));
      onClose();
    });
  return (
    <FormDialog
      title={t('sites.revoke.title', { name: site.name })}
      onClose={onClose}
      onSubmit={submit}
      submitLabel={t('sites.revoke.button')}
      danger
      disabled={reason.trim() === ''}
      busy={revoke.isPending}
      error={revoke.error}
    >
      <Effects title={t('sites.revoke.does')} effects={[t('sites.revoke.refuses'), t('sites.revoke.tells')]} />
      <Effects title={t('sites.revoke.doesNot')} effects={[t('sites.revoke.disk'), t('sites.revoke.token')]} />
      <TextInput
        label={t('sites.revoke.reason')}
        description={t('sites.revoke.reasonHint')}
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
        error={faultOf('reason')}
        maxLength={1000}
        autoComplete="off"
        required
        data-autofocus
      />
    </FormDialog>
  );
}

function Effects({ title, effects }: { title: string; effects: readonly string[] }) {
  return (
    <div>
      <Text size="sm" fw={600}>
        {title}
      </Text>
      <List size="sm" spacing={4}>
        {effects.map((effect) => (
          <List.Item key={effect}>{effect}</List.Item>
        ))}
      </List>
    </div>
  );
}
