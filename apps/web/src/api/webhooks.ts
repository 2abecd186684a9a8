import { useMutation, useQuery } from '@tanstack/react-query';
import type { z } from 'zod';
import { pageOf } from '@dossier/protocol/values.ts';
import { createdWebhookSchema, webhookDeliverySchema, webhookSchema } from '@dossier/protocol/webhook.ts';
import type { webhookChange, webhookCreation } from '@dossier/protocol/webhook.ts';
import { useForget } from './forget.ts';
import { keys } from './keys.ts';
import { readAll } from './read-all.ts';
import { command, read, send } from './request.ts';

const deliveriesShown = 20;
const lookAgainMs = 5000;

export function useWebhooks() {
  return useQuery({ queryKey: keys.webhooks, queryFn: ({ signal }) => readAll(pageOf(webhookSchema), '/webhooks/', { signal }) });
}

/** The last messages to a webhook, newest first; looked at again while it is open. */
export function useDeliveries(webhook: number) {
  return useQuery({
    queryKey: keys.deliveries(webhook),
    refetchInterval: lookAgainMs,
    queryFn: async ({ signal }) => {
      const { results } = await read(pageOf(webhookDeliverySchema), `/webhooks/${webhook}/deliveries/`, {
        query: { limit: deliveriesShown },
        signal,
      });
      return results;
    },
  });
}

const changed = [keys.webhooks] as const;

export function useCreateWebhook() {
  return useMutation({
    mutationFn: (body: z.input<typeof webhookCreation>) => send(createdWebhookSchema, ['POST', '/webhooks/'], { body }),
    onSuccess: useForget(...changed),
  });
}

export function useChangeWebhook() {
  return useMutation({
    mutationFn: ({ id, ...body }: z.input<typeof webhookChange> & { id: number }) =>
      send(webhookSchema, ['PATCH', `/webhooks/${id}/`], { body }),
    onSuccess: useForget(...changed),
  });
}

export function useDeleteWebhook() {
  return useMutation({ mutationFn: (id: number) => command(['DELETE', `/webhooks/${id}/`]), onSuccess: useForget(...changed) });
}

/** Sends a test message. */
export function useTestWebhook() {
  return useMutation({ mutationFn: (id: number) => command(['POST', `/webhooks/${id}/test/`]), onSuccess: useForget(...changed) });
}
