import { Alert, List } from '@mantine/core';
import { IconInfoCircle } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { SetAside as Dossier } from '@dossier/protocol/held.ts';
import { Name } from '../../components/name.tsx';
import { Original } from '../../components/original.tsx';
import { useNodeWords } from '../../i18n/node-words.ts';

/** Dossiers of the master that can't be kept here as they are, by name and reason; nothing where there are none. */
export function SetAside({ dossiers }: { dossiers: readonly Dossier[] }) {
  const { t } = useTranslation();
  if (dossiers.length === 0) return null;
  return (
    <Alert color="yellow" icon={<IconInfoCircle aria-hidden />} title={t('replication.setAside', { count: dossiers.length })}>
      <List size="sm">
        {dossiers.map((dossier) => (
          <List.Item key={dossier.dossier}>
            <strong>
              <Name>{dossier.name ?? dossier.external_id ?? dossier.dossier}</Name>
            </strong>
            : <Reason dossier={dossier} />
          </List.Item>
        ))}
      </List>
    </Alert>
  );
}

function Reason({ dossier: { code, reason } }: { dossier: Dossier }) {
  const { desc, original } = useNodeWords().fault({ code, desc: reason, remedy: '' });
  return (
    <>
      {desc}
      <Original text={original} />
    </>
  );
}
