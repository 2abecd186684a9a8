import { useMutation, useQuery } from '@tanstack/react-query';
import { slaveSchema } from '@dossier/protocol/node.ts';
import { masterTestSchema, previewSchema } from '@dossier/protocol/sync.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import { keys } from './keys.ts';
import type { NewLink } from './links.ts';
import { readAll } from './read-all.ts';
import { send } from './request.ts';

/** Asks a master who it is and what it offers. */
export function useTestMaster() {
  return useMutation({
    mutationFn: (remoteUrl: string) => send(masterTestSchema, ['POST', '/sync/test/'], { body: { remote_url: remoteUrl } }),
  });
}

/** What the first sync of such a link would do. */
export function usePreview(link: NewLink | null) {
  return useQuery({
    enabled: link !== null,
    queryKey: keys.preview(link ?? {}),
    staleTime: 0,
    retry: false,
    queryFn: () => send(previewSchema, ['POST', '/sync/preview/'], { body: link }),
  });
}

/** Which slave follows which of this node's lists. */
export function useSlaves({ enabled }: { enabled: boolean }) {
  return useQuery({
    enabled,
    queryKey: keys.slaves,
    refetchInterval: 15_000,
    queryFn: ({ signal }) => readAll(pageOf(slaveSchema), '/sync/slaves/', { signal }),
  });
}
