import { Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { FormDialog } from './form-dialog.tsx';
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
  const { t } = useTranslation();
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
      {typed !== undefined && (
        <TextInput
          label={t('common.typeToConfirm', { text: typed })}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          autoComplete="off"
          data-autofocus
        />
      )}
    </FormDialog>
  );
}
