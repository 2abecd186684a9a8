import { Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import type { Queues } from '@dossier/jobs/queues.ts';
import type { Database } from '@dossier/postgres/database.ts';
import { readReplicationFigures } from '@dossier/replication/replication-figures.ts';
import { renderQueues, renderReplication } from './replication-metrics.ts';
import type { QueueState } from './replication-metrics.ts';
import { softwareVersion } from './software-version.ts';

/** The numbers of one API process, and of the node's database and queue at the moment of the scrape. */
export interface Metrics {
  /** Books an answered request under its route's path template, which has a bounded number of values. */
  observe(request: { method: string; route: string; status: number; seconds: number }): void;
  /** The text form of Prometheus and its content type. */
  scrape(): Promise<{ text: string; contentType: string }>;
}

export function createMetrics(database: Database, queues: Pick<Queues, 'prove' | 'lastWork' | 'counts'> | null = null): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const durations = new Histogram({
    name: 'dossier_http_request_duration_seconds',
    help: 'Time from the first byte of a request to the last of its answer',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10, 60],
    registers,
  });
  const reachable = new Gauge({ name: 'dossier_database_up', help: 'Whether the database answered this scrape', registers });
  new Gauge({ name: 'dossier_build_info', help: 'Version of the software', labelNames: ['version'], registers }).set(
    { version: softwareVersion },
    1,
  );

  return {
    observe({ method, route, status, seconds }) {
      durations.observe({ method, route, status }, seconds);
    },
    async scrape() {
      const [figures, state] = await Promise.all([
        readReplicationFigures(database).catch(() => null),
        queues === null ? null : readQueueState(queues).catch(() => null),
      ]);
      reachable.set(figures === null ? 0 : 1);
      const own = await registry.metrics();
      const text = [own, figures === null ? '' : renderReplication(figures), queues === null ? '' : renderQueues(state)].join('\n');
      return { text, contentType: registry.contentType };
    },
  };
}

async function readQueueState(queues: Pick<Queues, 'prove' | 'lastWork' | 'counts'>): Promise<QueueState> {
  const [caution, last, counts] = await Promise.all([queues.prove(), queues.lastWork(), queues.counts()]);
  return { counts, mayLoseJobs: caution !== null, idleSeconds: last === null ? null : Math.max(0, (Date.now() - last.getTime()) / 1000) };
}
