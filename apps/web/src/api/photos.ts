import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { dossierFaceSchema } from '@dossier/protocol/dossier.ts';
import type { DossierFace } from '@dossier/protocol/dossier.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import { keys } from './keys.ts';
import { Problem, problemOf } from './problem.ts';
import { readAll } from './read-all.ts';
import { command, read } from './request.ts';

const photoPage = pageOf(dossierFaceSchema);

/** Where the bytes of a photo are; on this node, whatever name it is called by. */
export function photoAddress(photo: Pick<DossierFace, 'id'>, kind: 'photo' | 'thumbnail'): string {
  return `/dossier-faces/${photo.id}/${kind}/`;
}

/** All photos of a dossier. */
export function usePhotos(dossier: number) {
  return useQuery({
    queryKey: keys.photos(dossier),
    queryFn: ({ signal }) => readAll(photoPage, '/dossier-faces/', { query: { dossier }, signal }),
  });
}

/** The first photo of a dossier, or null. */
export function useFirstPhoto(dossier: number, { enabled }: { enabled: boolean }) {
  return useQuery({
    enabled,
    queryKey: keys.firstPhoto(dossier),
    staleTime: 300_000,
    queryFn: async ({ signal }) => {
      const { results } = await read(photoPage, '/dossier-faces/', { query: { dossier, limit: 1 }, signal });
      return results[0] ?? null;
    },
  });
}

/** Uploads a photo, telling how much of it is sent (0…1). Throws Problem. */
export function uploadPhoto(dossier: number, file: File, onProgress: (part: number) => void): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const form = new FormData();
  form.append('dossier', String(dossier));
  form.append('source_photo', file);
  // fetch does not tell how an upload goes.
  const request = new XMLHttpRequest();
  request.open('POST', '/dossier-faces/');
  request.upload.addEventListener('progress', (event) => {
    if (event.lengthComputable) onProgress(event.loaded / event.total);
  });
  request.addEventListener('load', () => {
    if (request.status === 201) resolve();
    else void problemOf(new Response(request.responseText, { status: request.status, statusText: request.statusText })).then(reject);
  });
  request.addEventListener('error', () => reject(new Problem('unreachable', { status: 0, code: 'UNREACHABLE' })));
  request.send(form);
  return promise;
}

/** Forgets what is known of a dossier's photos, as they have changed. */
export function useForgetPhotos(dossier: number): () => Promise<unknown> {
  const client = useQueryClient();
  return () =>
    Promise.all([keys.photos(dossier), keys.firstPhoto(dossier), keys.dossiers].map((queryKey) => client.invalidateQueries({ queryKey })));
}

export function useDeletePhoto(dossier: number) {
  return useMutation({ mutationFn: (id: string) => command(['DELETE', `/dossier-faces/${id}/`]), onSuccess: useForgetPhotos(dossier) });
}
