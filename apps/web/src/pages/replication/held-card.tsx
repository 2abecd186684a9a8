import { Alert, Anchor, Button, Group, List, Stack, Text } from '@mantine/core';
import { IconHandStop } from '@tabler/icons-react';
import { useState } from 'react';
import { Trans, useTranslation } from 'react-i18next';
import type { Held, HeldKind } from '@dossier/protocol/held.ts';
import type { Link } from '@dossier/protocol/sync.ts';
import { lostAddress } from '../../api/held.ts';
import { useSync } from '../../api/links.ts';
import { useMay } from '../../api/session.ts';
import { When } from '../../components/when.tsx';
import { useNodeWords } from '../../i18n/node-words.ts';
import { useWriting } from '../../format/moments.ts';
import { ApproveDialog } from './approve-dialog.tsx';
import { HeldNames } from './held-names.tsx';
import { RejectDialog } from './reject-dialog.tsx';

/** A sync that waits for a person: why, what would go by name, and the two answers. */
export function HeldCard({ link, held, name }: { link: Link; held: Held; name: string }) {
  const { t } = useTranslation();
  const admin = useMay('admin');
  const [opened, setOpened] = useState<'approve' | 'reject' | null>(null);
  const words = useNodeWords();
  const waiting = held.state === 'waiting';
  return (
    <Alert
      color="yellow"
      icon={<IconHandStop aria-hidden />}
      title={t(admin || !waiting ? `replication.held.states.${held.state}` : 'replication.held.waitsForAdministrator', { name })}
      role="alert"
    >
      <Stack gap="sm">
        <List size="sm">
          {held.reasons.map((reason) => (
            <List.Item key={reason.guard}>
              {words.reason(reason)}{' '}
              <Text span size="sm" c="dimmed">
                {t(`replication.held.guards.${reason.guard}`)}
              </Text>
            </List.Item>
          ))}
        </List>
        <Text size="sm">
          {t(`replication.held.safe.${held.state}`)} {held.decided_by !== null && t('replication.held.decidedBy', { who: held.decided_by })}{' '}
          {waiting && held.approved_first_by !== null && t('replication.held.approvedFirstBy', { who: held.approved_first_by })}{' '}
          {waiting && <Trans t={t} i18nKey="replication.held.expires" components={{ time: <When time={held.expires_date} /> }} />}
        </Text>
        <Counts held={held} />
        <HeldNames list={link.slave_dossier_list} held={held} />
        {held.lost > 0 && (
          <Text size="sm">
            <Anchor underline="always" href={lostAddress(link.slave_dossier_list)} download>
              {t('replication.held.lostFile')}
            </Anchor>{' '}
            {t('replication.held.lostHint')}
          </Text>
        )}
        {admin && waiting && (
          <Group gap="xs">
            <Button size="xs" variant="default" onClick={() => setOpened('reject')}>
              {t('replication.held.reject')}
            </Button>
            <Button size="xs" color="red.8" onClick={() => setOpened('approve')}>
              {t('replication.held.approve')}
            </Button>
          </Group>
        )}
        {admin && !waiting && <AskAgain list={link.slave_dossier_list} />}
      </Stack>
      {opened === 'approve' && <ApproveDialog list={link.slave_dossier_list} held={held} name={name} onClose={() => setOpened(null)} />}
      {opened === 'reject' && <RejectDialog list={link.slave_dossier_list} held={held} onClose={() => setOpened(null)} />}
    </Alert>
  );
}

const counted: readonly HeldKind[] = ['adding', 'changing', 'removing', 'deactivating', 'lost'];

function Counts({ held }: { held: Held }) {
  const { t } = useTranslation();
  const writing = useWriting();
  return (
    <Group gap="lg">
      {counted
        .filter((kind) => held[kind] > 0)
        .map((kind) => (
          <Text key={kind} size="sm">
            {t(`replication.held.kinds.${kind}`)}: <strong>{writing.number(held[kind])}</strong>
          </Text>
        ))}
    </Group>
  );
}

/** After a decision or its expiry a sync looks at what would be done now. */
function AskAgain({ list }: { list: number }) {
  const { t } = useTranslation();
  const sync = useSync();
  return (
    <Group>
      <Button size="xs" variant="default" loading={sync.isPending} onClick={() => sync.mutate({ list, mode: 'auto' })}>
        {t('replication.syncNow')}
      </Button>
    </Group>
  );
}
