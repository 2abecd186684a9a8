import { Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Webhook, WebhookDelivery } from '@dossier/protocol/webhook.ts';
import { useDeliveries } from '../../api/webhooks.ts';
import { DataTable } from '../../components/data-table.tsx';
import type { Column } from '../../components/data-table.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Loaded } from '../../components/loaded.tsx';
import { When } from '../../components/when.tsx';

/** The last messages to a webhook and how each fared. */
export function DeliveriesDialog({ webhook, onClose }: { webhook: Webhook; onClose: () => void }) {
  const { t } = useTranslation();
  const deliveries = useDeliveries(webhook.id);
  const columns: Column<WebhookDelivery>[] = [
    { title: t('webhooks.event'), cell: (delivery) => t(`webhooks.eventNames.${delivery.event}`) },
    { title: t('webhooks.sent'), cell: (delivery) => <When time={delivery.created_date} /> },
    {
      title: t('common.outcome'),
      cell: (delivery) => (
        <>
          {t(`webhooks.states.${delivery.state}`)}
          {delivery.status !== null && ` · ${delivery.status}`}
          {delivery.error !== null && (
            <Text size="xs" c="dimmed" className="wrap">
              {delivery.error}
            </Text>
          )}
        </>
      ),
    },
    { title: t('webhooks.attempts'), align: 'right', cell: (delivery) => delivery.attempts },
  ];
  return (
    <Dialog title={t('webhooks.deliveries')} size="lg" onClose={onClose}>
      <Loaded query={deliveries}>
        {(found) =>
          found.length === 0 ? (
            <Text c="dimmed">{t('webhooks.noDeliveries')}</Text>
          ) : (
            <DataTable label={t('webhooks.deliveries')} columns={columns} rows={found} rowKey={(delivery) => delivery.id} />
          )
        }
      </Loaded>
    </Dialog>
  );
}
