import type { LinkDoubt, LinkState } from '@dossier/domain/link.ts';
import type { Link } from '@dossier/protocol/sync.ts';

/** How a copy is, as people are told: its link's state, but for what is known against a copy that was equal, and for a hold on which somebody has decided. */
export type LinkStanding = LinkState | LinkDoubt | 'rejected' | 'approved';

type Standing = Pick<Link, 'state' | 'doubt' | 'held' | 'local_count' | 'remote_count' | 'verified_at'>;

/** Only `synced` claims that the copy is equal now; numbers that differ are never called equal, whatever else is said. */
export function standingOf(link: Standing): LinkStanding {
  if (link.state === 'held' && (link.held?.state === 'rejected' || link.held?.state === 'approved')) return link.held.state;
  if (link.state !== 'synced') return link.state;
  if (link.doubt !== null) return link.doubt;
  if (link.verified_at === null) return 'pending';
  return link.remote_count !== null && link.remote_count !== link.local_count ? 'changed-here' : 'synced';
}

/** The standings in which a person may have to do something, the worst first, and then the others. */
const urgency: readonly LinkStanding[] = [
  'failed',
  'held',
  'changed-here',
  'set-aside',
  'photos-missing',
  'rejected',
  'master-away',
  'unlinking',
  'approved',
  'syncing',
  'pending',
  'synced',
];

/** The links with what needs a person first. */
export function byUrgency(links: readonly Link[]): Link[] {
  const rank = (link: Link): number => urgency.indexOf(standingOf(link));
  return links.toSorted((a, b) => rank(a) - rank(b) || a.slave_dossier_list - b.slave_dossier_list);
}
