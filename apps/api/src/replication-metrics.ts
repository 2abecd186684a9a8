import type { JobCounts } from '@dossier/jobs/queues.ts';
import { durationBounds } from '@dossier/replication/replication-figures.ts';
import type { ReplicaFigures, ReplicationFigures, RunFigures } from '@dossier/replication/replication-figures.ts';
import { renderMetric } from './exposition.ts';
import type { Sample } from './exposition.ts';

/** The figures of a node in the text form of Prometheus; `list` is the id of the watch list on this node. */
export function renderReplication(figures: ReplicationFigures): string {
  return [gauges(figures), replicaGauges(figures.replicas), runCounters(figures.runs), durations(figures.runs)].join('');
}

function gauges({ links, deadLetters, waitingDeliveries, damagedPhotos, slaves, sites, siteAlerts }: ReplicationFigures): string {
  const gauge = (name: string, help: string, samples: Sample[]): string => renderMetric(name, { type: 'gauge', help }, samples);
  return [
    gauge(
      'dossier_links',
      'Links by state',
      links.map(({ state, count }) => ({ labels: { state }, value: count })),
    ),
    gauge('dossier_dead_letters', 'Dead letters that wait for a person', [{ value: deadLetters }]),
    gauge('dossier_photos_damaged', 'Photos that dossiers show and whose files are missing or wrong on this node', [
      { value: damagedPhotos },
    ]),
    gauge('dossier_webhook_deliveries_waiting', 'Messages to webhooks that are not delivered yet', [{ value: waitingDeliveries }]),
    gauge(
      'dossier_slaves',
      'Slaves that asked for a list of this master within a day',
      slaves.map(({ list, count }) => ({ labels: { list }, value: count })),
    ),
    gauge(
      'dossier_sites',
      'Sites of this master by state',
      sites.map(({ state, count }) => ({ labels: { state }, value: count })),
    ),
    gauge('dossier_site_alerts', 'Sites that a person should look at', [{ value: siteAlerts }]),
  ].join('');
}

function replicaGauges(replicas: readonly ReplicaFigures[]): string {
  const perList = (name: string, help: string, value: (replica: ReplicaFigures) => number | null): string =>
    renderMetric(
      name,
      { type: 'gauge', help },
      replicas.flatMap((replica) => {
        const figure = value(replica);
        return figure === null ? [] : [{ labels: { list: replica.list }, value: figure }];
      }),
    );
  return [
    perList(
      'dossier_replica_verified_age_seconds',
      'Time since the replica was last proved equal to the master; -1: never',
      ({ age }) => age ?? -1,
    ),
    perList(
      'dossier_sync_last_success_timestamp_seconds',
      'When the replica was last proved equal to the master',
      ({ verified }) => verified,
    ),
    perList('dossier_replica_lag_revisions', 'Changes of the master that the replica is known not to have', ({ lag }) => lag),
    perList('dossier_replica_held', 'Whether a guard holds the list until a person decides', ({ state }) => (state === 'held' ? 1 : 0)),
    perList(
      'dossier_offline_deletions_open',
      'Deletions made here while the master was away that wait for a sync',
      (each) => each.open_deletions,
    ),
    perList('dossier_replica_set_aside', 'Dossiers of the master that can not be held here as they are', (each) => each.set_aside),
    perList('dossier_replica_photos_missing', 'Photos of the master that the replica lacks', (each) => each.photos_missing),
  ].join('');
}

function runCounters(runs: readonly RunFigures[]): string {
  const counter = (name: string, help: string, samples: Sample[]): string => renderMetric(name, { type: 'counter', help }, samples);
  const lists = [...new Set(runs.map(({ list }) => list))];
  const sum = (list: number, value: (run: RunFigures) => number): number =>
    runs.filter((run) => run.list === list).reduce((total, run) => total + value(run), 0);
  const operations = ['added', 'changed', 'removed', 'unchanged'] as const;
  return [
    counter(
      'dossier_sync_runs_total',
      'Finished sync runs by result',
      runs.map(({ list, result, runs: value }) => ({ labels: { list, result }, value })),
    ),
    counter(
      'dossier_sync_dossiers_total',
      'Dossiers by what finished runs did with them',
      lists.flatMap((list) => operations.map((operation) => ({ labels: { list, operation }, value: sum(list, (run) => run[operation]) }))),
    ),
    counter(
      'dossier_sync_received_bytes_total',
      'Bytes that finished runs received from masters',
      lists.map((list) => ({ labels: { list }, value: sum(list, ({ bytes }) => bytes) })),
    ),
    counter(
      'dossier_sync_photos_total',
      'Photos that finished runs fetched from masters',
      lists.map((list) => ({ labels: { list }, value: sum(list, ({ photos }) => photos) })),
    ),
  ].join('');
}

function durations(runs: readonly RunFigures[]): string {
  const total = (value: (run: RunFigures) => number): number => runs.reduce((sum, run) => sum + value(run), 0);
  const timed = total((run) => run.timed);
  let within = 0;
  const buckets = durationBounds.map((bound, at): Sample => {
    within += total((run) => run.buckets[at] ?? 0);
    return { suffix: '_bucket', labels: { le: bound }, value: within };
  });
  return renderMetric(
    'dossier_sync_duration_seconds',
    { type: 'histogram', help: 'Time from the start of a run to its end, retries included' },
    [
      ...buckets,
      { suffix: '_bucket', labels: { le: '+Inf' }, value: timed },
      { suffix: '_sum', value: total((run) => run.seconds) },
      { suffix: '_count', value: timed },
    ],
  );
}

const shownStates = ['waiting', 'active', 'delayed', 'failed'] as const;

/** How the queue stood at a scrape, proved by a job that went all the way. */
export interface QueueState {
  readonly counts: Readonly<Record<string, JobCounts>>;
  readonly mayLoseJobs: boolean;
  /** Since a worker was last seen at a job; null: never. */
  readonly idleSeconds: number | null;
}

/** How the queue stands; null where it doesn't take jobs or doesn't give them. */
export function renderQueues(state: QueueState | null): string {
  const gauge = (name: string, help: string, samples: Sample[]): string => renderMetric(name, { type: 'gauge', help }, samples);
  const samples = Object.entries(state?.counts ?? {}).flatMap(([queue, jobs]) =>
    shownStates.map((each) => ({ labels: { queue, state: each }, value: jobs[each] })),
  );
  const idle = state?.idleSeconds ?? null;
  return [
    gauge('dossier_queue_up', 'Whether the queue took a job at this scrape and gave it', [{ value: state === null ? 0 : 1 }]),
    gauge(
      'dossier_queue_may_lose_jobs',
      'Whether the queue may throw away jobs that it took',
      state ? [{ value: state.mayLoseJobs ? 1 : 0 }] : [],
    ),
    gauge('dossier_queue_idle_seconds', 'Time since a worker was last seen at a job', idle === null ? [] : [{ value: idle }]),
    gauge('dossier_queue_jobs', 'Jobs by queue and state', samples),
  ].join('');
}
