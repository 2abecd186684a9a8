import { Anchor, Button, Text } from '@mantine/core';
import { IconRefreshOff } from '@tabler/icons-react';
import { Link as RouterLink } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useMay } from '../api/session.ts';
import { Empty } from './empty.tsx';

/** What to do on a node without links. */
export function NothingReplicated({ hasLists }: { hasLists: boolean }) {
  const { t } = useTranslation();
  const admin = useMay('admin');
  return (
    <Empty
      icon={<IconRefreshOff size={40} />}
      title={t('overview.empty.title')}
      actions={
        admin && (
          <Button component={RouterLink} to="/replication?enable=true">
            {t('common.replicateList')}
          </Button>
        )
      }
    >
      {t('overview.empty.text')}
      {admin && !hasLists && (
        <Text size="sm" mt="sm">
          {t('overview.empty.master')}{' '}
          <Anchor underline="always" renderRoot={(props) => <RouterLink {...props} to="/watch-lists" />}>
            {t('common.makeList')}
          </Anchor>
        </Text>
      )}
    </Empty>
  );
}
