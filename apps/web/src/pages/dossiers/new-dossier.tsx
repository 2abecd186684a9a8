import { useState } from 'react';
import type { Dossier } from '@dossier/protocol/dossier.ts';
import type { WatchList } from '@dossier/protocol/watch-list.ts';
import type { ChosenPhotos } from './chosen-photos.ts';
import { AddingPhotos } from './adding-photos.tsx';
import { DossierForm } from './dossier-form.tsx';
import { useUploads } from './use-uploads.ts';

interface NewDossierProps {
  readonly lists: readonly WatchList[];
  readonly preset?: number;
  readonly chosen: ChosenPhotos;
  readonly onClose: () => void;
  readonly onDone: (dossier: Dossier) => void;
}

/** Makes a dossier with its photos. What can't be added to it is told, and can be tried again: the dossier is there by then. */
export function NewDossier({ lists, preset, chosen, onClose, onDone }: NewDossierProps) {
  const [made, setMade] = useState<Dossier | null>(null);
  const uploads = useUploads();
  const addPhotos = (dossier: Dossier): void => {
    const files = chosen.list.map(({ file }) => file);
    if (files.length === 0) {
      onDone(dossier);
      return;
    }
    setMade(dossier);
    chosen.clear();
    void uploads.send(dossier.id, files);
  };
  if (made !== null) return <AddingPhotos dossier={made} uploads={uploads} onDone={() => onDone(made)} />;
  return (
    <DossierForm read={null} lists={lists} {...(preset !== undefined && { preset })} chosen={chosen} onClose={onClose} onDone={addPhotos} />
  );
}
