import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useState } from 'react';
import { Trans, useTranslation } from 'react-i18next';
import type { Link, SyncError } from '@dossier/protocol/sync.ts';
import { useSync } from '../../api/links.ts';
import { useNode } from '../../api/node.ts';
import { useMay } from '../../api/session.ts';
import { KeyWords } from '../../components/key-words.tsx';
import { Original } from '../../components/original.tsx';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { When } from '../../components/when.tsx';
import { useNodeWords } from '../../i18n/node-words.ts';
import { useWriting } from '../../format/moments.ts';
import { AddressDialog } from './address-dialog.tsx';
import { CancelDialog } from './cancel-dialog.tsx';

/** Failures after which there is nothing on the master that this link could follow. */
const beyondRepair = ['NO_SUCH_LIST', 'LIST_REPLACED', 'NODE_REPLACED', 'THIS_NODE_ITSELF', 'MASTER_NOT_ALLOWED', 'ADDRESS_REFUSED'];

/** Failures that another address may mend. */
const aboutAddress = [
  'MASTER_UNREACHABLE',
  'ADDRESS_REFUSED',
  'MISDIRECTED',
  'PROTOCOL_NOT_SPOKEN',
  'REDIRECTED',
  'NODE_REPLACED',
  'NO_SUCH_LIST',
  'THIS_NODE_ITSELF',
  'MASTER_NOT_ALLOWED',
];

/** What went wrong, what is still safe, what happens next, and the button that mends it. */
export function ErrorCard({ link, error, name }: { link: Link; error: SyncError; name: string }) {
  const { t } = useTranslation();
  const admin = useMay('admin');
  const sync = useSync();
  const [opened, setOpened] = useState<'cancel' | 'address' | null>(null);
  const words = useNodeWords().fault(error);
  const differs = error.code === 'REPLICA_DIFFERS';
  const offerCancel = beyondRepair.includes(error.code);
  return (
    <Alert color="red" icon={<IconAlertTriangle aria-hidden />} title={words.desc} role="alert">
      <Stack gap="xs">
        <Original text={words.original} />
        {words.remedy !== '' && (
          <Text size="sm">
            <strong>{t('replication.error.remedy')}</strong> {words.remedy}
          </Text>
        )}
        {error.code === 'SITE_PENDING' && <OwnWords />}
        <Safe link={link} />
        <NextAttempt link={link} error={error} />
        <Text size="xs" c="dimmed">
          {error.code}
        </Text>
        <ProblemAlert error={sync.error} />
        {admin && (
          <Group gap="xs">
            <Button
              size="xs"
              onClick={() => sync.mutate({ list: link.slave_dossier_list, mode: differs ? 'repair' : 'auto' })}
              loading={sync.isPending}
            >
              {t(differs ? 'replication.error.mend' : 'replication.error.tryNow')}
            </Button>
            {aboutAddress.includes(error.code) && (
              <Button size="xs" variant="default" onClick={() => setOpened('address')}>
                {t('replication.address.open')}
              </Button>
            )}
            {offerCancel && (
              <Button size="xs" variant="default" onClick={() => setOpened('cancel')}>
                {t('replication.cancel.open')}
              </Button>
            )}
          </Group>
        )}
      </Stack>
      {opened === 'cancel' && <CancelDialog link={link} name={name} onClose={() => setOpened(null)} />}
      {opened === 'address' && <AddressDialog link={link} name={name} onClose={() => setOpened(null)} />}
    </Alert>
  );
}

/** What the master's administrator compares. */
function OwnWords() {
  const { t } = useTranslation();
  const { data: node } = useNode();
  if (!node?.words) return null;
  return (
    <Text size="sm">
      <strong>{t('sites.join.ownWords')}:</strong> <KeyWords words={node.words} />
    </Text>
  );
}

function Safe({ link }: { link: Link }) {
  const { t } = useTranslation();
  const held = useWriting().number(link.local_count);
  return (
    <Text size="sm">
      <strong>{t('replication.error.safe')}</strong>{' '}
      {link.verified_at === null ? (
        t('replication.error.safeNever', { count: link.local_count, held })
      ) : (
        <Trans
          t={t}
          i18nKey="replication.error.safeSince"
          count={link.local_count}
          values={{ held }}
          components={{ time: <When time={link.verified_at} /> }}
        />
      )}
    </Text>
  );
}

function NextAttempt({ link, error }: { link: Link; error: SyncError }) {
  const { t } = useTranslation();
  return (
    <Text size="sm">
      <strong>{t('replication.error.next')}</strong>{' '}
      {error.next_attempt !== null ? (
        <Trans
          t={t}
          i18nKey="replication.error.retrying"
          count={error.attempts}
          components={{ time: <When time={error.next_attempt} /> }}
        />
      ) : link.next_run === null ? (
        t('overview.noNextTry')
      ) : (
        <Trans t={t} i18nKey="replication.error.scheduled" components={{ time: <When time={link.next_run} /> }} />
      )}
    </Text>
  );
}
