import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { dossierFaceSchema, dossierSchema } from '@dossier/protocol/dossier.ts';
import type { Dossier, DossierFace } from '@dossier/protocol/dossier.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import { readDossier } from './dossiers.ts';
import { keys } from './keys.ts';
import { readAll } from './read-all.ts';
import { command, exchange } from './request.ts';
import { ifMatch } from './tagged.ts';
import type { Tagged } from './tagged.ts';
import { upload } from './upload.ts';

const photoPage = pageOf(dossierFaceSchema);

/** Where the bytes of the photo of this id are; on this node, whatever name it is called by. A rendition is for looking closely, in true colours. */
export function photoAddress(id: string, kind: 'photo' | 'thumbnail' | 'rendition'): string {
  return `/dossier-faces/${id}/${kind}/`;
}

/** All photos of a dossier. */
export function usePhotos(dossier: number) {
  return useQuery({
    queryKey: keys.photos(dossier),
    queryFn: ({ signal }) => readPhotos(dossier, signal),
  });
}

/** The photos of a dossier as they are now, the face first. Throws Problem. */
export async function readPhotos(dossier: number, signal: AbortSignal): Promise<DossierFace[]> {
  return readAll(photoPage, '/dossier-faces/', { query: { dossier }, signal });
}

/** Uploads a photo, telling how much of it is sent (0…1). Throws Problem. */
export function uploadPhoto(dossier: number, file: File, onProgress: (part: number) => void): Promise<DossierFace> {
  const form = new FormData();
  form.append('dossier', String(dossier));
  form.append('source_photo', file);
  return upload(dossierFaceSchema, '/dossier-faces/', { query: {}, body: form, onProgress });
}

/** Forgets what is known of a dossier's photos, as they have changed. */
export function useForgetPhotos(): (dossier: number) => Promise<unknown> {
  const client = useQueryClient();
  return (dossier) => Promise.all([keys.photos(dossier), keys.dossiers].map((queryKey) => client.invalidateQueries({ queryKey })));
}

export function useDeletePhoto(dossier: number) {
  const forget = useForgetPhotos();
  return useMutation({ mutationFn: (id: string) => command(['DELETE', `/dossier-faces/${id}/`]), onSuccess: () => forget(dossier) });
}

/**
 * Puts the photos of a dossier in the order given, if it still is as it is on view; they are shown so at once, and as they are if that fails. One order after
 * the other: each is meant for the state that the one before has made.
 */
export function useOrderPhotos(dossier: number) {
  const client = useQueryClient();
  const forget = useForgetPhotos();
  const mutationKey = keys.photoOrder(dossier);
  return useMutation({
    mutationKey,
    scope: { id: mutationKey.join(' ') },
    async mutationFn(photos: readonly DossierFace[]): Promise<Tagged<Dossier>> {
      const { tag } = client.getQueryData<Tagged<Dossier>>(keys.dossier(dossier)) ?? (await readDossier(dossier));
      const body = { photos: photos.map((photo) => photo.id) };
      const response = await exchange('PATCH', `/dossiers/${dossier}/`, { body, headers: ifMatch(tag) });
      return { value: dossierSchema.parse(await response.json()), tag: response.headers.get('etag') ?? '' };
    },
    async onMutate(photos) {
      await client.cancelQueries({ queryKey: keys.photos(dossier) });
      client.setQueryData(keys.photos(dossier), photos);
    },
    onSuccess: (ordered) => client.setQueryData(keys.dossier(dossier), ordered),
    // Where another order waits, it is what is on view.
    onSettled: async () => client.isMutating({ mutationKey }) > 1 || (await forget(dossier)),
  });
}
