import type { WebhookEvent, WebhookMessage } from '@dossier/protocol/webhook.ts';
import { query, queryOne } from '@dossier/postgres/database.ts';
import type { Connection } from '@dossier/postgres/database.ts';
import { newestFirst, toPage } from '@dossier/postgres/keyset.ts';
import type { Page, PageRequest } from '@dossier/postgres/keyset.ts';

/** One message to a webhook, with what became of it. */
export interface DeliveryRow {
  id: number;
  webhook_id: number;
  event: WebhookEvent | 'test';
  slave_list_id: number | null;
  state: 'waiting' | 'delivered' | 'failed';
  attempts: number;
  status: number | null;
  error: string | null;
  created_date: Date;
  finished_date: Date | null;
  next_attempt: Date | null;
}

const columns = `id, webhook_id, event, slave_list_id, state, attempts, status, error, created_date, finished_date, next_attempt`;

/** One page of a webhook's deliveries, newest first. */
export async function listDeliveries(connection: Connection, webhookId: number, page: PageRequest): Promise<Page<DeliveryRow>> {
  const { condition, order } = newestFirst(page);
  const rows = await query<DeliveryRow>(
    connection,
    `select ${columns} from webhook_deliveries where webhook_id = :webhookId and ${condition} order by ${order} limit :rows`,
    { webhookId, id: page.cursor?.id ?? 0, rows: page.limit + 1 },
  );
  return toPage(rows, page, (row) => ({ value: null, id: row.id }));
}

/** What a message says, besides its number and the audit's head, which it gets when it is sent. */
export type Message = Omit<WebhookMessage, 'id' | 'audit'>;

/** Keeps a message for one webhook; whoever calls reminds the workers of it afterwards. */
export async function addDelivery(connection: Connection, webhookId: number, message: Message): Promise<DeliveryRow> {
  const made = await queryOne<DeliveryRow>(
    connection,
    `insert into webhook_deliveries (webhook_id, event, slave_list_id, body)
     values (:webhookId, :event, :list, :body::jsonb) returning ${columns}`,
    { webhookId, event: message.event, list: message.link?.slave_dossier_list ?? null, body: JSON.stringify(message) },
  );
  if (!made) throw new Error('insert returned no row');
  return made;
}

/** Keeps a message for every active webhook that asked for its event; returns the deliveries' ids. */
export async function addDeliveries(connection: Connection, message: Message): Promise<number[]> {
  const made = await query<{ id: number }>(
    connection,
    `insert into webhook_deliveries (webhook_id, event, slave_list_id, body)
     select id, :event, :list, :body::jsonb from webhooks where active and :event = any(events) order by id returning id`,
    { event: message.event, list: message.link?.slave_dossier_list ?? null, body: JSON.stringify(message) },
  );
  return made.map((row) => row.id);
}

/** A message that is to be sent now. */
export interface WaitingDelivery {
  id: number;
  url: string;
  active: boolean;
  secret: string;
  body: Message;
}

/** The delivery of this id if it still waits. */
export async function findWaitingDelivery(connection: Connection, id: number): Promise<WaitingDelivery | null> {
  return queryOne<WaitingDelivery>(
    connection,
    `select d.id, w.url, w.active, w.secret, d.body from webhook_deliveries d join webhooks w on w.id = d.webhook_id
     where d.id = :id and d.state = 'waiting'`,
    { id },
  );
}

/** What an attempt came to: `status` null where nobody answered; `nextAttempt` null where there is no further one. */
export interface Attempt {
  delivered: boolean;
  status: number | null;
  error: string | null;
  nextAttempt: Date | null;
}

export async function bookAttempt(connection: Connection, id: number, attempt: Attempt): Promise<void> {
  const over = attempt.delivered || attempt.nextAttempt === null;
  await query(
    connection,
    `update webhook_deliveries set state = :state, attempts = attempts + 1, status = :status, error = :error, next_attempt = :nextAttempt,
       finished_date = case when :over then now() end
     where id = :id and state = 'waiting'`,
    {
      id,
      state: attempt.delivered ? 'delivered' : over ? 'failed' : 'waiting',
      status: attempt.status,
      error: attempt.error,
      nextAttempt: over ? null : attempt.nextAttempt,
      over,
    },
  );
}

/** The longest that a delivery waits for its next attempt, with room. */
const longestWaitHours = 1;

/**
 * Deliveries whose reminder in the queue seems lost: their next attempt was due so many seconds ago, or lies further ahead than any can, so that a
 * wrong clock chose it.
 */
export async function listStrandedDeliveries(connection: Connection, overdueSeconds: number): Promise<number[]> {
  const rows = await query<{ id: number }>(
    connection,
    `select id from webhook_deliveries where state = 'waiting' and (next_attempt < now() - make_interval(secs => :overdueSeconds)
       or next_attempt > now() + make_interval(hours => :longestWaitHours))
     order by next_attempt limit 1000`,
    { overdueSeconds, longestWaitHours },
  );
  return rows.map((row) => row.id);
}

/** Forgets deliveries that are over and older than so many days. */
export async function pruneDeliveries(connection: Connection, days: number): Promise<void> {
  await query(connection, `delete from webhook_deliveries where finished_date < age_moment() - make_interval(days => :days)`, { days });
}
