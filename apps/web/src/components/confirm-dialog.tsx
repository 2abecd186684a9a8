import { Text } from '@mantine/core';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { FormDialog } from './form-dialog.tsx';
import { TypeToConfirm } from './type-to-confirm.tsx';
import { isTyped } from './typed.ts';

interface ConfirmDialogProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly onConfirm: () => void;
  readonly confirmLabel: string;
  /** What has to be typed first, for what can't be taken back. */
  readonly typed?: string;
  readonly busy: boolean;
  readonly error: unknown;
  readonly children: ReactNode;
}

/** Asks before something is done that destroys. */
export function ConfirmDialog({ title, onClose, onConfirm, confirmLabel, typed, busy, error, children }: ConfirmDialogProps) {
  const [text, setText] = useState('');
  return (
    <FormDialog
      title={title}
      onClose={onClose}
      onSubmit={onConfirm}
      submitLabel={confirmLabel}
      danger
      disabled={typed !== undefined && !isTyped(text, typed)}
      busy={busy}
      error={error}
    >
      <Text component="div" size="sm">
        {children}
      </Text>
      {typed !== undefined && <TypeToConfirm text={typed} value={text} onType={setText} data-autofocus />}
    </FormDialog>
  );
}
