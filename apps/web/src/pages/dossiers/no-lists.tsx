import { Button } from '@mantine/core';
import { IconFolders } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { Empty } from '../../components/empty.tsx';

/** Dossiers live in watch lists: without one there is nothing to show. */
export function NoLists() {
  const { t } = useTranslation();
  return (
    <Empty
      icon={<IconFolders size={40} />}
      title={t('dossiers.noLists.title')}
      actions={<Button renderRoot={(props) => <Link {...props} to="/watch-lists" />}>{t('dossiers.noLists.link')}</Button>}
    >
      {t('dossiers.noLists.text')}
    </Empty>
  );
}
