import { setTimeout as delay } from 'node:timers/promises';
import { healthSchema, readinessSchema } from '@dossier/protocol/health.ts';
import type { Readiness } from '@dossier/protocol/health.ts';
import { findClockTrouble } from '@dossier/postgres/clock.ts';
import { query } from '@dossier/postgres/database.ts';
import { schemaState } from '@dossier/postgres/migrate.ts';
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
  const [reached, schema, queue, clock] = await Promise.all([
    check(() => query(database, 'select 1'), 'can not be reached'),
    check(() => requireCurrentSchema(database), 'is not known: the database can not be reached'),
    check(() => queues.ping(), 'can not be reached'),
    check(() => requireRightClock(database), 'is not known: the database can not be reached'),
  ]);
  const needed = { database: reached, schema, queue };
  const status = Object.values(needed).every((state) => state === 'ok') ? 'ok' : 'unavailable';
  return { status, checks: { ...needed, clock } };
}

/** What is wrong, as a sentence for everybody. */
class Trouble extends Error {}

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
    (error: unknown) => (error instanceof Trouble ? error.message : failure),
  );
  try {
    return await Promise.race([verdict, timeout]);
  } finally {
    late.abort();
  }
}
