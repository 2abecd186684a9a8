import { PasswordInput } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useFieldFault } from '../../components/field-fault.ts';

interface OwnPasswordFieldProps {
  readonly value: string;
  readonly onChange: (password: string) => void;
  readonly error: unknown;
  /** The first field of its dialog has the focus. */
  readonly first?: boolean;
}

/** Asks for the password that one has. */
export function OwnPasswordField({ value, onChange, error, first }: OwnPasswordFieldProps) {
  const { t } = useTranslation();
  const faultOf = useFieldFault(error);
  return (
    <PasswordInput
      label={t('account.current')}
      description={t('secondFactor.passwordHint')}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      error={faultOf('password')}
      autoComplete="current-password"
      required
      {...(first === true && { 'data-autofocus': true })}
    />
  );
}
