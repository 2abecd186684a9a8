import type { Slave } from '@dossier/protocol/node.ts';

/**
 * How a copy at a site is, as far as its master knows. `silent`: nothing of the site was heard when it should have been. `stuck`: it asks, and doesn't take a change
 * that it should have by now. `dropped`: it asks for other lists, not for this one. `unknown`: it has not said yet where it stands. `waiting`: what it lacks comes
 * with its next sync.
 */
export type Health = 'silent' | 'stuck' | 'dropped' | 'unknown' | 'waiting' | 'complete';

/** The worst first. */
export const healths: readonly Health[] = ['silent', 'stuck', 'dropped', 'unknown', 'waiting', 'complete'];

/** A list that a site reads. */
export interface Reading {
  readonly slave: Slave;
  readonly health: Health;
}

/** A node that reads lists of this one. */
export interface Site {
  readonly node: string;
  /** The site that it is, and what that is called; null where sites aren't told apart. */
  readonly id: number | null;
  readonly name: string | null;
  readonly address: string;
  readonly version: string | null;
  readonly lastSeen: string;
  /** The worst of its lists. */
  readonly health: Health;
  /** When that began, as far as it is known. */
  readonly since: string | null;
  /** How many changes it lacks, of all its lists; null where that isn't known of one. */
  readonly behind: number | null;
  readonly readings: readonly Reading[];
}

/** A slave asks once a day, at its master's SYNC_TIME; two hours are for the spread, a clock that was changed, and repeated tries. */
const dueMs = 26 * 3_600_000;

const isOverdue = (time: string, now: number): boolean => now - Date.parse(time) > dueMs;

function healthOf(slave: Slave, lastSeen: string, now: number): Health {
  if (isOverdue(lastSeen, now)) return 'silent';
  if (isOverdue(slave.last_seen, now)) return 'dropped';
  if (slave.behind === null) return 'unknown';
  if (slave.behind === 0) return 'complete';
  return slave.behind_since !== null && isOverdue(slave.behind_since, now) ? 'stuck' : 'waiting';
}

const since: Readonly<Record<Health, (slave: Slave) => string | null>> = {
  silent: (slave) => slave.last_seen,
  dropped: (slave) => slave.last_seen,
  stuck: (slave) => slave.behind_since,
  waiting: (slave) => slave.behind_since,
  unknown: () => null,
  complete: (slave) => slave.last_seen,
};

const worse = (a: Reading, b: Reading): number =>
  healths.indexOf(a.health) - healths.indexOf(b.health) || (b.slave.behind ?? Infinity) - (a.slave.behind ?? Infinity);

function siteOf(slaves: readonly [Slave, ...Slave[]], now: number): Site {
  const newest = slaves.reduce((a, b) => (b.last_seen > a.last_seen ? b : a));
  const readings = slaves.map((slave) => ({ slave, health: healthOf(slave, newest.last_seen, now) })).toSorted(worse);
  const health = readings[0]?.health ?? 'unknown';
  const times = readings.filter((reading) => reading.health === health).map(({ slave }) => since[health](slave));
  return {
    node: newest.node,
    id: newest.site,
    name: newest.site_name,
    address: newest.address,
    version: newest.version,
    lastSeen: newest.last_seen,
    health,
    since: health === 'silent' ? newest.last_seen : (times.filter((time) => time !== null).toSorted()[0] ?? null),
    behind: slaves.reduce<number | null>((sum, { behind }) => (sum === null || behind === null ? null : sum + behind), 0),
    readings,
  };
}

/** The sites of a master, what needs a look first and of these what is so for longest. */
export function sitesOf(slaves: readonly Slave[], now: number): Site[] {
  const groups = Map.groupBy(slaves, ({ node }) => node);
  const sites = [...groups.values()].flatMap(([first, ...others]) => (first === undefined ? [] : [siteOf([first, ...others], now)]));
  return sites.toSorted(
    (a, b) =>
      healths.indexOf(a.health) - healths.indexOf(b.health) ||
      (a.since ?? '').localeCompare(b.since ?? '') ||
      (a.name ?? a.address).localeCompare(b.name ?? b.address),
  );
}
