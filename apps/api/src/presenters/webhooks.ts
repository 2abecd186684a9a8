import type { Webhook, WebhookDelivery } from '@dossier/protocol/webhook.ts';
import type { DeliveryRow } from '@dossier/accounts/webhook-deliveries.ts';
import type { WebhookRow } from '@dossier/accounts/webhooks.ts';

export function presentWebhook(webhook: WebhookRow): Webhook {
  const { last_state: state, last_date: date } = webhook;
  return {
    id: webhook.id,
    url: webhook.url,
    events: webhook.events,
    active: webhook.active,
    secret_hint: webhook.secret_hint,
    created_date: webhook.created_date.toISOString(),
    last_delivery:
      state === null || date === null ? null : { state, date: date.toISOString(), status: webhook.last_status, error: webhook.last_error },
  };
}

export function presentDelivery(delivery: DeliveryRow): WebhookDelivery {
  return {
    id: delivery.id,
    webhook: delivery.webhook_id,
    event: delivery.event,
    slave_dossier_list: delivery.slave_list_id,
    state: delivery.state,
    attempts: delivery.attempts,
    status: delivery.status,
    error: delivery.error,
    created_date: delivery.created_date.toISOString(),
    finished_date: delivery.finished_date?.toISOString() ?? null,
    next_attempt: delivery.next_attempt?.toISOString() ?? null,
  };
}
