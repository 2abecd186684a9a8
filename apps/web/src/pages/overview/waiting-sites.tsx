import { Alert, Anchor } from '@mantine/core';
import { IconUserQuestion } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useNode } from '../../api/node.ts';

/** How many nodes ask for lists of this one and get none before a person accepts them; nothing where none does. */
export function WaitingSites() {
  const { t } = useTranslation();
  const count = useNode().data?.sites_waiting ?? 0;
  if (count === 0) return null;
  return (
    <Alert color="yellow" role="status" icon={<IconUserQuestion aria-hidden />} title={t('overview.sitesWait', { count })}>
      <Anchor size="sm" underline="always" renderRoot={(props) => <Link {...props} to="/sites" search={{ show: 'waiting' }} />}>
        {t('overview.toWaiting')}
      </Anchor>
    </Alert>
  );
}
