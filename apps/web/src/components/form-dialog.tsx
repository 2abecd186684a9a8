import { Button, Group, Stack } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Dialog } from './dialog.tsx';
import { ProblemAlert } from './problem-alert.tsx';

interface FormDialogProps {
  readonly title: string;
  readonly onClose: () => void;
  /** What the button that cancels does, where that is more than to close. */
  readonly onCancel?: () => void;
  readonly onSubmit: () => void;
  readonly submitLabel?: string;
  readonly danger?: boolean;
  /** Holds the button back, for instance until a name is typed. */
  readonly disabled?: boolean;
  readonly busy: boolean;
  readonly error: unknown;
  readonly size?: 'sm' | 'md' | 'lg' | 'xl';
  readonly children: ReactNode;
}

/** A dialog with fields, what the node says against them, and the two ways out. */
export function FormDialog({
  title,
  onClose,
  onCancel = onClose,
  onSubmit,
  submitLabel,
  danger,
  disabled,
  busy,
  error,
  size,
  children,
}: FormDialogProps) {
  const { t } = useTranslation();
  return (
    <Dialog title={title} onClose={onClose} {...(size !== undefined && { size })}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          onSubmit();
        }}
      >
        <Stack>
          {children}
          <ProblemAlert error={error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onCancel}>
              {t('common.cancel')}
            </Button>
            <Button type="submit" loading={busy} disabled={disabled === true} {...(danger && { color: 'red.8' })}>
              {submitLabel ?? t('common.save')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}
