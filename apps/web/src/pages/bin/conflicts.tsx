import { Alert, Anchor, List } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Restored } from '@dossier/protocol/bin.ts';

const shownAtMost = 20;

/** What stays in the bin of what was to be restored, and why; nothing where all is back. */
export function Conflicts({ restored, onClose }: { restored: Restored; onClose: () => void }) {
  const { t } = useTranslation();
  if (restored.conflict_count === 0) return null;
  const shown = restored.conflicts.slice(0, shownAtMost);
  return (
    <Alert
      color="yellow"
      icon={<IconAlertTriangle aria-hidden />}
      title={t('bin.conflictsTitle', { count: restored.conflict_count })}
      withCloseButton
      closeButtonLabel={t('common.close')}
      onClose={onClose}
    >
      <List size="sm">
        {shown.map(({ dossier, name, dossier_list: id, dossier_list_name: list, external_id: externalId, reason, other }) => (
          <List.Item key={`${dossier} ${id}`}>
            {t(`bin.conflicts.${reason}`, { name, list, externalId })}{' '}
            {other !== null && (
              <Anchor size="sm" renderRoot={(props) => <Link {...props} to="/dossiers" search={{ open: other }} />}>
                {t('bin.seeOther')}
              </Anchor>
            )}
          </List.Item>
        ))}
        {restored.conflict_count > shown.length && (
          <List.Item>{t('common.andMore', { count: restored.conflict_count - shown.length })}</List.Item>
        )}
      </List>
    </Alert>
  );
}
