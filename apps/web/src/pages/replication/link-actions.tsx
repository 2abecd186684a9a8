import { ActionIcon, Button, Menu } from '@mantine/core';
import { IconDots, IconRefresh } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { RunMode } from '@dossier/domain/run.ts';
import type { Link } from '@dossier/protocol/sync.ts';
import { useSync } from '../../api/links.ts';
import { whenDone } from '../../api/when-done.ts';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { useTell } from '../../components/tell.ts';
import { AddressDialog } from './address-dialog.tsx';
import { CancelDialog } from './cancel-dialog.tsx';
import { GuardsDialog } from './guards-dialog.tsx';
import { UndoDialog } from './undo-dialog.tsx';

/** What an administrator can do with a link. */
export function LinkActions({ link, name }: { link: Link; name: string }) {
  const { t } = useTranslation();
  const tell = useTell();
  const sync = useSync();
  const [opened, setOpened] = useState<'cancel' | 'guards' | 'undo' | 'address' | null>(null);
  const start = (mode: RunMode): void =>
    whenDone(sync.mutateAsync({ list: link.slave_dossier_list, mode }), () => tell(t(`replication.asked.${mode}`)));
  const close = (): void => setOpened(null);
  if (link.state === 'unlinking') return null;
  return (
    <>
      <Button
        leftSection={<IconRefresh size={18} aria-hidden />}
        onClick={() => start('auto')}
        loading={sync.isPending}
        disabled={link.state === 'syncing'}
      >
        {t('replication.syncNow')}
      </Button>
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon variant="default" size={36} aria-label={t('common.actionsFor', { name })}>
            <IconDots size={18} aria-hidden />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => start('verify')}>{t('replication.verify')}</Menu.Item>
          <Menu.Item onClick={() => start('repair')}>{t('replication.repair')}</Menu.Item>
          <Menu.Item onClick={() => start('full')}>{t('replication.full')}</Menu.Item>
          <Menu.Item onClick={() => setOpened('address')}>{t('replication.address.open')}</Menu.Item>
          <Menu.Item onClick={() => setOpened('guards')}>{t('replication.guards.open')}</Menu.Item>
          {link.undo !== null && <Menu.Item onClick={() => setOpened('undo')}>{t('replication.undo.open')}</Menu.Item>}
          <Menu.Divider />
          <Menu.Item className="danger" onClick={() => setOpened('cancel')}>
            {t('replication.cancel.open')}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <ProblemAlert error={sync.error} />
      {opened === 'cancel' && <CancelDialog link={link} name={name} onClose={close} />}
      {opened === 'address' && <AddressDialog link={link} name={name} onClose={close} />}
      {opened === 'guards' && <GuardsDialog link={link} onClose={close} />}
      {opened === 'undo' && link.undo !== null && <UndoDialog list={link.slave_dossier_list} undo={link.undo} onClose={close} />}
    </>
  );
}
