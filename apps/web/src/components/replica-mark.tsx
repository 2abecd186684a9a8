import type { WatchList } from '@dossier/protocol/watch-list.ts';
import { useLinks } from '../api/links.ts';
import { useReplicationPages } from '../api/node.ts';
import { LinkState } from './link-facts.tsx';
import { StateMark } from './state-mark.tsx';

/** Beside the name of a copy: how it is; nothing beside an original. */
export function ReplicaMark({ list }: { list: WatchList }) {
  const pages = useReplicationPages();
  const links = useLinks({ enabled: pages === true });
  if (list.replica === null) return null;
  const link = links.data?.find((each) => each.slave_dossier_list === list.id);
  if (link) return <LinkState link={link} />;
  // Where the pages of replication are off, the list itself says as much as it knows.
  return <StateMark standing={list.replica.state === 'synced' ? (list.replica.doubt ?? 'synced') : list.replica.state} />;
}
