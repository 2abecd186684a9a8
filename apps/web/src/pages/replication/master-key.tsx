import { Text } from '@mantine/core';
import { Trans, useTranslation } from 'react-i18next';
import type { Master } from '@dossier/protocol/master.ts';
import type { Link } from '@dossier/protocol/sync.ts';
import { useKnownMasters } from '../../api/known-masters.ts';
import { KeyWords } from '../../components/key-words.tsx';
import { When } from '../../components/when.tsx';

/** The master that a link follows, as far as its key is known here. */
export function useMasterOf({ remote_url: url }: Link): Master | null {
  return useKnownMasters().data?.find((master) => master.remote_url === url) ?? null;
}

/** Whose answers are believed: the words of the master's key, and since when it is known. */
export function MasterKey({ master }: { master: Master }) {
  const { t } = useTranslation();
  return (
    <dl className="facts">
      <dt>{t('sites.masters.keyOf')}</dt>
      <dd>
        <KeyWords words={master.words} />{' '}
        <Text span size="sm" c="dimmed">
          <Trans t={t} i18nKey="sites.masters.sinceWhen" components={{ time: <When time={master.pinned_date} /> }} />
        </Text>
      </dd>
    </dl>
  );
}
