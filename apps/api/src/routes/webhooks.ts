import { randomBytes } from 'node:crypto';
import { jobs } from '@dossier/jobs/declarations.ts';
import { pageQuery } from '@dossier/protocol/queries.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import {
  createdWebhookSchema,
  webhookChange,
  webhookCreation,
  webhookDeliverySchema,
  webhookEvents,
  webhookSchema,
} from '@dossier/protocol/webhook.ts';
import { badParam } from '@dossier/runtime/errors.ts';
import { isRefusedAddress } from '@dossier/runtime/outbound-address.ts';
import { addDelivery, listDeliveries } from '@dossier/accounts/webhook-deliveries.ts';
import { changeWebhook, createWebhook, deleteWebhook, listWebhooks, readWebhook } from '@dossier/accounts/webhooks.ts';
import type { WebhookRow } from '@dossier/accounts/webhooks.ts';
import { audited } from '../audited.ts';
import { decodeCursor, newestFirst, presentPage } from '../cursor.ts';
import { parseBody, parseQuery, pathId } from '../parse.ts';
import { presentDelivery, presentWebhook } from '../presenters/webhooks.ts';
import { answers, jsonBody } from '../route.ts';
import type { Route } from '../route.ts';
import type { SyncDependencies } from './sync.ts';
import { reachQueue } from './sync-reminders.ts';

const tags = ['Webhooks'];
const what = 'such webhook';

type Dependencies = Pick<SyncDependencies, 'database' | 'queues' | 'logger' | 'nodeUuid'> & { nodeName: string };

export function webhookRoutes(deps: Dependencies): Route[] {
  return [...collectionRoutes(deps), ...itemRoutes(deps), ...deliveryRoutes(deps)];
}

function objectOf({ id, url }: WebhookRow) {
  return { kind: 'webhook', id, name: new URL(url).origin } as const;
}

function requireAllowedUrl(url: string | undefined): void {
  if (url === undefined || !isRefusedAddress(new URL(url).hostname)) return;
  throw badParam('url', 'url: is a link-local address or the metadata service of a cloud.');
}

function collectionRoutes({ database }: Dependencies): Route[] {
  return [
    {
      method: 'get',
      path: '/webhooks/',
      access: 'admin',
      query: pageQuery,
      operation: { tags, summary: 'Webhooks', responses: answers({ '200': pageOf(webhookSchema) }) },
      async handle(request, response) {
        const { limit, page } = parseQuery(request, pageQuery);
        response.json(presentPage(await listWebhooks(database, { cursor: decodeCursor(page), limit }), presentWebhook));
      },
    },
    {
      method: 'post',
      path: '/webhooks/',
      access: 'admin',
      operation: {
        tags,
        summary: 'Have another program told of what happens to links',
        description: 'The answer shows the secret that signs the messages this once.',
        requestBody: jsonBody(webhookCreation),
        responses: answers({ '201': createdWebhookSchema }),
      },
      async handle(request, response) {
        const { url, events = webhookEvents, active = true } = await parseBody(request, webhookCreation);
        requireAllowedUrl(url);
        const secret = `whsec_${randomBytes(32).toString('base64')}`;
        const webhook = await audited(
          database,
          request,
          (tx) => createWebhook(tx, { url, events: [...new Set(events)], active, secret }),
          (made) => ({ action: 'webhook-made', object: objectOf(made), details: { events: made.events, active } }),
        );
        response
          .status(201)
          .location(`/webhooks/${webhook.id}/`)
          .json({ ...presentWebhook(webhook), secret });
      },
    },
  ];
}

function itemRoutes({ database }: Dependencies): Route[] {
  return [
    {
      method: 'patch',
      path: '/webhooks/:id/',
      access: 'admin',
      operation: { tags, summary: 'Change a webhook', requestBody: jsonBody(webhookChange), responses: answers({ '200': webhookSchema }) },
      async handle(request, response) {
        const id = pathId(request, what);
        const change = await parseBody(request, webhookChange);
        requireAllowedUrl(change.url);
        const webhook = await audited(
          database,
          request,
          (tx) => changeWebhook(tx, id, change),
          (changed) => ({
            action: 'webhook-changed',
            object: objectOf(changed),
            details: { fields: Object.keys(change), events: changed.events, active: changed.active },
          }),
        );
        response.json(presentWebhook(webhook));
      },
    },
    {
      method: 'delete',
      path: '/webhooks/:id/',
      access: 'admin',
      operation: { tags, summary: 'Delete a webhook and what still waits for it', responses: answers({ '204': null }) },
      async handle(request, response) {
        const id = pathId(request, what);
        await audited(
          database,
          request,
          (tx) => deleteWebhook(tx, id),
          (webhook) => ({ action: 'webhook-deleted', object: objectOf(webhook) }),
        );
        response.status(204).end();
      },
    },
  ];
}

function deliveryRoutes({ database, queues, logger, nodeUuid, nodeName }: Dependencies): Route[] {
  return [
    {
      method: 'post',
      path: '/webhooks/:id/test/',
      access: 'admin',
      operation: {
        tags,
        summary: 'Send a webhook a message of the event "test"',
        description: 'What became of it is among its deliveries.',
        responses: answers({ '202': webhookDeliverySchema }),
      },
      async handle(request, response) {
        const id = pathId(request, what);
        const date = new Date().toISOString();
        const sentence = 'This is a test: the webhook is reached.';
        const message = { event: 'test', date, node: nodeUuid, node_name: nodeName, link: null, site: null, sentence } as const;
        const delivery = await audited(
          database,
          request,
          async (tx) => {
            const webhook = await readWebhook(tx, id);
            return { webhook, row: await addDelivery(tx, id, message) };
          },
          ({ webhook }) => ({ action: 'webhook-tested', object: objectOf(webhook) }),
        );
        await reachQueue(logger, async () => {
          await queues.enqueue(jobs.notify, { deliveryId: delivery.row.id });
        });
        response.status(202).json(presentDelivery(delivery.row));
      },
    },
    {
      method: 'get',
      path: '/webhooks/:id/deliveries/',
      access: 'admin',
      query: pageQuery,
      operation: {
        tags,
        summary: 'Messages to a webhook, newest first',
        responses: answers({ '200': pageOf(webhookDeliverySchema) }),
      },
      async handle(request, response) {
        const { id } = await readWebhook(database, pathId(request, what));
        const { limit, page } = parseQuery(request, pageQuery);
        const found = await listDeliveries(database, id, { cursor: decodeCursor(page, newestFirst), limit });
        response.json(presentPage(found, presentDelivery, newestFirst));
      },
    },
  ];
}
