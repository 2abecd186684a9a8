import { Switch, Textarea, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { WatchList } from '@dossier/protocol/watch-list.ts';
import { useChangeWatchList, useCreateWatchList } from '../../api/watch-lists.ts';
import { useFieldFault } from '../../components/field-fault.ts';
import { FormDialog } from '../../components/form-dialog.tsx';
import { useTell } from '../../components/tell.ts';
import { ColourChoice } from './colour-choice.tsx';

/** Makes a list, or changes the one that is given. */
export function ListDialog({ list, onClose }: { list: WatchList | null; onClose: () => void }) {
  const { t } = useTranslation();
  const tell = useTell();
  const create = useCreateWatchList();
  const change = useChangeWatchList();
  const [name, setName] = useState(list?.name ?? '');
  const [comment, setComment] = useState(list?.comment ?? '');
  const [color, setColor] = useState(list?.color ?? '');
  const [active, setActive] = useState(list?.active ?? true);
  const [logReads, setLogReads] = useState(list?.log_reads ?? false);
  const error = create.error ?? change.error;
  const faultOf = useFieldFault(error);
  const done = (message: string) => () => {
    tell(message);
    onClose();
  };
  const submit = (): void => {
    const body = { name: name.trim(), comment, color, active };
    if (list === null) create.mutate(body, { onSuccess: done(t('watchLists.created', { name: body.name })) });
    else change.mutate({ id: list.id, ...body, log_reads: logReads }, { onSuccess: done(t('watchLists.changed', { name: body.name })) });
  };
  return (
    <FormDialog
      title={list === null ? t('watchLists.create') : t('watchLists.editTitle', { name: list.name })}
      onClose={onClose}
      onSubmit={submit}
      disabled={name.trim() === ''}
      busy={create.isPending || change.isPending}
      error={error}
    >
      <TextInput
        label={t('common.name')}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        error={faultOf('name')}
        required
        maxLength={256}
        data-autofocus
      />
      <Textarea
        label={t('common.comment')}
        value={comment}
        onChange={(event) => setComment(event.currentTarget.value)}
        autosize
        minRows={2}
      />
      <ColourChoice value={color} onChange={setColor} />
      <Switch
        label={t('watchLists.activeLabel')}
        description={t('watchLists.activeHint')}
        checked={active}
        onChange={(event) => setActive(event.currentTarget.checked)}
      />
      {list !== null && (
        <Switch
          label={t('watchLists.logReadsLabel')}
          description={t('watchLists.logReadsHint')}
          checked={logReads}
          onChange={(event) => setLogReads(event.currentTarget.checked)}
        />
      )}
    </FormDialog>
  );
}
