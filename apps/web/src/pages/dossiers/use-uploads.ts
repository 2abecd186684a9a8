import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { DossierFace } from '@dossier/protocol/dossier.ts';
import { uploadPhoto, useForgetPhotos } from '../../api/photos.ts';
import { useTell } from '../../components/tell.ts';

/** A photo on its way to a dossier; one that failed stays until it is tried again or left out. */
export interface Upload {
  readonly key: number;
  readonly file: File;
  /** How much of it is sent, 0…1; null while it waits for its turn. */
  readonly part: number | null;
  readonly error: unknown;
}

export interface Uploads {
  readonly list: readonly Upload[];
  /** Uploads the files, one after the other: the node decodes each, and the line may be thin. Says how many failed. */
  send(dossier: number, files: readonly File[]): Promise<number>;
  /** Tries those again that failed, or one of them. Says how many failed again. */
  retry(dossier: number, key?: number): Promise<number>;
  leaveOut(key: number): void;
}

let uploads = 0;

/** `onAdded` is called for each photo that a dossier got. */
export function useUploads(onAdded?: (photo: DossierFace) => void): Uploads {
  const { t } = useTranslation();
  const tell = useTell();
  const forget = useForgetPhotos();
  const isShown = useRef(true);
  useEffect(() => {
    isShown.current = true;
    return () => void (isShown.current = false);
  }, []);
  const [list, setList] = useState<readonly Upload[]>([]);
  const turn = useRef<Promise<unknown>>(Promise.resolve());
  const change = (key: number, facts: Partial<Upload>): void =>
    setList((before) => before.map((upload) => (upload.key === key ? { ...upload, ...facts } : upload)));
  const take = async (dossier: number, { key, file }: Upload): Promise<boolean> => {
    try {
      const photo = await uploadPhoto(dossier, file, (part) => change(key, { part }));
      setList((before) => before.filter((upload) => upload.key !== key));
      onAdded?.(photo);
      return true;
    } catch (error) {
      change(key, { error, part: null });
      // Where the list of them is closed meanwhile, somebody has to hear of it nevertheless.
      if (!isShown.current) tell(t('photos.upload.lost', { name: file.name }));
      return false;
    }
  };
  const run = async (dossier: number, wanted: readonly Upload[]): Promise<number> => {
    const all = turn.current.then(async () => {
      let failed = 0;
      for (const upload of wanted) if (!(await take(dossier, upload))) failed += 1;
      await forget(dossier);
      return failed;
    });
    turn.current = all;
    return all;
  };
  return {
    list,
    send(dossier, files) {
      const added = files.map((file) => ({ key: (uploads += 1), file, part: null, error: null }));
      setList((before) => [...before, ...added]);
      return run(dossier, added);
    },
    retry(dossier, key) {
      const again = list.filter((upload) => upload.error !== null && (key === undefined || upload.key === key));
      for (const upload of again) change(upload.key, { error: null });
      return run(dossier, again);
    },
    leaveOut: (key) => setList((before) => before.filter((upload) => upload.key !== key)),
  };
}
