import { Alert, Button, Group, List, Stack, Text } from '@mantine/core';
import { IconAlertTriangle, IconBan, IconInfoCircle, IconMailForward, IconUserQuestion } from '@tabler/icons-react';
import { Trans, useTranslation } from 'react-i18next';
import { shownText } from '@dossier/domain/shown-text.ts';
import type { Site } from '@dossier/protocol/site.ts';
import { KeyWords } from '../../components/key-words.tsx';
import { When } from '../../components/when.tsx';
import { useReason } from './reason.ts';
import type { SiteDialog } from './search.ts';
import type { SiteStanding } from './site-standing.ts';

interface SiteNoticeProps {
  readonly site: Site;
  readonly standing: SiteStanding;
  /** Null for whom only sees. */
  readonly onOpen: ((dialog: SiteDialog) => void) | null;
}

/** What about a site needs a person, what to do, and the buttons for it; nothing where nothing does. */
export function SiteNotice({ site, standing, onOpen }: SiteNoticeProps) {
  switch (standing) {
    case 'waiting':
      return <Waiting site={site} onOpen={onOpen} />;
    case 'invited':
    case 'lapsed':
      return <Invited onOpen={onOpen} />;
    case 'revoked':
      return <Revoked site={site} />;
    default:
      if (site.alert !== null) return <Alerted alert={site.alert} onOpen={onOpen} />;
      return site.speaks_by === 'token' ? <ByToken /> : null;
  }
}

type Opens = Pick<SiteNoticeProps, 'onOpen'>;

function Waiting({ site, onOpen }: Opens & { site: Site }) {
  const { t } = useTranslation();
  return (
    <Alert color="yellow" icon={<IconUserQuestion aria-hidden />} title={t('sites.waiting.title')}>
      <Stack gap="xs">
        {site.words !== null && <KeyWords words={site.words} large />}
        <Text size="sm">{t(onOpen === null ? 'sites.waiting.viewer' : 'sites.waiting.text')}</Text>
        {onOpen && (
          <Group gap="xs">
            <Button size="xs" onClick={() => onOpen('accept')}>
              {t('sites.accept.open')}
            </Button>
            <Button size="xs" variant="default" onClick={() => onOpen('refuse')}>
              {t('sites.refuse.open')}
            </Button>
          </Group>
        )}
      </Stack>
    </Alert>
  );
}

function Invited({ onOpen }: Opens) {
  const { t } = useTranslation();
  return (
    <Alert icon={<IconMailForward aria-hidden />} title={t('sites.invited.title')} color="gray">
      <Stack gap="xs">
        <Text size="sm">{t('sites.invited.text')}</Text>
        {onOpen && (
          <Group gap="xs">
            <Button size="xs" onClick={() => onOpen('invite')}>
              {t('sites.invited.again')}
            </Button>
            <Button size="xs" variant="default" onClick={() => onOpen('forget')}>
              {t('sites.invited.takeBack')}
            </Button>
          </Group>
        )}
      </Stack>
    </Alert>
  );
}

const told = ['SITE_CLONED', 'SITE_DIFFERS', 'SITE_REKEYED', 'SITE_DISTRUSTED', 'TOKEN_DISTRUSTED'] as const;

/** The particulars are the node's own, in English. */
function Alerted({ alert, onOpen }: Opens & { alert: NonNullable<Site['alert']> }) {
  const { t } = useTranslation();
  const code = told.find((each) => each === alert.code) ?? null;
  return (
    <Alert
      color="red"
      role="alert"
      icon={<IconAlertTriangle aria-hidden />}
      title={code === null ? alert.desc : t(`sites.alerts.${code}.title`)}
    >
      <Stack gap="xs">
        {code !== null && (
          <Text size="sm" lang="en" className="wrap">
            {shownText(alert.desc)}
          </Text>
        )}
        <Text size="sm">
          <strong>{t('replication.error.remedy')}</strong> {code === null ? alert.remedy : t(`sites.alerts.${code}.remedy`)}
        </Text>
        <Text size="xs" c="dimmed">
          {alert.code}
        </Text>
        {onOpen && (
          <Group gap="xs">
            <Button size="xs" color="red.8" onClick={() => onOpen('revoke')}>
              {t('sites.revoke.open')}
            </Button>
            <Button size="xs" variant="default" onClick={() => onOpen('rest')}>
              {t('sites.rest.open')}
            </Button>
          </Group>
        )}
      </Stack>
    </Alert>
  );
}

function Revoked({ site }: { site: Site }) {
  const { t } = useTranslation();
  const reasonOf = useReason();
  return (
    <Alert color="red" icon={<IconBan aria-hidden />} title={t('sites.revoked.title')}>
      <Stack gap="xs">
        <Text size="sm" className="wrap">
          <Trans t={t} i18nKey="sites.revoked.since" components={{ time: <When time={site.state_date} /> }} />{' '}
          {site.reason !== null && t('sites.revoked.reason', { reason: reasonOf(site.reason) })}
        </Text>
        <List size="sm" spacing={4}>
          <List.Item>{t('sites.revoked.refused')}</List.Item>
          <List.Item>{t('sites.revoked.disk')}</List.Item>
          <List.Item>
            <TokenLeft site={site} />
          </List.Item>
          <List.Item>{t('sites.revoked.again')}</List.Item>
        </List>
      </Stack>
    </Alert>
  );
}

/** What becomes of the token that the box of a revoked site may hold. */
export function TokenLeft({ site: { shown_token: shown } }: { site: Site }) {
  const { t } = useTranslation();
  return (
    <>
      {t(shown ? 'sites.revoked.tokenHeld' : 'sites.revoked.token')} {shown && t('sites.revoked.tokenEnds')}
    </>
  );
}

function ByToken() {
  const { t } = useTranslation();
  return (
    <Alert color="gray" icon={<IconInfoCircle aria-hidden />} title={t('sites.byToken.title')}>
      <Text size="sm">{t('sites.byToken.text')}</Text>
    </Alert>
  );
}
