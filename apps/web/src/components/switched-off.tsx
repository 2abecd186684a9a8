import { IconPlugX } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { Empty } from './empty.tsx';
import { Page } from './page.tsx';

/** Stands for a page of replication on a node where these are switched off, and says how to have them. */
export function SwitchedOff({ title }: { title: string }) {
  const { t } = useTranslation();
  return (
    <Page title={title}>
      <Empty icon={<IconPlugX size={40} />} title={t('shell.replicationOffTitle')}>
        {t('shell.replicationOff')}
      </Empty>
    </Page>
  );
}
