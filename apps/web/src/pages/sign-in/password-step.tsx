import { Button, PasswordInput, Stack, TextInput } from '@mantine/core';
import type { SubmitEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { Refusal } from './refusal.tsx';

interface PasswordStepProps {
  readonly onSubmit: (name: string, password: string) => void;
  readonly busy: boolean;
  readonly error: unknown;
}

/** Name and password. */
export function PasswordStep({ onSubmit, busy, error }: PasswordStepProps) {
  const { t } = useTranslation();
  const submit = (event: SubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const [name, password] = [form.get('name'), form.get('password')];
    if (typeof name === 'string' && typeof password === 'string') onSubmit(name, password);
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <TextInput name="name" label={t('shell.signIn.name')} autoComplete="username" required />
        <PasswordInput name="password" label={t('shell.signIn.password')} autoComplete="current-password" required />
        <Refusal error={error} />
        <Button type="submit" loading={busy} fullWidth>
          {t('shell.signIn.button')}
        </Button>
      </Stack>
    </form>
  );
}
