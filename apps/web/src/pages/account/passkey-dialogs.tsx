import { TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Passkey } from '@dossier/protocol/second-factor.ts';
import { useAddPasskey, useRemovePasskey, useRenamePasskey } from '../../api/second-factor.ts';
import { useFieldFault } from '../../components/field-fault.ts';
import { FormDialog } from '../../components/form-dialog.tsx';
import { useTell } from '../../components/tell.ts';
import { OwnPasswordDialog } from './own-password-dialog.tsx';
import { OwnPasswordField } from './own-password-field.tsx';

interface PasskeyDialogProps {
  readonly onClose: () => void;
  /** Added; with recovery codes, if they are the first. */
  readonly onDone: (name: string, codes: readonly string[] | null) => void;
}

/** Asks for a name and the password, then lets the browser make a passkey. */
export function PasskeyDialog({ onClose, onDone }: PasskeyDialogProps) {
  const { t } = useTranslation();
  const add = useAddPasskey();
  const [label, setLabel] = useState('');
  const [password, setPassword] = useState('');
  return (
    <FormDialog
      title={t('secondFactor.passkeys.addTitle')}
      onClose={onClose}
      onSubmit={() =>
        add.mutate({ label: label.trim(), password }, { onSuccess: ({ passkey, recovery_codes: codes }) => onDone(passkey.label, codes) })
      }
      submitLabel={t('secondFactor.passkeys.make')}
      disabled={label.trim() === '' || password === ''}
      busy={add.isPending}
      error={add.error}
    >
      <LabelField value={label} onChange={setLabel} error={add.error} />
      <OwnPasswordField value={password} onChange={setPassword} error={add.error} />
    </FormDialog>
  );
}

/** Gives a passkey another name. */
export function RenamePasskeyDialog({ passkey, onClose }: { passkey: Passkey; onClose: () => void }) {
  const { t } = useTranslation();
  const tell = useTell();
  const rename = useRenamePasskey();
  const [label, setLabel] = useState(passkey.label);
  return (
    <FormDialog
      title={t('secondFactor.passkeys.renameTitle', { name: passkey.label })}
      onClose={onClose}
      onSubmit={() =>
        rename.mutate(
          { id: passkey.id, label: label.trim() },
          {
            onSuccess({ label: name }) {
              onClose();
              tell(t('secondFactor.passkeys.renamed', { name }));
            },
          },
        )
      }
      disabled={label.trim() === ''}
      busy={rename.isPending}
      error={rename.error}
    >
      <LabelField value={label} onChange={setLabel} error={rename.error} />
    </FormDialog>
  );
}

/** Asks before a passkey is removed. */
export function RemovePasskeyDialog({ passkey, onClose, onDone }: { passkey: Passkey; onClose: () => void; onDone: () => void }) {
  const { t } = useTranslation();
  const tell = useTell();
  const remove = useRemovePasskey();
  const { id, label: name } = passkey;
  return (
    <OwnPasswordDialog
      title={t('secondFactor.passkeys.removeTitle', { name })}
      text={t('secondFactor.passkeys.removeText')}
      submitLabel={t('secondFactor.passkeys.remove').replace('…', '')}
      danger
      onClose={onClose}
      onSubmit={(password) =>
        remove.mutate(
          { id, password },
          {
            onSuccess() {
              tell(t('secondFactor.passkeys.removed', { name }));
              onDone();
            },
          },
        )
      }
      busy={remove.isPending}
      error={remove.error}
    />
  );
}

function LabelField({ value, onChange, error }: { value: string; onChange: (label: string) => void; error: unknown }) {
  const { t } = useTranslation();
  const faultOf = useFieldFault(error);
  return (
    <TextInput
      label={t('secondFactor.passkeys.label')}
      description={t('secondFactor.passkeys.labelHint')}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      error={faultOf('label')}
      maxLength={100}
      autoComplete="off"
      required
      data-autofocus
    />
  );
}
