import type { Site } from '@dossier/protocol/site.ts';
import type { SiteGroup } from './search.ts';

/** How a site is, as people are told, with what needs a person first and what needs nobody last. */
export const siteStandings = [
  'waiting',
  'cloned',
  'differs',
  'alert',
  'failing',
  'withdrawing',
  'silent',
  'behind',
  'invited',
  'lapsed',
  'idle',
  'equal',
  'revoked',
] as const;
export type SiteStanding = (typeof siteStandings)[number];

/** A slave asks once a night at the latest; nights when the clocks change, and the spread of its syncs, are allowed for. */
const silentAfterMs = 26 * 3_600_000;

const alerts: Readonly<Record<string, SiteStanding>> = { SITE_CLONED: 'cloned', SITE_DIFFERS: 'differs' };

type Holding = Site['holdings'][number];

/** What the site may read and has asked for. */
export function heldLists({ holdings, lists, withdrawn }: Site): readonly Holding[] {
  return holdings.filter(
    ({ dossier_list: list }) => (lists === null || lists.includes(list)) && !withdrawn.some((each) => each.dossier_list === list),
  );
}

export function failingLists(site: Site): readonly Holding[] {
  return heldLists(site).filter(({ state }) => state === 'failed' || state === 'held');
}

/** Lists that were taken away and are still shown there, as far as is known, or by a node behind it. */
export function unconfirmed({ withdrawn }: Site): Site['withdrawn'] {
  return withdrawn.filter(({ acknowledged_date: date, unconfirmed: behind }) => date === null || (behind ?? 0) > 0);
}

/** Nobody has come by its invitation. */
export function isInvited({ state, key, node, invitation }: Site): boolean {
  return state === 'pending' && key === null && node === null && invitation !== null;
}

/** How a site is now; only `equal` says that it holds what this node holds. */
export function standingOf(site: Site, now: number): SiteStanding {
  if (site.state === 'revoked') return 'revoked';
  if (isInvited(site)) return Date.parse(site.invitation?.expires_date ?? '') > now ? 'invited' : 'lapsed';
  if (site.state === 'pending') return 'waiting';
  if (site.alert !== null) return alerts[site.alert.code] ?? 'alert';
  if (failingLists(site).length > 0) return 'failing';
  if (unconfirmed(site).length > 0) return 'withdrawing';
  if (site.last_seen === null) return 'idle';
  if (now - Date.parse(site.last_seen) > silentAfterMs) return 'silent';
  const held = heldLists(site);
  if (held.length === 0) return 'idle';
  return held.every(({ current }) => current) ? 'equal' : 'behind';
}

const groups: Readonly<Record<SiteStanding, readonly SiteGroup[]>> = {
  waiting: ['waiting', 'look'],
  cloned: ['look'],
  differs: ['look'],
  alert: ['look'],
  failing: ['look'],
  withdrawing: ['look'],
  silent: ['behind'],
  behind: ['behind'],
  invited: ['invited'],
  lapsed: ['invited'],
  idle: [],
  equal: ['equal'],
  revoked: ['revoked'],
};

export function isIn(group: SiteGroup, standing: SiteStanding): boolean {
  return groups[standing].includes(group);
}

export interface StandingMoment {
  readonly said: 'since' | 'asOf' | 'until';
  readonly time: string;
}

type MomentOf = (site: Site) => readonly [said: StandingMoment['said'], time: string | null | undefined];

const ofAlert: MomentOf = ({ alert }) => ['since', alert?.date];
/** Of the list that was asked about longest ago: nothing later is known of it. */
const ofHoldings: MomentOf = (site) => ['asOf', earliest(heldLists(site).map(({ last_seen: seen }) => seen))];

const moments: Readonly<Record<SiteStanding, MomentOf>> = {
  waiting: (site) => ['since', site.first_seen ?? site.state_date],
  cloned: ofAlert,
  differs: ofAlert,
  alert: ofAlert,
  failing: (site) => ['asOf', earliest(failingLists(site).map(({ last_seen: seen }) => seen))],
  withdrawing: (site) => ['since', earliest(unconfirmed(site).map(({ since }) => since))],
  silent: (site) => ['since', site.last_seen],
  behind: ofHoldings,
  invited: (site) => ['until', site.invitation?.expires_date],
  lapsed: (site) => ['since', site.invitation?.expires_date],
  idle: (site) => ['since', site.first_seen ?? site.created_date],
  equal: ofHoldings,
  revoked: (site) => ['since', site.state_date],
};

/** A moment that belongs to the standing: since when it is so, or as of when that is known. Null where there is none. */
export function momentOf(site: Site, standing: SiteStanding): StandingMoment | null {
  const [said, time] = moments[standing](site);
  return time ? { said, time } : null;
}

function earliest(times: readonly string[]): string | undefined {
  return times.toSorted((a, b) => Date.parse(a) - Date.parse(b))[0];
}

export interface StandingSite {
  readonly site: Site;
  readonly standing: SiteStanding;
}

/** The sites with what needs a person first, then by name. */
export function byUrgency(sites: readonly Site[], now: number): StandingSite[] {
  const rank = (standing: SiteStanding): number => siteStandings.indexOf(standing);
  return sites
    .map((site) => ({ site, standing: standingOf(site, now) }))
    .toSorted((a, b) => rank(a.standing) - rank(b.standing) || a.site.name.localeCompare(b.site.name, undefined, { numeric: true }));
}
