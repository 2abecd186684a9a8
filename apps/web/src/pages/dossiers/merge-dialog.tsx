import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Dossier } from '@dossier/protocol/dossier.ts';
import { useMergeSides } from '../../api/merge.ts';
import { Dialog } from '../../components/dialog.tsx';
import { Loaded } from '../../components/loaded.tsx';
import { MergeChoice } from './merge-choice.tsx';
import { MergeFind } from './merge-find.tsx';

/** Finds another dossier of the same person, and makes one of both. */
export function MergeDialog({ dossier, onClose }: { dossier: Dossier; onClose: () => void }) {
  const { t } = useTranslation();
  const [other, setOther] = useState<number | null>(null);
  return (
    <Dialog title={t('duplicates.merge.title', { name: dossier.name })} size="xl" onClose={onClose}>
      {other === null ? (
        <MergeFind dossier={dossier} onFound={setOther} onClose={onClose} />
      ) : (
        <Comparison ids={[dossier.id, other]} onBack={() => setOther(null)} onClose={onClose} />
      )}
    </Dialog>
  );
}

function Comparison({ ids, onBack, onClose }: { ids: readonly [number, number]; onBack: () => void; onClose: () => void }) {
  const sides = useMergeSides(ids);
  return (
    <Loaded query={sides}>
      {(found) => (
        // What was read anew is chosen from anew.
        <MergeChoice key={sides.dataUpdatedAt} {...found} onAgain={() => void sides.refetch()} onBack={onBack} onClose={onClose} />
      )}
    </Loaded>
  );
}
