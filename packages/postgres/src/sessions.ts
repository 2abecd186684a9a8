import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from 'pg';
import type { Database } from './database.ts';

const channel = 'dossier_session';
const answerMs = 1000;

/** What keeps a node from working over a pooler that gives connections no sessions, and what to do. */
export const noSessions = {
  sentence: 'DATABASE_URL leads through a pooler (PgBouncer) in transaction mode: connections have no sessions of their own there.',
  remedy:
    'Set pool_mode = session for this database in the pooler, with a pool_size for all connections of the node, or let DATABASE_URL lead to PostgreSQL itself.',
} as const;

/**
 * Whether each connection of the pool is a session of its own at the server, as LISTEN, SET and session locks need it. Behind a pooler that gives a
 * connection its server for a transaction only (PgBouncer in transaction or statement mode) it is none. Takes two connections; waits for a second
 * before it says no.
 */
export async function hasSessions(database: Database): Promise<boolean> {
  return withClient(database, (listener) => withClient(database, (teller) => hears(listener, teller)));
}

async function withClient<Result>(database: Database, work: (client: Client) => Promise<Result>): Promise<Result> {
  const client = (await database.client.acquireConnection()) as Client;
  try {
    return await work(client);
  } finally {
    await client.query(`unlisten ${channel}`).catch(() => undefined);
    await database.client.releaseConnection(client);
  }
}

async function hears(listener: Client, teller: Client): Promise<boolean> {
  const word = randomUUID();
  const heard = Promise.withResolvers<boolean>();
  const hear = ({ payload }: { payload?: string | undefined }): void => {
    if (payload === word) heard.resolve(true);
  };
  const late = new AbortController();
  listener.on('notification', hear);
  try {
    await listener.query(`listen ${channel}`);
    await teller.query(`select pg_notify('${channel}', '${word}')`);
    const silence = delay(answerMs, false, { signal: late.signal }).catch(() => false);
    return await Promise.race([heard.promise, silence]);
  } finally {
    late.abort();
    listener.off('notification', hear);
  }
}
