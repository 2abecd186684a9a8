import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Dossier } from '@dossier/protocol/dossier.ts';
import type { WatchList } from '@dossier/protocol/watch-list.ts';
import { useChangeDossier, useCreateDossier } from '../../api/dossiers.ts';
import { FormDialog } from '../../components/form-dialog.tsx';
import { useTell } from '../../components/tell.ts';
import { bodyOf, draftOf, isComplete } from './dossier-draft.ts';
import { DossierFields } from './dossier-fields.tsx';

interface DossierFormProps {
  readonly dossier: Dossier | null;
  readonly lists: readonly WatchList[];
  /** The list that is chosen at first. */
  readonly preset?: number;
  readonly onClose: () => void;
  readonly onDone: (dossier: Dossier) => void;
}

/** Makes a dossier, or changes the one that is given. */
export function DossierForm({ dossier, lists, preset, onClose, onDone }: DossierFormProps) {
  const { t } = useTranslation();
  const tell = useTell();
  const create = useCreateDossier();
  const change = useChangeDossier();
  const only = lists.length === 1 ? lists[0]?.id : undefined;
  const [draft, setDraft] = useState(() =>
    draftOf(
      dossier,
      [lists.find(({ id }) => id === preset)?.id ?? only].filter((id) => id !== undefined),
    ),
  );
  const error = create.error ?? change.error;
  const onSuccess = (saved: Dossier): void => {
    tell(t(dossier === null ? 'dossiers.created' : 'dossiers.changed', { name: saved.name }));
    onClose();
    onDone(saved);
  };
  const submit = (): void => {
    if (dossier === null) create.mutate(bodyOf(draft), { onSuccess });
    else change.mutate({ id: dossier.id, ...bodyOf(draft) }, { onSuccess });
  };
  return (
    <FormDialog
      title={dossier === null ? t('dossiers.create') : t('dossiers.editTitle', { name: dossier.name })}
      size="lg"
      onClose={onClose}
      onSubmit={submit}
      disabled={!isComplete(draft)}
      busy={create.isPending || change.isPending}
      error={error}
    >
      <DossierFields draft={draft} lists={lists} error={error} onChange={(facts) => setDraft((before) => ({ ...before, ...facts }))} />
    </FormDialog>
  );
}
