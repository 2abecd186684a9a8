import { Alert, Checkbox, Stack, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Site } from '@dossier/protocol/site.ts';
import { useChangeSite } from '../../api/sites.ts';
import { useWatchLists } from '../../api/watch-lists.ts';
import { whenDone } from '../../api/when-done.ts';
import { FormDialog } from '../../components/form-dialog.tsx';
import { useTell } from '../../components/tell.ts';
import { ListsChoice, useExisting } from './lists-choice.tsx';
import type { GrantedLists } from './lists-choice.tsx';

/** Says which lists a site may read, and what becomes of the copies of those that are taken away. */
export function GrantDialog({ site, onClose }: { site: Site; onClose: () => void }) {
  const { t } = useTranslation();
  const tell = useTell();
  const change = useChangeSite();
  const existing = useExisting();
  const all = useWatchLists().data?.map(({ id }) => id) ?? [];
  const [lists, setLists] = useState<GrantedLists>(site.lists);
  const [purge, setPurge] = useState(false);
  const before = new Set(existing(site.lists) ?? all);
  const after = new Set(existing(lists) ?? all);
  const taken = before.difference(after).size;
  const given = after.difference(before).size;
  const submit = (): void =>
    whenDone(change.mutateAsync({ id: site.id, lists: existing(lists), ...(taken > 0 && { purge }) }), () => {
      tell(t('sites.grant.done', { name: site.name }));
      onClose();
    });
  return (
    <FormDialog
      title={t('sites.grant.title', { name: site.name })}
      onClose={onClose}
      onSubmit={submit}
      danger={taken > 0}
      busy={change.isPending}
      error={change.error}
    >
      <ListsChoice label={t('sites.lists')} value={lists} onChange={setLists} />
      <div role="status">
        {given > 0 && <Text size="sm">{t('sites.grant.gives', { count: given })}</Text>}
        {taken > 0 && (
          <Alert color="yellow" icon={<IconAlertTriangle aria-hidden />} title={t('sites.grant.takes', { count: taken })}>
            <Stack gap="xs">
              <Text size="sm">{t('sites.grant.takesText')}</Text>
              <Checkbox
                label={t('sites.grant.purge')}
                description={t('sites.grant.purgeHint')}
                checked={purge}
                onChange={(event) => setPurge(event.currentTarget.checked)}
              />
            </Stack>
          </Alert>
        )}
      </div>
    </FormDialog>
  );
}
