import { Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Webhook } from '@dossier/protocol/webhook.ts';
import { useChangeWebhook, useTestWebhook } from '../../api/webhooks.ts';
import { DataTable } from '../../components/data-table.tsx';
import type { Column } from '../../components/data-table.tsx';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { RowMenu } from '../../components/row-menu.tsx';
import { useTell } from '../../components/tell.ts';
import { When } from '../../components/when.tsx';

interface WebhookTableProps {
  readonly webhooks: readonly Webhook[];
  readonly onOpen: (kind: 'edit' | 'delete' | 'deliveries', webhook: Webhook) => void;
}

/** The webhooks, what each is told, and how its last message fared. */
export function WebhookTable({ webhooks, onOpen }: WebhookTableProps) {
  const { t } = useTranslation();
  const tell = useTell();
  const test = useTestWebhook();
  const change = useChangeWebhook();
  const actionsOf = (webhook: Webhook) => [
    { label: t('webhooks.test'), onClick: () => test.mutate(webhook.id, { onSuccess: () => tell(t('webhooks.tested')) }) },
    { label: t('webhooks.deliveries'), onClick: () => onOpen('deliveries', webhook) },
    { label: t('common.edit'), onClick: () => onOpen('edit', webhook) },
    {
      label: t(webhook.active ? 'webhooks.pause' : 'webhooks.resume'),
      onClick: () => change.mutate({ id: webhook.id, active: !webhook.active }),
    },
    { label: t('common.delete'), danger: true, onClick: () => onOpen('delete', webhook) },
  ];
  const columns: Column<Webhook>[] = [
    {
      title: t('webhooks.url'),
      sort: { key: 'url', of: (webhook) => webhook.url },
      cell: (webhook) => (
        <Text size="sm" fw={600} className="wrap" maw={360}>
          {webhook.url}
        </Text>
      ),
    },
    { title: t('webhooks.events'), cell: (webhook) => webhook.events.map((event) => t(`webhooks.eventNames.${event}`)).join(', ') },
    {
      title: t('webhooks.active'),
      sort: { key: 'active', of: (webhook) => Number(!webhook.active) },
      cell: (webhook) => t(webhook.active ? 'common.yes' : 'common.no'),
    },
    {
      title: t('webhooks.last'),
      minor: true,
      sort: { key: 'last', of: (webhook) => webhook.last_delivery?.date ?? null },
      cell: (webhook) => <LastDelivery webhook={webhook} />,
    },
    { title: t('common.actions'), cell: (webhook) => <RowMenu name={webhook.url} actions={actionsOf(webhook)} /> },
  ];
  return (
    <>
      <ProblemAlert error={test.error ?? change.error} />
      <DataTable label={t('shell.pages.webhooks')} columns={columns} rows={webhooks} rowKey={(webhook) => webhook.id} />
    </>
  );
}

function LastDelivery({ webhook }: { webhook: Webhook }) {
  const { t } = useTranslation();
  const last = webhook.last_delivery;
  if (last === null) return <>{t('common.never')}</>;
  return (
    <>
      {t(`webhooks.states.${last.state}`)} <When time={last.date} />
      {last.error !== null && (
        <Text size="xs" c="dimmed" className="wrap" maw={280}>
          {last.error}
        </Text>
      )}
    </>
  );
}
