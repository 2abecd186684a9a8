import { Anchor, Button, Group, List, Stack, Text, TextInput } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { RevokedSite, Site } from '@dossier/protocol/site.ts';
import { useRevokeSite } from '../../api/sites.ts';
import { whenDone } from '../../api/when-done.ts';
import { Dialog } from '../../components/dialog.tsx';
import { useFieldFault } from '../../components/field-fault.ts';
import { FormDialog } from '../../components/form-dialog.tsx';
import { Name } from '../../components/name.tsx';
import { useTell } from '../../components/tell.ts';
import { TokenLeft } from './site-notice.tsx';

/** Refuses a site for good; says first what that does and what it doesn't, and afterwards whom the thief may have become before. */
export function RevokeDialog({ site, onClose }: { site: Site; onClose: () => void }) {
  const { t } = useTranslation();
  const tell = useTell();
  const revoke = useRevokeSite();
  const faultOf = useFieldFault(revoke.error);
  const [reason, setReason] = useState('');
  const [revoked, setRevoked] = useState<RevokedSite | null>(null);
  const submit = (): void =>
    whenDone(revoke.mutateAsync({ id: site.id, reason: reason.trim() }), (done) => {
      tell(t('sites.revoke.done', { name: site.name }));
      if (done.let_in.length > 0) setRevoked(done);
      else onClose();
    });
  if (revoked !== null) return <LetIn site={revoked} onClose={onClose} />;
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

/** The sites that the token of a revoked one has let in, and no person. */
function LetIn({ site, onClose }: { site: RevokedSite; onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Dialog title={t('sites.revoke.left')} onClose={onClose}>
      <Stack gap="sm">
        <Text size="sm">
          <TokenLeft site={site} />
        </Text>
        <Text size="sm">{t('sites.revoke.letIn')}</Text>
        <List size="sm" spacing={4}>
          {site.let_in.map(({ id, name }) => (
            <List.Item key={id}>
              <Anchor size="sm" renderRoot={(props) => <Link {...props} to="/sites/$id" params={{ id: String(id) }} />}>
                <Name>{name}</Name>
              </Anchor>
            </List.Item>
          ))}
        </List>
        <Group justify="flex-end">
          <Button onClick={onClose}>{t('common.close')}</Button>
        </Group>
      </Stack>
    </Dialog>
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
