import { createHmac } from 'node:crypto';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { createOutboundLookup, isRefusedAddress, RefusedAddressError } from '@dossier/runtime/outbound-address.ts';

/** What goes to a webhook. */
export interface WebhookRequest {
  readonly url: string;
  /** As it was shown when the webhook was made. */
  readonly secret: string;
  /** The message's number, the same in every attempt. */
  readonly id: number;
  readonly body: string;
}

const timeoutMs = 10_000;
const lookup = createOutboundLookup();

/**
 * The headers by which the receiver knows that a message is ours and fresh, as standardwebhooks.com has them: HMAC-SHA256 over
 * `id.timestamp.body` with the bytes that the secret, after `whsec_`, is the base64 of.
 */
export function signWebhook({ secret, id, body }: Omit<WebhookRequest, 'url'>, now: Date): Record<string, string> {
  const timestamp = String(Math.floor(now.getTime() / 1000));
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const signature = createHmac('sha256', key).update(`msg_${id}.${timestamp}.${body}`).digest('base64');
  return { 'webhook-id': `msg_${id}`, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` };
}

/**
 * Sends a message once and gives the status of the answer, whose body is not read. No redirect is followed, and no link-local address or
 * metadata service is asked. Throws what the connection failed with.
 */
export async function sendWebhook(message: WebhookRequest, now: Date): Promise<number> {
  const url = new URL(message.url);
  if (isRefusedAddress(url.hostname)) throw new RefusedAddressError(url.hostname);
  const send = url.protocol === 'https:' ? requestHttps : requestHttp;
  const signal = AbortSignal.timeout(timeoutMs);
  return new Promise((resolve, reject) => {
    const outgoing = send(url, {
      method: 'POST',
      agent: false,
      lookup,
      signal,
      headers: {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(message.body),
        'user-agent': 'dossier-webhook',
        ...signWebhook(message, now),
      },
    });
    outgoing.once('response', (response) => {
      resolve(response.statusCode ?? 0);
      response.destroy();
    });
    outgoing.once('error', (error) => {
      reject(signal.aborted ? new Error(`no answer within ${timeoutMs / 1000} seconds`) : error);
    });
    outgoing.end(message.body);
  });
}
