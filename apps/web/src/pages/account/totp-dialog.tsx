import { Code, Group, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useBeginTotp, useConfirmTotp } from '../../api/second-factor.ts';
import { useFieldFault } from '../../components/field-fault.ts';
import { focusOnSight } from '../../components/focus-on-sight.ts';
import { FormDialog } from '../../components/form-dialog.tsx';
import { QrCode } from '../../components/qr-code.tsx';
import { OwnPasswordField } from './own-password-field.tsx';

interface TotpDialogProps {
  readonly onClose: () => void;
  /** Set up; with recovery codes, if they are the first. */
  readonly onDone: (codes: readonly string[] | null) => void;
}

/** Sets up an authenticator app: the password, then the secret for the app and a code of it. */
export function TotpDialog({ onClose, onDone }: TotpDialogProps) {
  const { t } = useTranslation();
  const begin = useBeginTotp();
  const confirm = useConfirmTotp();
  const faultOf = useFieldFault(confirm.error);
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  const title = t('secondFactor.app.setUpTitle');
  if (begin.data === undefined) {
    return (
      <FormDialog
        title={title}
        onClose={onClose}
        onSubmit={() => begin.mutate(password)}
        submitLabel={t('common.next')}
        disabled={password === ''}
        busy={begin.isPending}
        error={begin.error}
      >
        <OwnPasswordField value={password} onChange={setPassword} error={begin.error} first />
      </FormDialog>
    );
  }
  const fault = faultOf('code');
  return (
    <FormDialog
      title={title}
      onClose={onClose}
      onSubmit={() => confirm.mutate(code, { onSuccess: ({ recovery_codes: codes }) => onDone(codes) })}
      submitLabel={t('secondFactor.app.confirm')}
      disabled={!/^\s*(\d\s*){6}$/.test(code)}
      busy={confirm.isPending}
      error={fault === undefined ? confirm.error : null}
    >
      <Text size="sm">{t('secondFactor.app.scan')}</Text>
      <Group justify="center">
        <QrCode text={begin.data.uri} label={t('secondFactor.app.qr')} />
      </Group>
      <div>
        <Text size="sm" fw={500}>
          {t('secondFactor.app.secret')}
        </Text>
        <Code block className="wrap" fz="md" style={{ whiteSpace: 'pre-wrap' }}>
          {begin.data.secret.replaceAll(/(.{4})(?=.)/g, '$1 ')}
        </Code>
      </div>
      <TextInput
        label={t('secondFactor.app.code')}
        value={code}
        onChange={(event) => setCode(event.currentTarget.value)}
        error={fault}
        inputMode="numeric"
        autoComplete="one-time-code"
        ref={focusOnSight}
        required
      />
    </FormDialog>
  );
}
