import { linkStates } from '@dossier/domain/link.ts';
import type { LinkState } from '@dossier/domain/link.ts';
import { liesAhead } from '@dossier/postgres/clock.ts';
import { query, queryOne } from '@dossier/postgres/database.ts';
import type { Connection } from '@dossier/postgres/database.ts';
import { countDamaged } from '@dossier/registry/damaged-photos.ts';

/** Upper bounds of the buckets in which durations of runs are counted, in seconds. */
export const durationBounds = [1, 5, 30, 120, 600, 3600] as const;

/** One replica as a monitoring system sees it. */
export interface ReplicaFigures {
  list: number;
  state: LinkState;
  /** Seconds since it was last verified, and when that was in seconds since 1970; null: never. */
  age: number | null;
  verified: number | null;
  /** Revisions that the master's head is ahead, as last learnt; null before the first sync. */
  lag: number | null;
  /** Deletions made here while the master was away that no sync has settled yet. */
  open_deletions: number;
  /** Dossiers of the master that can't be held here as they are. */
  set_aside: number;
  /** Photos that the replica lacks. */
  photos_missing: number;
}

/** What the finished runs of one list with one result came to, since the node was made. */
export interface RunFigures {
  list: number;
  result: string;
  runs: number;
  timed: number;
  seconds: number;
  /** Runs within each of `durationBounds`, not cumulated. */
  buckets: number[];
  added: number;
  changed: number;
  removed: number;
  unchanged: number;
  photos: number;
  bytes: number;
}

/** What a monitoring system asks of a node: counted from rows, so that all processes of a node say the same. */
export interface ReplicationFigures {
  /** Every state, also those that no link is in. */
  links: { state: LinkState; count: number }[];
  replicas: ReplicaFigures[];
  runs: RunFigures[];
  deadLetters: number;
  waitingDeliveries: number;
  /** Photos that dossiers show and whose files aren't whole here. */
  damagedPhotos: number;
  /** Slaves of this master's lists that were seen within a day. */
  slaves: { list: number; count: number }[];
  /** Sites of this master by state, and how many of them a person should look at. */
  sites: { state: string; count: number }[];
  siteAlerts: number;
}

export async function readReplicationFigures(connection: Connection): Promise<ReplicationFigures> {
  const replicas = await query<ReplicaFigures>(
    connection,
    `select slave_list_id as list, state, cast(extract(epoch from clock_timestamp() - believed) as float8) as age,
       cast(extract(epoch from believed) as float8) as verified, greatest(0, head_revision - revision) as lag,
       (select count(*) from offline_deletions o where o.slave_list_id = k.slave_list_id and o.settled_as is null) as open_deletions,
       (select count(*) from set_aside a where a.list_id = k.slave_list_id and a.reason <> 'kept-deleted') as set_aside,
       (select count(*) from missing_photos m where m.slave_list_id = k.slave_list_id) as photos_missing
     from links k, lateral (select case when not ${liesAhead('verified_at')} then verified_at end as believed) b order by slave_list_id`,
  );
  const runs = await query<Omit<RunFigures, 'buckets'> & { buckets: (number | string)[] }>(
    connection,
    `select slave_list_id as list, result, runs, timed, seconds, buckets, added, changed, removed, unchanged, photos, bytes
     from run_statistics order by slave_list_id, result`,
  );
  const sums = await queryOne<{ letters: number; waiting: number; damaged: number }>(
    connection,
    `select (select count(*) from dead_letters) as letters, (select count(*) from webhook_deliveries where state = 'waiting') as waiting,
       ${countDamaged} as damaged`,
  );
  const slaves = await query<{ list: number; count: number }>(
    connection,
    `select list_id as list, count(*) as count from followers where last_seen > now() - interval '1 day' group by list_id order by list_id`,
  );
  const sites = await query<{ state: string; count: number; alerts: number }>(
    connection,
    `select s.state, count(k.id) as count, count(k.alert) as alerts from unnest('{invited,pending,accepted,revoked}'::text[]) s (state)
       left join (select id, alert, case when o.state = 'pending' and key is null then 'invited' else site_state(o) end as state from sites o) k on k.state = s.state
     group by s.state order by s.state`,
  );
  return {
    links: linkStates.map((state) => ({ state, count: replicas.filter((replica) => replica.state === state).length })),
    replicas,
    // Arrays of bigint come as text.
    runs: runs.map((run) => ({ ...run, buckets: run.buckets.map(Number) })),
    deadLetters: sums?.letters ?? 0,
    waitingDeliveries: sums?.waiting ?? 0,
    damagedPhotos: sums?.damaged ?? 0,
    slaves,
    sites: sites.map(({ state, count }) => ({ state, count })),
    siteAlerts: sites.reduce((sum, { alerts }) => sum + alerts, 0),
  };
}
