import { Button } from '@mantine/core';
import { IconMapQuestion } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { Empty } from '../components/empty.tsx';
import { Page } from '../components/page.tsx';

/** Stands at addresses that lead nowhere. */
export function NotFound() {
  const { t } = useTranslation();
  return (
    <Page title={t('shell.notFound.title')}>
      <Empty
        icon={<IconMapQuestion size={40} />}
        title={t('shell.notFound.title')}
        actions={
          <Button component={Link} to="/">
            {t('shell.notFound.link')}
          </Button>
        }
      >
        {t('shell.notFound.text')}
      </Empty>
    </Page>
  );
}
