import { useQuery } from '@tanstack/react-query';
import { settingsSchema } from '@dossier/protocol/node.ts';
import { keys } from './keys.ts';
import { read } from './request.ts';

/** The configuration with which the node runs, for administrators. */
export function useSettings() {
  return useQuery({ queryKey: keys.settings, queryFn: ({ signal }) => read(settingsSchema, '/settings/', { signal }) });
}
