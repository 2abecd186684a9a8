import { Text } from '@mantine/core';
import { useState } from 'react';
import { FormDialog } from '../../components/form-dialog.tsx';
import { OwnPasswordField } from './own-password-field.tsx';

interface OwnPasswordDialogProps {
  readonly title: string;
  readonly text: string;
  readonly submitLabel: string;
  readonly danger?: boolean;
  readonly onSubmit: (password: string) => void;
  readonly onClose: () => void;
  readonly busy: boolean;
  readonly error: unknown;
}

/** Asks before something about the own access is changed, and for the password with it. */
export function OwnPasswordDialog({ text, onSubmit, ...dialog }: OwnPasswordDialogProps) {
  const [password, setPassword] = useState('');
  return (
    <FormDialog {...dialog} onSubmit={() => onSubmit(password)} disabled={password === ''}>
      <Text size="sm">{text}</Text>
      <OwnPasswordField value={password} onChange={setPassword} error={dialog.error} first />
    </FormDialog>
  );
}
