import { TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { WatchList } from '@dossier/protocol/watch-list.ts';
import { useCreateLink } from '../../api/links.ts';
import { usePreview } from '../../api/masters.ts';
import { useCreateWatchList, useWatchLists } from '../../api/watch-lists.ts';
import { ListChoice } from '../../components/list-choice.tsx';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { TypeToConfirm } from '../../components/type-to-confirm.tsx';
import { isTyped } from '../../components/typed.ts';
import type { ChosenMaster, RemoteList } from './enable-dialog.tsx';
import { FirstSync } from './first-sync.tsx';
import { StepForm } from './step-form.tsx';

interface LocalListStepProps {
  readonly master: ChosenMaster;
  readonly remote: RemoteList;
  readonly onBack: () => void;
  readonly onDone: (list: number) => void;
}

/** Which list here becomes the copy: a new one, or one whose dossiers make way, which takes its typed name. */
export function LocalListStep({ master, remote, onBack, onDone }: LocalListStepProps) {
  const { t } = useTranslation();
  const lists = useWatchLists();
  const create = useCreateWatchList();
  const link = useCreateLink();
  const [choice, setChoice] = useState<string>('new');
  const [name, setName] = useState(remote.name);
  const [typed, setTyped] = useState('');
  const own = (lists.data ?? []).filter((list) => list.replica === null);
  const local = own.find((list) => String(list.id) === choice) ?? null;
  const linkTo = (id: number) => ({ remote_url: master.url, remote_dossier_list: remote.id, slave_dossier_list: id });
  const preview = usePreview(local === null ? null : linkTo(local.id));
  const holds = local !== null && (preview.data?.local_count ?? local.dossier_count) > 0;
  const ready = local === null ? name.trim() !== '' : preview.data !== undefined && (!holds || isTyped(typed, local.name));
  const start = (id: number): void => link.mutate(linkTo(id), { onSuccess: () => onDone(id) });
  const submit = (): void => {
    if (local !== null) start(local.id);
    // The list was made, but linking it failed: it isn't made again.
    else if (create.data !== undefined) start(create.data.id);
    else create.mutate({ name: name.trim() }, { onSuccess: (made) => start(made.id) });
  };
  return (
    <StepForm
      back={t('common.back')}
      onBack={onBack}
      forward={t('replication.enable.start')}
      onForward={submit}
      disabled={!ready}
      busy={create.isPending || link.isPending}
      danger={holds}
    >
      <LocalLists
        lists={own}
        choice={choice}
        onChoose={(value) => {
          setChoice(value);
          setTyped('');
        }}
      />
      {local === null && (
        <TextInput
          label={t('replication.enable.newName')}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          disabled={create.data !== undefined}
          maxLength={256}
          required
        />
      )}
      <FirstSync remote={remote} list={local} preview={local === null ? undefined : preview.data} />
      <ProblemAlert error={preview.error ?? create.error ?? link.error} />
      {holds && <TypeToConfirm text={local.name} value={typed} onType={setTyped} />}
    </StepForm>
  );
}

interface LocalListsProps {
  readonly lists: readonly WatchList[];
  /** The id of a list, or `new`. */
  readonly choice: string;
  readonly onChoose: (choice: string) => void;
}

function LocalLists({ lists, choice, onChoose }: LocalListsProps) {
  const { t } = useTranslation();
  return (
    <ListChoice
      label={t('replication.enable.chooseLocal')}
      value={choice}
      onChoose={onChoose}
      always={{ value: 'new', name: t('replication.enable.newList'), description: t('replication.enable.newListHint') }}
      choices={lists.map((list) => ({
        value: String(list.id),
        name: list.name,
        description: t('common.dossiers', { count: list.dossier_count }),
      }))}
    />
  );
}
