import { useQuery } from '@tanstack/react-query';
import { checkedPhotoSchema, duplicatesSchema } from '@dossier/protocol/duplicates.ts';
import type { CheckedPhoto, Duplicate } from '@dossier/protocol/duplicates.ts';
import { keys } from './keys.ts';
import { read, send } from './request.ts';
import type { Query } from './request.ts';

async function readDuplicates(query: Query, signal?: AbortSignal): Promise<Duplicate[]> {
  return (await read(duplicatesSchema, '/dossiers/duplicates/', { query, signal })).results;
}

/** Dossiers with this name or a similar one, in these lists. */
export function useNamesakes(name: string, { lists, except }: { lists: readonly number[]; except: number | undefined }) {
  return useQuery({
    enabled: name.trim() !== '',
    queryKey: keys.namesakes(name, lists, except),
    queryFn: ({ signal }) => readDuplicates({ name: name.trim(), dossier_lists: lists.join(','), except }, signal),
    staleTime: 60_000,
  });
}

/** Dossiers that show this photo already. */
export async function readPhotoHolders(sha256: string, except?: number): Promise<Duplicate[]> {
  return readDuplicates({ sha256, except });
}

/** What a photo would be if it were given to a dossier. Throws Problem for one that wouldn't be taken. */
export async function checkPhoto(file: File): Promise<CheckedPhoto> {
  const body = new FormData();
  body.append('source_photo', file);
  return send(checkedPhotoSchema, ['POST', '/dossier-faces/check/'], { body });
}
