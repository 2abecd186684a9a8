import { Button } from '@mantine/core';
import { IconPrinter } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';

/** The way to the card of a dossier. */
export function CardLink({ dossier }: { dossier: number }) {
  const { t } = useTranslation();
  return (
    <Button
      size="xs"
      variant="default"
      leftSection={<IconPrinter size={16} aria-hidden />}
      renderRoot={(props) => <Link {...props} to="/dossiers/$id/card" params={{ id: String(dossier) }} />}
    >
      {t('card.open')}
    </Button>
  );
}
