import { Alert, Button, Group, List, Progress, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useBulk } from '../../api/bulk.ts';
import type { BulkDeed, BulkSum, BulkTarget } from '../../api/bulk.ts';
import { whenDone } from '../../api/when-done.ts';
import { Dialog } from '../../components/dialog.tsx';
import { FormDialog } from '../../components/form-dialog.tsx';
import { Name } from '../../components/name.tsx';
import { useTellDeleted } from '../../components/undo-toast.tsx';
import { useWriting } from '../../format/moments.ts';

export interface BulkDialogProps {
  readonly target: BulkTarget;
  /** How many dossiers it is about. */
  readonly count: number;
  readonly onClose: () => void;
  /** Called when it was done, with whoever it could be done. */
  readonly onDone: () => void;
}

interface BulkFormProps extends BulkDialogProps {
  readonly title: string;
  /** What is to be done; null while that isn't said yet. */
  readonly deed: BulkDeed | null;
  readonly submitLabel: string;
  readonly done: 'bulk.done' | 'bulk.deleted';
  readonly danger?: boolean;
  readonly children: ReactNode;
}

/** Asks what is to be done with many, does it, and names those with whom it couldn't be. */
export function BulkForm({ target, count, onClose, onDone, title, deed, submitLabel, done, danger, children }: BulkFormProps) {
  const { t } = useTranslation();
  const writing = useWriting();
  const tell = useTellDeleted();
  const bulk = useBulk();
  const [through, setThrough] = useState(0);
  const submit = (): void => {
    if (deed === null || bulk.isPending) return;
    setThrough(0);
    whenDone(bulk.mutateAsync({ target, deed, tell: setThrough }), (report) => {
      onDone();
      // Who stays is named in the dialog; who went can be taken back all the same.
      if (report.refused > 0 && report.deletions.length === 0) return;
      tell(
        [t(done, { count: report.done }), ...(report.unchanged > 0 ? [t('bulk.unchanged', { count: report.unchanged })] : [])].join(' '),
        report.deletions,
      );
      if (report.refused === 0) onClose();
    });
  };
  if (bulk.data !== undefined) {
    return (
      <Dialog title={title} size="lg" onClose={onClose}>
        <Outcome report={bulk.data} done={done} />
        <Group justify="flex-end" mt="md">
          <Button variant="default" onClick={onClose}>
            {t('common.close')}
          </Button>
        </Group>
      </Dialog>
    );
  }
  return (
    <FormDialog
      title={title}
      size="lg"
      onClose={onClose}
      onSubmit={submit}
      submitLabel={submitLabel}
      disabled={deed === null}
      busy={bulk.isPending}
      error={bulk.error}
      {...(danger === true && { danger })}
    >
      {children}
      <div role="status">
        {bulk.isPending && (
          <Stack gap={4}>
            <Text size="sm">{t('bulk.working', { done: writing.number(through), total: writing.number(count) })}</Text>
            <Progress value={(100 * through) / Math.max(1, count)} aria-label={t('bulk.region')} />
          </Stack>
        )}
      </div>
    </FormDialog>
  );
}

const shownRefusals = 100;

function Outcome({ report, done }: { report: BulkSum; done: BulkFormProps['done'] }) {
  const { t } = useTranslation();
  const shown = report.refusals.slice(0, shownRefusals);
  return (
    <Stack role="status">
      <Text size="sm">
        {t(done, { count: report.done })} {report.unchanged > 0 && t('bulk.unchanged', { count: report.unchanged })}
      </Text>
      <Alert color="yellow" title={t('bulk.refused', { count: report.refused })}>
        <List size="sm" mah={320} style={{ overflowY: 'auto' }} tabIndex={0}>
          {shown.map(({ id, name, code }) => (
            <List.Item key={id}>
              <Name>{name ?? t('bulk.gone', { id })}</Name>: {t(`bulk.reasons.${code}`)}
            </List.Item>
          ))}
        </List>
        {report.refused > shown.length && <Text size="sm">{t('common.andMore', { count: report.refused - shown.length })}</Text>}
      </Alert>
    </Stack>
  );
}
