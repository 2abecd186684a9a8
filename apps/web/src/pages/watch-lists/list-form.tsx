import { Stack, Tabs } from '@mantine/core';
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
import { FieldsEditor } from './fields-editor.tsx';
import { InstructionEditor } from './instruction-editor.tsx';
import { bodyOf, changedPart, draftOf, editedFields, isComplete } from './list-draft.ts';
import type { ListDraft } from './list-draft.ts';
import { ListFields } from './list-fields.tsx';

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
    content: draftOf(read?.value ?? null),
    base: read,
  }));
  const { conflict, undecided, decide, meet, settle } = useConflict<WatchList>({ fieldsOf: editedFields, readTheirs });
  const error = create.error ?? (conflict !== null && isOvertaken(change.error) ? null : change.error);
  const onSuccess = ({ name, misfits }: WatchList): void => {
    draft.discard();
    if (misfits !== undefined && misfits.dossiers > 0) {
      tell(t('fields.misfits', { name, count: misfits.dossiers, fields: misfits.fields.map((field) => field.name).join(', ') }));
    } else tell(t(draft.base === null ? 'watchLists.created' : 'watchLists.changed', { name }));
    onClose();
  };
  const save = (base: Tagged<WatchList>, content: ListDraft): void => {
    const body = bodyOf(content);
    const onError = (problem: Error): void => void meet(problem, base, body).catch(() => undefined);
    change.mutate({ id: base.value.id, tag: base.tag, body: changedPart(body, base.value) }, { onSuccess, onError });
  };
  const submit = (): void => {
    const { log_reads: _logReads, require_match: _requireMatch, ...fresh } = bodyOf(draft.content);
    if (draft.base === null) create.mutate(fresh, { onSuccess });
    else if (conflict === null) save(draft.base, draft.content);
    else {
      const { base, merged } = settle(conflict);
      draft.rebase(base, draftOf(merged));
      save(base, draftOf(merged));
    }
  };
  return (
    <FormDialog
      size="lg"
      title={draft.base === null ? t('common.makeList') : t('watchLists.editTitle', { name: draft.base.value.name })}
      onClose={() => {
        draft.leave();
        onClose();
      }}
      onCancel={() => {
        draft.discard();
        onClose();
      }}
      onSubmit={submit}
      disabled={conflict === null ? !isComplete(draft.content) : undecided}
      busy={create.isPending || change.isPending}
      error={error}
    >
      {conflict === null ? (
        <>
          <KeptDraft draft={draft} />
          <Parts draft={draft.content} fresh={draft.base === null} error={error} onChange={draft.change} />
        </>
      ) : (
        <ConflictChoice of="list" conflict={conflict} onChange={decide} />
      )}
    </FormDialog>
  );
}

interface PartsProps {
  readonly draft: ListDraft;
  readonly fresh: boolean;
  readonly error: unknown;
  readonly onChange: (facts: Partial<ListDraft>) => void;
}

/** The list itself, the fields that it declares, and what to do at the door. */
function Parts({ draft, fresh, error, onChange }: PartsProps) {
  const { t } = useTranslation();
  return (
    <Tabs defaultValue="list">
      <Tabs.List mb="md">
        {(['list', 'fields', 'door'] as const).map((part) => (
          <Tabs.Tab key={part} value={part}>
            {t(`fields.tabs.${part}`)}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      <Tabs.Panel value="list">
        <Stack>
          <ListFields draft={draft} fresh={fresh} error={error} onChange={onChange} />
        </Stack>
      </Tabs.Panel>
      <Tabs.Panel value="fields">
        <FieldsEditor fields={draft.fields} onChange={(fields) => onChange({ fields })} />
      </Tabs.Panel>
      <Tabs.Panel value="door">
        <Stack>
          <InstructionEditor instruction={draft.instruction} onChange={(instruction) => onChange({ instruction })} />
        </Stack>
      </Tabs.Panel>
    </Tabs>
  );
}
