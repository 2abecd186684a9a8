import { z } from 'zod';
import { idSchema, looseBoolean, timeSchema } from './values.ts';

/** What a webhook can tell of. `test` is sent by its button only. */
export const webhookEvents = ['failed', 'recovered', 'overdue', 'held', 'site'] as const;
export type WebhookEvent = (typeof webhookEvents)[number];

const url = z
  .string()
  .max(2048)
  .refine((value) => {
    const parsed = URL.parse(value);
    return parsed !== null && /^https?:\/\//i.test(value) && parsed.username === '' && parsed.password === '' && parsed.hash === '';
  }, 'must be an http:// or https:// URL without credentials or fragment');
const events = z.array(z.enum(webhookEvents)).min(1, 'must name at least one event');

/** Without `events` it is told of all. The secret that signs is made here and shown once, in the answer. */
export const webhookCreation = z
  .strictObject({ url, events: events.optional(), active: looseBoolean.optional() })
  .meta({ id: 'WebhookCreation' });

export const webhookChange = z
  .strictObject({ url: url.optional(), events: events.optional(), active: looseBoolean.optional() })
  .meta({ id: 'WebhookChange' });

export const webhookSchema = z
  .looseObject({
    id: idSchema,
    url: z.string(),
    events: z.array(z.enum(webhookEvents)),
    active: z.boolean(),
    /** The last four characters of the secret that signs; the rest is never shown again. */
    secret_hint: z.string(),
    created_date: timeSchema,
    last_delivery: z
      .looseObject({
        state: z.enum(['waiting', 'delivered', 'failed']),
        date: timeSchema,
        status: z.int().nullable(),
        error: z.string().nullable(),
      })
      .nullable(),
  })
  .meta({ id: 'Webhook' });
export type Webhook = z.infer<typeof webhookSchema>;

/** The answer of `POST /webhooks/`. */
export const createdWebhookSchema = webhookSchema.extend({ secret: z.string() }).meta({ id: 'CreatedWebhook' });
export type CreatedWebhook = z.infer<typeof createdWebhookSchema>;

/** One message to a webhook, with all its attempts. */
export const webhookDeliverySchema = z
  .looseObject({
    id: idSchema,
    webhook: idSchema,
    event: z.enum([...webhookEvents, 'test']),
    /** The list that it is about; null for a test. */
    slave_dossier_list: idSchema.nullable(),
    state: z.enum(['waiting', 'delivered', 'failed']),
    attempts: z.int(),
    /** HTTP status of the last answer; null where there was none. */
    status: z.int().nullable(),
    error: z.string().nullable(),
    created_date: timeSchema,
    /** When it was delivered or given up. */
    finished_date: timeSchema.nullable(),
    next_attempt: timeSchema.nullable(),
  })
  .meta({ id: 'WebhookDelivery' });
export type WebhookDelivery = z.infer<typeof webhookDeliverySchema>;

/** The body that a webhook receives, signed in the header `Dossier-Signature`. */
export const webhookMessageSchema = z
  .object({
    /** The same in every attempt: whoever receives it twice can tell. */
    id: idSchema,
    event: z.enum([...webhookEvents, 'test']),
    date: timeSchema,
    /** Identity of the node that tells. */
    node: z.uuid(),
    /** What it is called. */
    node_name: z.string(),
    link: z
      .object({
        slave_dossier_list: idSchema,
        name: z.string(),
        remote_url: z.string(),
        remote_dossier_list: idSchema,
        state: z.string(),
        verified_at: timeSchema.nullable(),
        error: z.object({ code: z.string(), desc: z.string(), remedy: z.string() }).nullable(),
      })
      .nullable(),
    /** On a master: the site that it is about, and what happened there. */
    site: z.object({ id: idSchema, name: z.string(), code: z.string() }).nullable(),
    sentence: z.string(),
    /** Where the node's audit ended when this was sent: whoever keeps it can tell later whether entries were taken out (`dossier audit verify --head`). */
    audit: z.object({ entries: z.int(), hash: z.string() }),
  })
  .meta({ id: 'WebhookMessage' });
export type WebhookMessage = z.infer<typeof webhookMessageSchema>;
