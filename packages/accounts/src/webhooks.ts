import type { WebhookEvent } from '@dossier/protocol/webhook.ts';
import { notFound } from '@dossier/runtime/errors.ts';
import { query, queryOne, transaction } from '@dossier/postgres/database.ts';
import type { Connection, Database } from '@dossier/postgres/database.ts';
import { toPage } from '@dossier/postgres/keyset.ts';
import type { Page, PageRequest } from '@dossier/postgres/keyset.ts';

export interface WebhookRow {
  id: number;
  url: string;
  events: WebhookEvent[];
  active: boolean;
  /** The end of the secret. */
  secret_hint: string;
  created_date: Date;
  last_state: 'waiting' | 'delivered' | 'failed' | null;
  last_date: Date | null;
  last_status: number | null;
  last_error: string | null;
}

const columns = `
  w.id, w.url, w.events, w.active, right(w.secret, 4) as secret_hint, w.created_date,
  d.state as last_state, coalesce(d.finished_date, d.created_date) as last_date, d.status as last_status, d.error as last_error
  from webhooks w
  left join lateral (select * from webhook_deliveries d where d.webhook_id = w.id order by d.id desc limit 1) d on true`;

/** One page of the webhooks, by id. */
export async function listWebhooks(connection: Connection, page: PageRequest): Promise<Page<WebhookRow>> {
  const backwards = page.cursor?.direction === 'before';
  const rows = await query<WebhookRow>(
    connection,
    `select ${columns} where ${page.cursor ? `w.id ${backwards ? '<' : '>'} :id` : 'true'}
     order by w.id ${backwards ? 'desc' : 'asc'} limit :rows`,
    { id: page.cursor?.id ?? 0, rows: page.limit + 1 },
  );
  return toPage(rows, page, (row) => ({ value: null, id: row.id }));
}

/** The webhook of this id; NOT_FOUND if there is none. */
export async function readWebhook(connection: Connection, id: number): Promise<WebhookRow> {
  const webhook = await queryOne<WebhookRow>(connection, `select ${columns} where w.id = :id`, { id });
  if (!webhook) throw notFound(`webhook ${id}`);
  return webhook;
}

export interface WebhookContent {
  url: string;
  events: readonly WebhookEvent[];
  active: boolean;
}

export async function createWebhook(connection: Connection, webhook: WebhookContent & { secret: string }): Promise<WebhookRow> {
  const made = await queryOne<{ id: number }>(
    connection,
    `insert into webhooks (url, events, active, secret) values (:url, :events::text[], :active, :secret) returning id`,
    { ...webhook },
  );
  if (!made) throw new Error('insert returned no row');
  return readWebhook(connection, made.id);
}

/** Changes the given fields; NOT_FOUND if there is no such webhook. */
export async function changeWebhook(
  database: Database,
  id: number,
  change: { [Field in keyof WebhookContent]?: WebhookContent[Field] | undefined },
): Promise<WebhookRow> {
  return transaction(database, async (tx) => {
    await query(
      tx,
      `update webhooks set url = coalesce(:url, url), events = coalesce(:events::text[], events), active = coalesce(:active, active) where id = :id`,
      { id, url: change.url ?? null, events: change.events ?? null, active: change.active ?? null },
    );
    return readWebhook(tx, id);
  });
}

/** Deletes a webhook with its deliveries, also those that wait, and returns what it was; NOT_FOUND if there is none. */
export async function deleteWebhook(database: Database, id: number): Promise<WebhookRow> {
  return transaction(database, async (tx) => {
    const webhook = await readWebhook(tx, id);
    await query(tx, `delete from webhooks where id = :id`, { id });
    return webhook;
  });
}
