import { useQuery } from '@tanstack/react-query';
import { nodeSchema } from '@dossier/protocol/node.ts';
import { keys } from './keys.ts';
import { read } from './request.ts';

/** The app whose presence in INSTALLED_APPS brings the pages of replication. */
export const replicationApp = 'ffsecurity_sync';

/** Which node this is. */
export function useNode() {
  return useQuery({ queryKey: keys.node, refetchInterval: 60_000, queryFn: ({ signal }) => read(nodeSchema, '/node/', { signal }) });
}

/** Whether the pages of replication are switched on; undefined until that is known. */
export function useReplicationPages(): boolean | undefined {
  const { data } = useNode();
  return data?.installed_apps.includes(replicationApp);
}
