import { Button, List, Stack, Text } from '@mantine/core';
import { IconArrowBackUp } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { TakenBack } from '@dossier/protocol/bin.ts';
import { useTakeBack } from '../../api/bin.ts';
import { whenDone } from '../../api/when-done.ts';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { Name } from '../../components/name.tsx';
import { useTell } from '../../components/tell.ts';

interface TakeBackProps {
  /** The import, as its report names it. */
  readonly id: string;
  readonly onDone?: () => void;
}

/** Takes an import back as a whole, having shown what that would do. */
export function TakeBackButton(props: TakeBackProps) {
  const { t } = useTranslation();
  const [asking, setAsking] = useState(false);
  return (
    <>
      <Button size="xs" variant="default" leftSection={<IconArrowBackUp size={16} aria-hidden />} onClick={() => setAsking(true)}>
        {t('bin.takeBack.open')}
      </Button>
      {asking && <TakeBackDialog {...props} onClose={() => setAsking(false)} />}
    </>
  );
}

function TakeBackDialog({ id, onDone, onClose }: TakeBackProps & { onClose: () => void }) {
  const { t } = useTranslation();
  const tell = useTell();
  const preview = useTakeBack();
  const run = useTakeBack();
  const { mutate: look } = preview;
  useEffect(() => look({ id, preview: true }), [look, id]);
  const confirm = (): void => {
    if (preview.data === undefined) return;
    whenDone(run.mutateAsync({ id, preview: false }), () => {
      tell(t('bin.takeBack.done'));
      onClose();
      onDone?.();
    });
  };
  return (
    <ConfirmDialog
      title={t('bin.takeBack.title')}
      onClose={onClose}
      onConfirm={confirm}
      confirmLabel={t('bin.takeBack.button')}
      busy={run.isPending || preview.isPending}
      error={run.error ?? preview.error}
    >
      <div role="status">
        {preview.isPending && t('bin.takeBack.looking')}
        {preview.data && <Outlook {...preview.data} />}
      </div>
    </ConfirmDialog>
  );
}

const shownLeft = 20;

function Outlook({ removed, returned, left, left_dossiers: dossiers }: TakenBack) {
  const { t } = useTranslation();
  const shown = dossiers.slice(0, shownLeft);
  return (
    <Stack gap="xs">
      {removed > 0 && <Text size="sm">{t('bin.takeBack.removed', { count: removed })}</Text>}
      {returned > 0 && <Text size="sm">{t('bin.takeBack.returned', { count: returned })}</Text>}
      {left > 0 && (
        <>
          <Text size="sm">{t('bin.takeBack.left', { count: left })}</Text>
          <List size="sm">
            {shown.map(({ dossier, name }) => (
              <List.Item key={dossier}>
                <Name>{name}</Name>
              </List.Item>
            ))}
            {left > shown.length && <List.Item>{t('common.andMore', { count: left - shown.length })}</List.Item>}
          </List>
        </>
      )}
    </Stack>
  );
}
