import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { z } from 'zod';
import { dossierSchema } from '@dossier/protocol/dossier.ts';
import type { Dossier, DossierFace, dossierMerge } from '@dossier/protocol/dossier.ts';
import { readDossier } from './dossiers.ts';
import { keys } from './keys.ts';
import { readPhotos } from './photos.ts';
import { send } from './request.ts';
import type { Tagged } from './tagged.ts';

/** One of two dossiers that are to be merged, as it was read. */
export interface MergeSide {
  readonly dossier: Tagged<Dossier>;
  readonly photos: readonly DossierFace[];
}

/** Two dossiers as they are now. They stay as they were read while somebody looks at them, until they are read again. */
export function useMergeSides(ids: readonly [number, number]) {
  return useQuery({
    queryKey: keys.merge(ids),
    queryFn: async ({ signal }) => {
      const [one, other] = await Promise.all(
        ids.map(async (id): Promise<MergeSide> => {
          const [dossier, photos] = await Promise.all([readDossier(id, signal), readPhotos(id, signal)]);
          return { dossier, photos };
        }),
      );
      if (one === undefined || other === undefined) throw new RangeError('two dossiers are merged');
      return { one, other };
    },
    gcTime: 0,
    refetchOnMount: false,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  });
}

interface Merge {
  readonly one: Tagged<Dossier>;
  readonly other: Tagged<Dossier>;
  readonly body: Omit<z.input<typeof dossierMerge>, 'with'>;
}

/** Merges two dossiers, if both still are as they were read. */
export function useMergeDossiers() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ one, other, body }: Merge): Promise<Dossier> =>
      send(dossierSchema, ['POST', `/dossiers/${one.value.id}/merge/`], {
        body: { ...body, with: other.value.id },
        headers: { 'if-match': `${one.tag}, ${other.tag}` },
      }),
    onSuccess: ({ id }) =>
      Promise.all([keys.photos(id), keys.dossiers, keys.watchLists, keys.bin].map((queryKey) => client.invalidateQueries({ queryKey }))),
  });
}
