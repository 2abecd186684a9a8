import type { LinkState } from '@dossier/domain/link.ts';
import type { Link } from '@dossier/protocol/sync.ts';

const urgency: readonly LinkState[] = ['failed', 'held', 'unlinking', 'syncing', 'pending', 'synced'];

/** The links with what needs a person first. */
export function byUrgency(links: readonly Link[]): Link[] {
  return links.toSorted((a, b) => urgency.indexOf(a.state) - urgency.indexOf(b.state) || a.slave_dossier_list - b.slave_dossier_list);
}
