import { Button } from '@mantine/core';
import { IconArrowsJoin } from '@tabler/icons-react';
import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Dossier } from '@dossier/protocol/dossier.ts';
import type { Tagged } from '../../api/tagged.ts';

const MergeDialog = lazy(async () => ({ default: (await import('./merge-dialog.tsx')).MergeDialog }));

/** Makes one dossier of this one and another of the same person. */
export function MergeButton({ read: { value: dossier } }: { read: Tagged<Dossier> }) {
  const { t } = useTranslation();
  const [asked, setAsked] = useState(false);
  return (
    <>
      <Button size="xs" variant="default" leftSection={<IconArrowsJoin size={16} aria-hidden />} onClick={() => setAsked(true)}>
        {t('duplicates.merge.button')}
      </Button>
      {asked && (
        <Suspense>
          <MergeDialog dossier={dossier} onClose={() => setAsked(false)} />
        </Suspense>
      )}
    </>
  );
}
