import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { jobs } from '@dossier/jobs/declarations.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import { createdWebhookSchema, webhookDeliverySchema, webhookMessageSchema, webhookSchema } from '@dossier/protocol/webhook.ts';
import type { WebhookMessage } from '@dossier/protocol/webhook.ts';
import { query } from '@dossier/postgres/database.ts';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startNodeApi } from '../kit/node-api.ts';
import type { NodeApi } from '../kit/node-api.ts';

interface Received {
  readonly headers: Record<string, string>;
  readonly body: string;
}

/** A program that is told, and answers with the next of `statuses`, else 200. */
async function startReceiver() {
  const received: Received[] = [];
  const statuses: number[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      received.push({ headers: request.headers as Record<string, string>, body: Buffer.concat(chunks).toString('utf8') });
      response.writeHead(statuses.shift() ?? 200, { location: 'http://127.0.0.1:1/', connection: 'close' }).end('x'.repeat(1000));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?key=1`,
    received,
    statuses,
    messages: (): WebhookMessage[] => received.map(({ body }) => webhookMessageSchema.parse(JSON.parse(body))),
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

let node: NodeApi;
let receiver: Awaited<ReturnType<typeof startReceiver>>;
beforeAll(async () => {
  node = await startNodeApi();
  await node.work();
});
afterAll(() => node.stop());
beforeEach(async () => {
  receiver = await startReceiver();
  return async () => {
    await query(node.test.database, `delete from webhooks`);
    await query(node.test.database, `delete from links`);
    await receiver.close();
  };
});

const make = (more: object = {}) => node.want(201, createdWebhookSchema, ['POST', '/webhooks/', { url: receiver.url, ...more }]);
const deliveries = async (id: number) =>
  (await node.want(200, pageOf(webhookDeliverySchema), ['GET', `/webhooks/${id}/deliveries/`])).results;
const look = () => node.queues.enqueue(jobs.sweep, {});
/** A sweep that is under way may have looked a moment ago, and another one is not begun beside it: looks again and again. */
const told = async (): Promise<WebhookMessage[]> => {
  await look();
  return receiver.messages();
};

async function makeLink(state: string, more: { error?: object; verifiedHoursAgo?: number } = {}): Promise<number> {
  const list = await node.makeList('Wanted');
  await query(
    node.test.database,
    `insert into links (slave_list_id, remote_url, remote_list_id, state, error, verified_at)
     values (:list, 'http://master.example', 7, :state, :error::jsonb, now() - make_interval(hours => :hours))`,
    { list, state, error: more.error ? JSON.stringify(more.error) : null, hours: more.verifiedHoursAgo ?? 1 },
  );
  return list;
}

const change = (list: number, values: string) =>
  query(node.test.database, `update links set ${values} where slave_list_id = :list`, { list });

describe('a webhook', () => {
  it('is made with a secret that is shown once, changed and deleted', async () => {
    const made = await make({ events: ['failed', 'held'] });
    expect(made).toMatchObject({ url: receiver.url, events: ['failed', 'held'], active: true, last_delivery: null });
    expect(made.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    const listed = await node.call('GET', '/webhooks/');
    expect(pageOf(webhookSchema).parse(listed.json).results).toMatchObject([{ id: made.id, secret_hint: made.secret.slice(-4) }]);
    expect(listed.text).not.toContain(made.secret);
    const changed = await node.want(200, webhookSchema, ['PATCH', `/webhooks/${made.id}/`, { active: false }]);
    expect(changed).toMatchObject({ active: false, events: ['failed', 'held'], url: receiver.url });
    expect((await node.call('DELETE', `/webhooks/${made.id}/`)).status).toBe(204);
    await node.refused('NOT_FOUND', ['GET', `/webhooks/${made.id}/deliveries/`]);
    await node.refused('NOT_FOUND', ['PATCH', `/webhooks/${made.id}/`, { active: true }]);
  });

  it.each([
    [{ url: 'ftp://host/' }, 'url'],
    [{ url: 'http://user:word@host/' }, 'url'],
    [{ url: 'http://169.254.169.254/latest/meta-data/' }, 'url'],
    [{ url: 'http://host/', events: [] }, 'events'],
    [{ url: 'http://host/', events: ['everything'] }, 'events'],
    [{}, 'url'],
  ])('is refused as %j', async (body, param) => {
    await node.refused('BAD_PARAM', ['POST', '/webhooks/', body], param);
  });

  it('is tested by a message that any library of Standard Webhooks verifies', async () => {
    const { id, secret } = await make();
    const delivery = await node.want(202, webhookDeliverySchema, ['POST', `/webhooks/${id}/test/`]);
    expect(delivery).toMatchObject({ webhook: id, event: 'test', state: 'waiting', attempts: 0 });
    await expect
      .poll(() => deliveries(id))
      .toMatchObject([{ state: 'delivered', attempts: 1, status: 200, error: null, next_attempt: null }]);
    const [message] = receiver.received;
    expect(new Webhook(secret).verify(message?.body ?? '', message?.headers ?? {})).toMatchObject({
      id: delivery.id,
      event: 'test',
      link: null,
      audit: { entries: expect.any(Number) as number, hash: expect.stringMatching(/^[0-9a-f]{64}$/) as string },
    });
    const altered = (message?.body ?? '').replace('test', 'fail');
    expect(() => new Webhook(secret).verify(altered, message?.headers ?? {})).toThrow();
    expect((await node.want(200, pageOf(webhookSchema), ['GET', '/webhooks/'])).results[0]?.last_delivery).toMatchObject({
      state: 'delivered',
      status: 200,
    });
  });

  it('that answers badly is asked again, and follows no redirect', async () => {
    const { id } = await make();
    receiver.statuses.push(500, 307);
    await node.want(202, webhookDeliverySchema, ['POST', `/webhooks/${id}/test/`]);
    await expect.poll(() => deliveries(id)).toMatchObject([{ state: 'waiting', attempts: 1, status: 500, error: 'it answered 500' }]);
    await expect.poll(() => deliveries(id), { timeout: 15_000 }).toMatchObject([{ state: 'delivered', attempts: 3, status: 200 }]);
    expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  });

  it('that is switched off gets nothing, and what waits for it is given up', async () => {
    const { id } = await make({ active: false });
    await node.want(202, webhookDeliverySchema, ['POST', `/webhooks/${id}/test/`]);
    await expect.poll(() => deliveries(id)).toMatchObject([{ state: 'failed', error: 'the webhook was switched off' }]);
    await makeLink('failed');
    await look();
    await expect.poll(() => query(node.test.database, `select from link_alerts`)).toHaveLength(1);
    expect([receiver.received.length, (await deliveries(id)).length]).toEqual([0, 1]);
  });

  it('whose name leads to a metadata service is not asked', async () => {
    const { id } = await make({ url: 'http://127.0.0.1:1/' });
    await query(node.test.database, `update webhooks set url = 'http://[fe80::1]/' where id = :id`, { id });
    await node.want(202, webhookDeliverySchema, ['POST', `/webhooks/${id}/test/`]);
    await expect
      .poll(() => deliveries(id))
      .toMatchObject([{ state: 'waiting', status: null, error: expect.stringContaining('link-local') }]);
  });
});

describe('what is told', () => {
  it('is that a list failed, once, and that it recovered', async () => {
    await make();
    const error = { code: 'TOKEN_REFUSED', desc: 'The token was refused.', remedy: 'Set it.', attempts: 1, next_attempt: null };
    const list = await makeLink('failed', { error });
    await look();
    await expect.poll(told).toMatchObject([
      {
        event: 'failed',
        node: node.deps.nodeUuid,
        link: {
          slave_dossier_list: list,
          name: 'Wanted',
          remote_dossier_list: 7,
          state: 'failed',
          error: { code: 'TOKEN_REFUSED', remedy: 'Set it.' },
        },
        sentence: expect.stringMatching(
          /^Watch list "Wanted" could not be synced: The token was refused\. Set it\. It was last equal to the master at/,
        ),
      },
    ]);
    // A new attempt is no recovery yet.
    await change(list, `state = 'syncing', error = null`);
    await look();
    await change(list, `state = 'failed'`);
    await look();
    await change(list, `state = 'synced', error = null, verified_at = now()`);
    await expect.poll(async () => (await told()).map(({ event }) => event)).toEqual(['failed', 'recovered']);
  });

  it('is neither a failure that is tried again by itself, nor what nobody asked for', async () => {
    await make({ events: ['held'] });
    const again = await makeLink('failed', { error: { next_attempt: '2999-01-01T00:00:00Z' } });
    const final = await makeLink('failed');
    const held = await makeLink('held');
    await look();
    await expect.poll(async () => (await told()).map(({ event, link }) => [event, link?.slave_dossier_list])).toEqual([['held', held]]);
    const alerts = await query<{ slave_list_id: number; kind: string }>(
      node.test.database,
      `select slave_list_id, kind from link_alerts order by 1`,
    );
    expect(alerts).toEqual([
      { slave_list_id: final, kind: 'failed' },
      { slave_list_id: held, kind: 'held' },
    ]);
    expect(alerts.map(({ slave_list_id: list }) => list)).not.toContain(again);
  });

  it('is that a list was not verified for too long', async () => {
    await make({ events: ['overdue', 'recovered'] });
    const list = await makeLink('synced', { verifiedHoursAgo: 27 });
    await makeLink('synced', { verifiedHoursAgo: 25 });
    await look();
    await expect.poll(async () => (await told()).map(({ event, link }) => [event, link?.slave_dossier_list])).toEqual([['overdue', list]]);
    await change(list, `verified_at = now()`);
    await look();
    await expect.poll(async () => (await told()).map(({ event }) => event)).toEqual(['overdue', 'recovered']);
  });

  it('is not lost when the queue forgets it', async () => {
    const { id } = await make();
    await query(
      node.test.database,
      `insert into webhook_deliveries (webhook_id, event, body, next_attempt)
       select :id, 'test', body, now() - interval '2 minutes' from (select '{"event":"test","date":"2026-01-01T00:00:00.000Z","node":"0193b3a0-0000-7000-8000-000000000000","node_name":"Gate","link":null,"site":null,"sentence":"x"}'::jsonb as body) b`,
      { id },
    );
    await look();
    await expect.poll(told).toMatchObject([{ event: 'test', sentence: 'x' }]);
  });
});
