import { useTranslation } from 'react-i18next';
import type { WatchList } from '@dossier/protocol/watch-list.ts';
import { readLastListDeed } from '../../api/audit.ts';
import type { Tagged } from '../../api/tagged.ts';
import { readWatchList, useChangeWatchList, useCreateWatchList } from '../../api/watch-lists.ts';
import { ConflictChoice } from '../../components/conflict-choice.tsx';
import { isOvertaken } from '../../components/contests.ts';
import type { Conflict } from '../../components/contests.ts';
import { useDraft } from '../../components/draft.ts';
import { FormDialog } from '../../components/form-dialog.tsx';
import { KeptDraft } from '../../components/kept-draft.tsx';
import { useTell } from '../../components/tell.ts';
import { useConflict } from '../../components/use-conflict.ts';
import { ListFields } from './list-fields.tsx';
import type { ListDraft } from './list-fields.tsx';

const emptyList: ListDraft = { name: '', comment: '', color: '', active: true, log_reads: false, require_match: false };

function editedFields({ name, comment, color, active, log_reads: logReads, require_match: requireMatch }: ListDraft): ListDraft {
  return { name, comment, color, active, log_reads: logReads, require_match: requireMatch };
}

async function readTheirs({ id }: WatchList): Promise<Pick<Conflict<WatchList>, 'theirs' | 'deed'>> {
  const [theirs, last] = await Promise.all([readWatchList(id), readLastListDeed(id)]);
  return { theirs, deed: last && { who: last.actor, date: last.date } };
}

/** Makes a list, or changes the one that is given: as it was read, or by a person's choice over what somebody else changed meanwhile. */
export function ListForm({ read, onClose }: { read: Tagged<WatchList> | null; onClose: () => void }) {
  const { t } = useTranslation();
  const tell = useTell();
  const create = useCreateWatchList();
  const change = useChangeWatchList();
  const draft = useDraft<ListDraft, Tagged<WatchList> | null>(`list ${read?.value.id ?? 'new'}`, () => ({
    content: editedFields(read?.value ?? emptyList),
    base: read,
  }));
  const { conflict, undecided, decide, meet, settle } = useConflict<WatchList>({ fieldsOf: editedFields, readTheirs });
  const error = create.error ?? (conflict !== null && isOvertaken(change.error) ? null : change.error);
  const onSuccess = ({ name }: WatchList): void => {
    draft.discard();
    tell(t(draft.base === null ? 'watchLists.created' : 'watchLists.changed', { name }));
    onClose();
  };
  const save = (base: Tagged<WatchList>, content: ListDraft): void => {
    const body = { ...content, name: content.name.trim() };
    const onError = (problem: Error): void => void meet(problem, base, body).catch(() => undefined);
    change.mutate({ id: base.value.id, tag: base.tag, body }, { onSuccess, onError });
  };
  const submit = (): void => {
    const { name, comment, color, active } = draft.content;
    if (draft.base === null) create.mutate({ name: name.trim(), comment, color, active }, { onSuccess });
    else if (conflict === null) save(draft.base, draft.content);
    else {
      const { base, merged } = settle(conflict);
      draft.rebase(base, editedFields(merged));
      save(base, editedFields(merged));
    }
  };
  return (
    <FormDialog
      title={draft.base === null ? t('watchLists.create') : t('watchLists.editTitle', { name: draft.base.value.name })}
      onClose={() => {
        draft.leave();
        onClose();
      }}
      onCancel={() => {
        draft.discard();
        onClose();
      }}
      onSubmit={submit}
      disabled={conflict === null ? draft.content.name.trim() === '' : undecided}
      busy={create.isPending || change.isPending}
      error={error}
    >
      {conflict === null ? (
        <>
          <KeptDraft draft={draft} />
          <ListFields draft={draft.content} fresh={draft.base === null} error={error} onChange={draft.change} />
        </>
      ) : (
        <ConflictChoice conflict={conflict} onChange={decide} />
      )}
    </FormDialog>
  );
}
