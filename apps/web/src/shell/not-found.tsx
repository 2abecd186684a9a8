import { Button, Group } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { Page } from '../components/page.tsx';

/** Stands at addresses that lead nowhere. */
export function NotFound() {
  const { t } = useTranslation();
  return (
    <Page title={t('shell.notFound.title')} description={t('shell.notFound.text')}>
      <Group>
        <Button component={Link} to="/">
          {t('shell.notFound.link')}
        </Button>
      </Group>
    </Page>
  );
}
