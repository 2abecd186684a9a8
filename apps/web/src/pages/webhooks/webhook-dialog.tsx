import { Checkbox, Stack, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { webhookEvents } from '@dossier/protocol/webhook.ts';
import type { Webhook } from '@dossier/protocol/webhook.ts';
import { useChangeWebhook, useCreateWebhook } from '../../api/webhooks.ts';
import { useFieldFault } from '../../components/field-fault.ts';
import { FormDialog } from '../../components/form-dialog.tsx';

interface WebhookDialogProps {
  readonly webhook: Webhook | null;
  readonly onClose: () => void;
  /** With the secret, which is shown this once. */
  readonly onCreated: (secret: string) => void;
}

/** Makes a webhook, or changes the one that is given. */
export function WebhookDialog({ webhook, onClose, onCreated }: WebhookDialogProps) {
  const { t } = useTranslation();
  const create = useCreateWebhook();
  const change = useChangeWebhook();
  const [url, setUrl] = useState(webhook?.url ?? '');
  const [events, setEvents] = useState<readonly string[]>(webhook?.events ?? webhookEvents);
  const error = create.error ?? change.error;
  const faultOf = useFieldFault(error);
  const submit = (): void => {
    const body = { url: url.trim(), events: webhookEvents.filter((event) => events.includes(event)) };
    if (webhook === null) create.mutate(body, { onSuccess: ({ secret }) => onCreated(secret) });
    else change.mutate({ id: webhook.id, ...body }, { onSuccess: onClose });
  };
  return (
    <FormDialog
      title={t(webhook === null ? 'webhooks.create' : 'webhooks.editTitle')}
      onClose={onClose}
      onSubmit={submit}
      disabled={url.trim() === '' || events.length === 0}
      busy={create.isPending || change.isPending}
      error={error}
    >
      <TextInput
        label={t('webhooks.url')}
        description={t('webhooks.urlHint')}
        placeholder="https://alerts.example/dossiers"
        value={url}
        onChange={(event) => setUrl(event.currentTarget.value)}
        error={faultOf('url')}
        inputMode="url"
        required
        data-autofocus
      />
      <Checkbox.Group label={t('webhooks.events')} value={[...events]} onChange={setEvents}>
        <Stack gap="xs" mt="xs">
          {webhookEvents.map((event) => (
            <Checkbox key={event} value={event} label={t(`webhooks.eventNames.${event}`)} description={t(`webhooks.eventHints.${event}`)} />
          ))}
        </Stack>
      </Checkbox.Group>
    </FormDialog>
  );
}
