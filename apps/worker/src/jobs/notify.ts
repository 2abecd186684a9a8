import { readAuditHead } from '@dossier/accounts/audit-chain.ts';
import type { AuditHead } from '@dossier/accounts/audit-chain.ts';
import type { WebhookMessage } from '@dossier/protocol/webhook.ts';
import { retryDelayMs } from '@dossier/jobs/retry.ts';
import type { PayloadOf } from '@dossier/jobs/declarations.ts';
import type { JobContext } from '@dossier/jobs/workers.ts';
import { bookAttempt, findWaitingDelivery } from '@dossier/accounts/webhook-deliveries.ts';
import type { WaitingDelivery } from '@dossier/accounts/webhook-deliveries.ts';
import type { WorkerDependencies } from '../dependencies.ts';
import { sendWebhook } from '../webhook-sender.ts';

/** Sends a message to its webhook. Only an answer of 2xx counts; everything else is tried again until the queue gives up. */
export function createNotifyHandler({ database, now }: WorkerDependencies) {
  return async ({ deliveryId }: PayloadOf<'notify'>, context: JobContext): Promise<void> => {
    const delivery = await findWaitingDelivery(database, deliveryId);
    if (!delivery) return;
    const { status, error } = await attempt(delivery, await readAuditHead(database), now());
    if (error === null) {
      await bookAttempt(database, deliveryId, { delivered: true, status, error, nextAttempt: null });
      return;
    }
    const final = context.lastAttempt || !delivery.active;
    const nextAttempt = final ? null : new Date(now().getTime() + retryDelayMs(deliveryId, context.attempt));
    await bookAttempt(database, deliveryId, { delivered: false, status, error, nextAttempt });
    if (delivery.active) throw new Error(`Webhook ${new URL(delivery.url).host}: ${error}`);
  };
}

async function attempt(delivery: WaitingDelivery, audit: AuditHead, now: Date): Promise<{ status: number | null; error: string | null }> {
  if (!delivery.active) return { status: null, error: 'the webhook was switched off' };
  const message: WebhookMessage = { id: delivery.id, ...delivery.body, audit };
  const body = JSON.stringify(message);
  try {
    const status = await sendWebhook({ url: delivery.url, secret: delivery.secret, id: delivery.id, body }, now);
    return { status, error: status >= 200 && status < 300 ? null : `it answered ${status}` };
  } catch (error) {
    return { status: null, error: error instanceof Error ? error.message : String(error) };
  }
}
