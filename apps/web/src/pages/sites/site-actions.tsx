import { Button } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Site } from '@dossier/protocol/site.ts';
import { RowMenu } from '../../components/row-menu.tsx';
import type { SiteDialog } from './search.ts';
import type { SiteStanding } from './site-standing.ts';

interface SiteActionsProps {
  readonly site: Site;
  readonly standing: SiteStanding;
  readonly onOpen: (dialog: SiteDialog) => void;
}

/** What an administrator can do with a site at any time; what it asks for now stands in its notice. */
export function SiteActions({ site, standing, onOpen }: SiteActionsProps) {
  const { t } = useTranslation();
  if (standing === 'revoked') return null;
  const actions = [
    { label: t('sites.rename.open'), onClick: () => onOpen('rename') },
    ...(site.state === 'accepted' && site.key === null
      ? [{ label: t('sites.forget.open'), danger: true, onClick: () => onOpen('forget') }]
      : []),
    ...(standing === 'waiting' ? [] : [{ label: t('sites.revoke.open'), danger: true, onClick: () => onOpen('revoke') }]),
  ];
  return (
    <>
      {standing !== 'waiting' && (
        <Button variant="default" onClick={() => onOpen('grant')}>
          {t('sites.grant.open')}
        </Button>
      )}
      <RowMenu name={site.name} actions={actions} />
    </>
  );
}
