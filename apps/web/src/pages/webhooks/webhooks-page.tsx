import { Button } from '@mantine/core';
import { IconPlus, IconWebhook } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Webhook } from '@dossier/protocol/webhook.ts';
import { useDeleteWebhook, useWebhooks } from '../../api/webhooks.ts';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { Empty } from '../../components/empty.tsx';
import { Loaded } from '../../components/loaded.tsx';
import { Page } from '../../components/page.tsx';
import { SecretOnce } from '../../components/secret-once.tsx';
import { DeliveriesDialog } from './deliveries-dialog.tsx';
import { WebhookDialog } from './webhook-dialog.tsx';
import { WebhookTable } from './webhook-table.tsx';

type Opened = { kind: 'create' } | { kind: 'edit' | 'delete' | 'deliveries'; webhook: Webhook } | { kind: 'secret'; secret: string } | null;

/** Whom the node tells when a sync fails, recovers, is overdue or held. */
export function WebhooksPage() {
  const { t } = useTranslation();
  const webhooks = useWebhooks();
  const remove = useDeleteWebhook();
  const [opened, setOpened] = useState<Opened>(null);
  const close = (): void => setOpened(null);
  const create = (
    <Button leftSection={<IconPlus size={18} aria-hidden />} onClick={() => setOpened({ kind: 'create' })}>
      {t('webhooks.create')}
    </Button>
  );
  return (
    <Page title={t('shell.pages.webhooks')} description={t('webhooks.description')} actions={create}>
      <Loaded query={webhooks}>
        {(found) =>
          found.length === 0 ? (
            <Empty icon={<IconWebhook size={40} />} title={t('webhooks.empty.title')} actions={create}>
              {t('webhooks.empty.text')}
            </Empty>
          ) : (
            <WebhookTable webhooks={found} onOpen={(kind, webhook) => setOpened({ kind, webhook })} />
          )
        }
      </Loaded>
      {opened?.kind === 'create' && (
        <WebhookDialog webhook={null} onClose={close} onCreated={(secret) => setOpened({ kind: 'secret', secret })} />
      )}
      {opened?.kind === 'edit' && <WebhookDialog webhook={opened.webhook} onClose={close} onCreated={close} />}
      {opened?.kind === 'deliveries' && <DeliveriesDialog webhook={opened.webhook} onClose={close} />}
      {opened?.kind === 'secret' && (
        <SecretOnce title={t('webhooks.secretTitle')} text={t('webhooks.secretText')} secret={opened.secret} onClose={close} />
      )}
      {opened?.kind === 'delete' && (
        <ConfirmDialog
          title={t('webhooks.deleteTitle')}
          onClose={close}
          onConfirm={() => remove.mutate(opened.webhook.id, { onSuccess: close })}
          confirmLabel={t('common.delete')}
          busy={remove.isPending}
          error={remove.error}
        >
          {opened.webhook.url}
        </ConfirmDialog>
      )}
    </Page>
  );
}
