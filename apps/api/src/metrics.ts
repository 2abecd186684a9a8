import { Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import type { Database } from '@dossier/store/database.ts';
import { readReplicationFigures } from '@dossier/store/replication-figures.ts';

/** The numbers of one API process, and of the node's database at the moment of the scrape. */
export interface Metrics {
  /** Books an answered request under its route's path template, which has a bounded number of values. */
  observe(request: { method: string; route: string; status: number; seconds: number }): void;
  /** The text form of Prometheus and its content type. */
  scrape(): Promise<{ text: string; contentType: string }>;
}

export function createMetrics(database: Database): Metrics {
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
  const links = new Gauge({ name: 'dossier_links', help: 'Links by state', labelNames: ['state'], registers });
  const ages = new Gauge({
    name: 'dossier_replica_verified_age_seconds',
    help: 'Time since the replica was last known to equal its list on the master; -1: never',
    labelNames: ['list'],
    registers,
  });
  const deadLetters = new Gauge({ name: 'dossier_dead_letters', help: 'Dead letters that wait for a person', registers });

  return {
    observe({ method, route, status, seconds }) {
      durations.observe({ method, route, status }, seconds);
    },
    async scrape() {
      const figures = await readReplicationFigures(database).catch(() => null);
      for (const gauge of [links, ages, deadLetters]) gauge.reset();
      reachable.set(figures === null ? 0 : 1);
      for (const { state, count } of figures?.links ?? []) links.set({ state }, count);
      for (const { list, seconds } of figures?.ages ?? []) ages.set({ list }, seconds ?? -1);
      if (figures !== null) deadLetters.set(figures.deadLetters);
      return { text: await registry.metrics(), contentType: registry.contentType };
    },
  };
}
