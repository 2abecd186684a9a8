import { Alert, Button, Checkbox, Group, Stack, Text } from '@mantine/core';
import { IconKey } from '@tabler/icons-react';
import { useState } from 'react';
import { Trans, useTranslation } from 'react-i18next';
import type { Master } from '@dossier/protocol/master.ts';
import { useAcceptMaster } from '../../api/known-masters.ts';
import { useMay } from '../../api/session.ts';
import { whenDone } from '../../api/when-done.ts';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { FormDialog } from '../../components/form-dialog.tsx';
import { KeyWords } from '../../components/key-words.tsx';
import { useTell } from '../../components/tell.ts';
import { When } from '../../components/when.tsx';

type Offered = NonNullable<Master['offered']>;

/** What a master is called: its name, or its host as long as it has told none. */
export function masterName({ name, remote_url: url }: Master): string {
  return name ?? new URL(url).host;
}

/** Another key signs under a master's address: its words beside those that are known, and the two answers to give. Nothing where none does. */
export function OfferedKey({ master }: { master: Master }) {
  return master.offered === null ? null : <Differing master={master} offered={master.offered} />;
}

function Differing({ master, offered }: { master: Master; offered: Offered }) {
  const { t } = useTranslation();
  const admin = useMay('admin');
  const [opened, setOpened] = useState<'accept' | 'refuse' | null>(null);
  const close = (): void => setOpened(null);
  return (
    <Alert color="red" role="alert" icon={<IconKey aria-hidden />} title={t('sites.masters.differs', { master: masterName(master) })}>
      <Stack gap="xs">
        <Text size="sm">{t('sites.masters.nothing')}</Text>
        <dl className="facts">
          <dt>{t('sites.masters.known')}</dt>
          <dd>
            <KeyWords words={master.words} large />
          </dd>
          <dt>
            <Trans t={t} i18nKey="sites.masters.offered" components={{ time: <When time={offered.date} /> }} />
          </dt>
          <dd>
            <KeyWords words={offered.words} large />
          </dd>
        </dl>
        <Text size="sm">{t(admin ? 'sites.masters.compare' : 'sites.masters.viewer')}</Text>
        {admin && (
          <Group gap="xs">
            <Button size="xs" onClick={() => setOpened('accept')}>
              {t('sites.masters.accept')}
            </Button>
            <Button size="xs" variant="default" onClick={() => setOpened('refuse')}>
              {t('sites.masters.refuse')}
            </Button>
          </Group>
        )}
      </Stack>
      {opened === 'accept' && <AcceptKeyDialog master={master} offered={offered} onClose={close} />}
      {opened === 'refuse' && <RefuseKeyDialog master={master} onClose={close} />}
    </Alert>
  );
}

interface AcceptKeyDialogProps {
  readonly master: Master;
  readonly offered: Offered;
  readonly onClose: () => void;
}

/** Believes exactly the key whose words are shown. */
function AcceptKeyDialog({ master, offered, onClose }: AcceptKeyDialogProps) {
  const { t } = useTranslation();
  const tell = useTell();
  const accept = useAcceptMaster();
  // Another key that comes while the dialog is open was compared by nobody.
  const [{ key, words, remote_url }] = useState(offered);
  const [compared, setCompared] = useState(false);
  const submit = (): void =>
    whenDone(accept.mutateAsync({ id: master.id, key, remote_url }), () => {
      tell(t('sites.masters.accepted'));
      onClose();
    });
  return (
    <FormDialog
      title={t('sites.masters.acceptTitle', { master: masterName(master) })}
      onClose={onClose}
      onSubmit={submit}
      submitLabel={t('sites.accept.button')}
      disabled={!compared}
      busy={accept.isPending}
      error={accept.error}
    >
      <Text size="sm">{t('sites.masters.acceptText')}</Text>
      <KeyWords words={words} large />
      <Checkbox
        label={t('sites.masters.compared')}
        checked={compared}
        onChange={(event) => setCompared(event.currentTarget.checked)}
        data-autofocus
      />
    </FormDialog>
  );
}

/** A key that nobody accepts is refused as it is: says so, and what to find out. */
function RefuseKeyDialog({ master, onClose }: { master: Master; onClose: () => void }) {
  const { t } = useTranslation();
  const tell = useTell();
  const keep = (): void => {
    tell(t('sites.masters.refused'));
    onClose();
  };
  return (
    <ConfirmDialog
      title={t('sites.masters.refuseTitle')}
      onClose={onClose}
      onConfirm={keep}
      confirmLabel={t('sites.masters.refuseButton')}
      busy={false}
      error={null}
    >
      <Stack gap="xs">
        <Text size="sm">
          {t('sites.masters.known')} <KeyWords words={master.words} />
        </Text>
        <Text size="sm">{t('sites.masters.refuseText')}</Text>
        <Text size="sm">{t('sites.masters.refuseWhat')}</Text>
      </Stack>
    </ConfirmDialog>
  );
}
