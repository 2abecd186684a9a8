import { setTimeout as delay } from 'node:timers/promises';
import { healthSchema, readinessSchema } from '@dossier/protocol/health.ts';
import type { Readiness } from '@dossier/protocol/health.ts';
import { findClockTrouble } from '@dossier/postgres/clock.ts';
import { queryOne } from '@dossier/postgres/database.ts';
import { schemaState } from '@dossier/postgres/migrate.ts';
import { hasSessions, noSessions } from '@dossier/postgres/sessions.ts';
import { ApplicationError } from '@dossier/runtime/errors.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { answers } from '../route.ts';
import type { Route } from '../route.ts';

const deadlineMs = 3000;
const tags = ['Health'];

type Dependencies = Pick<ApiDependencies, 'database' | 'queues'>;

export function healthRoutes(deps: Dependencies): Route[] {
  return [
    {
      method: 'get',
      path: '/healthz',
      access: 'everyone',
      operation: { tags, summary: 'Whether the process lives', security: [], responses: answers({ '200': healthSchema }) },
      handle(_request, response) {
        response.json({ status: 'ok' });
      },
    },
    {
      method: 'get',
      path: '/readyz',
      access: 'everyone',
      operation: {
        tags,
        summary: 'Whether the node can work: database, its schema, queue',
        security: [],
        responses: answers({ '200': readinessSchema, '503': readinessSchema }),
      },
      async handle(_request, response) {
        const readiness = await checkReadiness(deps);
        response.status(readiness.status === 'ok' ? 200 : 503).json(readiness);
      },
    },
  ];
}

async function checkReadiness({ database, queues }: Dependencies): Promise<Readiness> {
  let caution: string | null = null;
  const [reached, schema, queue, workers, clock] = await Promise.all([
    check(() => requireSessions(database), 'can not be reached'),
    check(() => requireCurrentSchema(database), 'is not known: the database can not be reached'),
    check(async () => {
      const found = await queues.prove();
      if (found) caution = `${found.sentence} ${found.remedy}`;
    }, 'can not be reached'),
    check(() => requireWorkers(queues), 'are not known: the queue can not be reached'),
    check(() => requireRightClock(database), 'is not known: the database can not be reached'),
  ]);
  const needed = { database: reached, schema, queue };
  const status = Object.values(needed).every((state) => state === 'ok') ? 'ok' : 'unavailable';
  return { status, checks: { ...needed, ...(caution !== null && { queue: caution }), workers, clock } };
}

/** What is wrong, as a sentence for everybody. */
class Trouble extends Error {}

async function requireSessions(database: Dependencies['database']): Promise<void> {
  const server = await queryOne<{ read_only: boolean }>(
    database,
    `select pg_is_in_recovery() or current_setting('transaction_read_only')::bool as read_only`,
  );
  if (server?.read_only === true)
    throw new Trouble('takes no changes: it is a standby, or read-only. Let DATABASE_URL lead to the primary.');
  if (!(await hasSessions(database))) throw new Trouble(`${noSessions.sentence} ${noSessions.remedy}`);
}

/** A sweep comes every 15 seconds, a worker may be busy with long jobs in all its places for a while. */
const idleMs = 120_000;

async function requireWorkers(queues: Dependencies['queues']): Promise<void> {
  const last = await queues.lastWork();
  if (last === null) throw new Trouble('have taken no job yet');
  const idle = Date.now() - last.getTime();
  if (idle > idleMs)
    throw new Trouble(`have taken no job for ${Math.round(idle / 60_000)} minutes: start one ("dossier worker"), or look at its log`);
}

async function requireCurrentSchema(database: Dependencies['database']): Promise<void> {
  const { state } = await schemaState(database);
  if (state === 'older') throw new Trouble('is older than this program: run "dossier migrate"');
  if (state === 'newer') throw new Trouble('is newer than this program');
}

async function requireRightClock(database: Dependencies['database']): Promise<void> {
  const trouble = await findClockTrouble(database, new Date());
  if (trouble) throw new Trouble(trouble.sentence);
}

/** `ok` or what is wrong; never longer than the deadline, and never with details of the infrastructure. */
async function check(work: () => Promise<unknown>, failure: string): Promise<string> {
  const late = new AbortController();
  const timeout = delay(deadlineMs, `${failure} within ${deadlineMs / 1000} s`, { signal: late.signal, ref: false }).catch(() => failure);
  const verdict = work().then(
    () => 'ok',
    (error: unknown) => sentenceOf(error) ?? failure,
  );
  try {
    return await Promise.race([verdict, timeout]);
  } finally {
    late.abort();
  }
}

/** What an error says that was worded for people. */
function sentenceOf(error: unknown): string | null {
  if (error instanceof Trouble) return error.message;
  if (!(error instanceof ApplicationError)) return null;
  return error.remedy === undefined ? error.message : `${error.message} ${error.remedy}`;
}
