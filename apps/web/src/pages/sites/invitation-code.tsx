import { Alert, Button, Code, Group, Stack, Text, TextInput } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheck } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Site } from '@dossier/protocol/site.ts';
import { useSite } from '../../api/sites.ts';
import { CopyText } from '../../components/copy-text.tsx';
import { KeyWords } from '../../components/key-words.tsx';
import { QrCode } from '../../components/qr-code.tsx';
import { useNow } from '../../format/moments.ts';

interface InvitationCodeProps {
  readonly site: Site;
  readonly code: string;
  /** Milliseconds since the epoch. */
  readonly expires: number;
  readonly onClose: () => void;
}

/** A code as it is shown once: to be copied, read out or scanned, with the command that uses it, until somebody has come by it. */
export function InvitationCode({ site, code, expires, onClose }: InvitationCodeProps) {
  const { t } = useTranslation();
  const { data: now = site } = useSite(site.id);
  const [address, setAddress] = useState(location.origin);
  const command = `dossier join ${address.trim().replace(/\/+$/, '')} ${code}`;
  if (now.state === 'accepted') return <Joined site={now} onClose={onClose} />;
  return (
    <Stack>
      <Text size="sm">{t('sites.invite.once')}</Text>
      <Expiry expires={expires} />
      <Group gap="sm" wrap="wrap">
        <Code fz="lg" aria-label={t('sites.invite.code')}>
          {code}
        </Code>
        <CopyText text={code} label={t('sites.invite.copyCode')} />
      </Group>
      <TextInput
        label={t('sites.invite.address')}
        value={address}
        onChange={(event) => setAddress(event.currentTarget.value)}
        inputMode="url"
        autoComplete="off"
        error={isOfThisComputer(address) ? t('sites.invite.local') : undefined}
      />
      <Stack gap={6}>
        <Text size="sm" fw={500}>
          {t('sites.invite.command')}
        </Text>
        <Code block className="wrap" style={{ whiteSpace: 'pre-wrap' }}>
          {command}
        </Code>
        <Group>
          <CopyText text={command} label={t('sites.invite.copyCommand')} />
        </Group>
      </Stack>
      <Group justify="center">
        <QrCode text={command} label={t('sites.invite.qr')} />
      </Group>
      <Group justify="flex-end">
        <Button onClick={onClose}>{t('common.close')}</Button>
      </Group>
    </Stack>
  );
}

function isOfThisComputer(address: string): boolean {
  return URL.canParse(address) && /^(localhost|127\.|\[::1\])/.test(new URL(address).hostname);
}

function Expiry({ expires }: { expires: number }) {
  const { t } = useTranslation();
  const left = Math.max(0, Math.ceil((expires - useNow(1000)) / 1000));
  if (left === 0) {
    return (
      <Alert color="red" role="alert" icon={<IconAlertTriangle aria-hidden />}>
        {t('sites.invite.expired')}
      </Alert>
    );
  }
  const time = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')}`;
  return (
    <Text size="sm" className="figures" role="timer">
      {t('sites.invite.left', { time })}
    </Text>
  );
}

function Joined({ site, onClose }: { site: Site; onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Stack>
      <Alert color="green" role="status" icon={<IconCircleCheck aria-hidden />} title={t('sites.invite.joined', { name: site.name })}>
        <Stack gap="xs">
          <Text size="sm">{t('sites.invite.joinedText', { address: site.address ?? '' })}</Text>
          {site.words !== null && <KeyWords words={site.words} large />}
        </Stack>
      </Alert>
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          {t('common.close')}
        </Button>
        <Button renderRoot={(props) => <Link {...props} to="/sites/$id" params={{ id: String(site.id) }} search={{}} />}>
          {t('sites.invite.toSite')}
        </Button>
      </Group>
    </Stack>
  );
}
