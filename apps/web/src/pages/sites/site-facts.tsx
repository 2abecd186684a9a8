import { Code, Group, Text } from '@mantine/core';
import { Trans, useTranslation } from 'react-i18next';
import type { ReactNode } from 'react';
import type { Site } from '@dossier/protocol/site.ts';
import { CopyText } from '../../components/copy-text.tsx';
import { KeyWords } from '../../components/key-words.tsx';
import { When } from '../../components/when.tsx';
import { useNow } from '../../format/moments.ts';
import { isInvited } from './site-standing.ts';

/** Who a site is: its key with its words, who vouched for it, from where it asks. */
export function SiteFacts({ site }: { site: Site }) {
  const { t } = useTranslation();
  return (
    <dl className="facts">
      <Fact name={t('sites.facts.state')}>{t(isInvited(site) ? 'sites.states.invited' : `sites.states.${site.state}`)}</Fact>
      {site.words !== null && (
        <Fact name={t('sites.facts.words')}>
          <KeyWords words={site.words} />
          <Text size="xs" c="dimmed">
            {t('sites.facts.wordsHint')}
          </Text>
        </Fact>
      )}
      {site.key !== null && (
        <Fact name={t('sites.facts.key')}>
          <Group gap="xs">
            <Code className="wrap">{site.key}</Code>
            <CopyText text={site.key} label={t('sites.facts.copyKey')} />
          </Group>
        </Fact>
      )}
      {site.fingerprint !== null && (
        <Fact name={t('sites.facts.fingerprint')}>
          <Code>{site.fingerprint}</Code>
        </Fact>
      )}
      {site.speaks_by !== null && <Fact name={t('sites.facts.speaksBy')}>{t(`sites.facts.speaks.${site.speaks_by}`)}</Fact>}
      {site.introduced_by !== null && !isInvited(site) && (
        <Fact name={t('sites.facts.introducedBy')}>{t(`sites.facts.introduced.${site.introduced_by}`)}</Fact>
      )}
      <Invitation site={site} />
      {site.address !== null && <Fact name={t('sites.facts.address')}>{site.address}</Fact>}
      {site.version !== null && <Fact name={t('sites.facts.version')}>{site.version}</Fact>}
      {site.first_seen !== null && (
        <Fact name={t('sites.facts.firstSeen')}>
          <When time={site.first_seen} />
        </Fact>
      )}
      <Fact name={t('sites.facts.lastSeen')}>{site.last_seen === null ? t('common.never') : <When time={site.last_seen} />}</Fact>
      <Fact name={t('sites.facts.entered')}>
        <When time={site.created_date} />
      </Fact>
    </dl>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="fact">
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Invitation({ site: { invitation } }: { site: Site }) {
  const { t } = useTranslation();
  const now = useNow();
  if (invitation === null) return null;
  const { expires_date: expires, used_date: used } = invitation;
  const key = used !== null ? 'invitationUsed' : Date.parse(expires) > now ? 'invitationOpen' : 'invitationExpired';
  return (
    <Fact name={t('sites.facts.invitation')}>
      <Trans t={t} i18nKey={`sites.facts.${key}`} components={{ time: <When time={used ?? expires} /> }} />
    </Fact>
  );
}
