import { useTranslation } from 'react-i18next';
import type { Dossier } from '@dossier/protocol/dossier.ts';
import type { WatchList } from '@dossier/protocol/watch-list.ts';
import { readDossier, useChangeDossier, useCreateDossier } from '../../api/dossiers.ts';
import { readLastDeed } from '../../api/history.ts';
import type { Tagged } from '../../api/tagged.ts';
import { ConflictChoice } from '../../components/conflict-choice.tsx';
import { isOvertaken } from '../../components/contests.ts';
import type { Conflict } from '../../components/contests.ts';
import { useDraft } from '../../components/draft.ts';
import type { Draft } from '../../components/draft.ts';
import { FormDialog } from '../../components/form-dialog.tsx';
import { KeptDraft } from '../../components/kept-draft.tsx';
import { useTell } from '../../components/tell.ts';
import { useConflict } from '../../components/use-conflict.ts';
import { findingsOf } from './declared.ts';
import { bodyOf, draftOf, draftSubject, editedFields, isComplete } from './dossier-draft.ts';
import type { DossierDraft } from './dossier-draft.ts';
import type { ChosenPhotos } from './chosen-photos.ts';
import { NewPhotos } from './new-photos.tsx';
import { DossierFields } from './dossier-fields.tsx';
import { metaOf } from './meta-rows.ts';

interface DossierFormProps {
  /** The dossier that is changed, as it was read; null: a new one is made. */
  readonly read: Tagged<Dossier> | null;
  readonly lists: readonly WatchList[];
  /** The list that is chosen at first. */
  readonly preset?: number;
  /** The photos of a new one. */
  readonly chosen?: ChosenPhotos;
  readonly onClose: () => void;
  /** Called instead of onClose when it is saved. */
  readonly onDone: (dossier: Dossier) => void;
}

async function readTheirs({ id }: Dossier): Promise<Pick<Conflict<Dossier>, 'theirs' | 'deed'>> {
  const [theirs, last] = await Promise.all([readDossier(id), readLastDeed(id)]);
  return { theirs, deed: last && { who: last.actor, date: last.date } };
}

/** Saves a draft; what meets another change of the same waits for a person's choice. */
function useSaving(draft: Draft<DossierDraft, Tagged<Dossier> | null>, onDone: (dossier: Dossier) => void) {
  const { t } = useTranslation();
  const tell = useTell();
  const create = useCreateDossier();
  const change = useChangeDossier();
  const { conflict, undecided, decide, meet, settle } = useConflict<Dossier>({ fieldsOf: editedFields, readTheirs });
  const error = create.error ?? (conflict !== null && isOvertaken(change.error) ? null : change.error);
  const onSuccess = (saved: Dossier): void => {
    draft.discard();
    tell(t(draft.base === null ? 'dossiers.created' : 'dossiers.changed', { name: saved.name }));
    onDone(saved);
  };
  const save = (base: Tagged<Dossier>, content: DossierDraft): void => {
    const body = bodyOf(content);
    const onError = (problem: Error): void => void meet(problem, base, body).catch(() => undefined);
    change.mutate({ id: base.value.id, tag: base.tag, body }, { onSuccess, onError });
  };
  const submit = (): void => {
    if (draft.base === null) create.mutate(bodyOf(draft.content), { onSuccess });
    else if (conflict === null) save(draft.base, draft.content);
    else {
      const { base, merged } = settle(conflict);
      const content = draftOf(merged, []);
      draft.rebase(base, content);
      save(base, content);
    }
  };
  return { conflict, undecided, decide, submit, busy: create.isPending || change.isPending, error };
}

/** Makes a dossier, or changes the one that is given: as it was read, or by a person's choice over what somebody else changed meanwhile. */
export function DossierForm({ read, lists, preset, chosen: photos, onClose, onDone }: DossierFormProps) {
  const { t } = useTranslation();
  const only = lists.length === 1 ? lists[0]?.id : undefined;
  const chosen = [lists.find(({ id }) => id === preset)?.id ?? only].filter((id) => id !== undefined);
  const draft = useDraft<DossierDraft, Tagged<Dossier> | null>(draftSubject(read?.value.id ?? null), () => ({
    content: draftOf(read?.value ?? null, chosen),
    base: read,
  }));
  const { conflict, undecided, decide, submit, busy, error } = useSaving(draft, onDone);
  const listed = lists.filter(({ id }) => draft.content.lists.includes(id));
  const findings = findingsOf(listed, draft.base?.value ?? null, metaOf(draft.content.rows));
  const fits = [...findings.values()].every(({ kept }) => kept);
  const discard = (): void => {
    draft.discard();
    photos?.clear();
  };
  return (
    <FormDialog
      title={draft.base === null ? t('dossiers.create') : t('dossiers.editTitle', { name: draft.base.value.name })}
      size="lg"
      onClose={() => {
        draft.leave();
        onClose();
      }}
      onCancel={() => {
        discard();
        onClose();
      }}
      onSubmit={submit}
      disabled={conflict === null ? !isComplete(draft.content) || !fits : undecided}
      busy={busy}
      error={error}
    >
      {conflict === null ? (
        <>
          <KeptDraft draft={{ keptSince: draft.keptSince, discard }} />
          {photos && (
            <NewPhotos chosen={photos} drafted={draft.content.photoNames ?? []} onNames={(photoNames) => draft.change({ photoNames })} />
          )}
          <DossierFields draft={draft.content} lists={lists} base={draft.base?.value ?? null} error={error} onChange={draft.change} />
        </>
      ) : (
        <ConflictChoice conflict={conflict} onChange={decide} />
      )}
    </FormDialog>
  );
}
