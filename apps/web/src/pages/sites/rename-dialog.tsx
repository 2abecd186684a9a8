import { TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Site } from '@dossier/protocol/site.ts';
import { useChangeSite } from '../../api/sites.ts';
import { whenDone } from '../../api/when-done.ts';
import { useFieldFault } from '../../components/field-fault.ts';
import { FormDialog } from '../../components/form-dialog.tsx';
import { useTell } from '../../components/tell.ts';

/** Calls a site otherwise on this node. */
export function RenameDialog({ site, onClose }: { site: Site; onClose: () => void }) {
  const { t } = useTranslation();
  const tell = useTell();
  const change = useChangeSite();
  const faultOf = useFieldFault(change.error);
  const [name, setName] = useState(site.name);
  const submit = (): void =>
    whenDone(change.mutateAsync({ id: site.id, name: name.trim() }), ({ name: given }) => {
      tell(t('sites.rename.done', { name: given }));
      onClose();
    });
  return (
    <FormDialog
      title={t('sites.rename.title', { name: site.name })}
      onClose={onClose}
      onSubmit={submit}
      disabled={name.trim() === ''}
      busy={change.isPending}
      error={change.error}
    >
      <TextInput
        label={t('sites.invite.nameLabel')}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        error={faultOf('name')}
        maxLength={100}
        autoComplete="off"
        required
        data-autofocus
      />
    </FormDialog>
  );
}
