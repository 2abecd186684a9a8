import { Checkbox, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Site } from '@dossier/protocol/site.ts';
import { useAcceptSite } from '../../api/sites.ts';
import { whenDone } from '../../api/when-done.ts';
import { FormDialog } from '../../components/form-dialog.tsx';
import { KeyWords } from '../../components/key-words.tsx';
import { useTell } from '../../components/tell.ts';
import { ListsChoice, useExisting } from './lists-choice.tsx';
import type { GrantedLists } from './lists-choice.tsx';

/** Lets a node in that waits, once a person has compared its words, to the lists that are chosen. */
export function AcceptDialog({ site, onClose }: { site: Site; onClose: () => void }) {
  const { t } = useTranslation();
  const tell = useTell();
  const accept = useAcceptSite();
  const existing = useExisting();
  const [compared, setCompared] = useState(false);
  const [lists, setLists] = useState<GrantedLists>(site.lists);
  const submit = (): void =>
    whenDone(accept.mutateAsync({ id: site.id, lists: existing(lists) }), () => {
      tell(t('sites.accept.done', { name: site.name }));
      onClose();
    });
  return (
    <FormDialog
      title={t('sites.accept.title', { name: site.name })}
      onClose={onClose}
      onSubmit={submit}
      submitLabel={t('sites.accept.button')}
      disabled={!compared && site.words !== null}
      busy={accept.isPending}
      error={accept.error}
    >
      {site.words !== null && (
        <Stack gap="xs">
          <Text size="sm">{t('sites.accept.words')}</Text>
          <KeyWords words={site.words} large />
          <Text size="sm">{t('sites.accept.compare')}</Text>
          <Checkbox
            label={t('sites.accept.compared')}
            checked={compared}
            onChange={(event) => setCompared(event.currentTarget.checked)}
            data-autofocus
          />
        </Stack>
      )}
      <ListsChoice label={t('sites.accept.lists')} value={lists} onChange={setLists} />
    </FormDialog>
  );
}
