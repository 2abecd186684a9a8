import { NativeSelect, PasswordInput, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { shownText } from '@dossier/domain/shown-text.ts';
import type { IssuedToken } from '@dossier/protocol/user.ts';
import { useMay, useSession } from '../../api/session.ts';
import { useCreateToken, useUsers } from '../../api/users.ts';
import { useFieldFault } from '../../components/field-fault.ts';
import { FormDialog } from '../../components/form-dialog.tsx';

const lifetimes = [30, 90, 365] as const;

/** Makes a token; administrators also for others. */
export function TokenDialog({ onClose, onIssued }: { onClose: () => void; onIssued: (token: IssuedToken) => void }) {
  const { t } = useTranslation();
  const admin = useMay('admin');
  const hasPassword = useSession().data?.sign_in !== 'oidc';
  const create = useCreateToken();
  const faultOf = useFieldFault(create.error);
  const [label, setLabel] = useState('');
  const [user, setUser] = useState('');
  const [days, setDays] = useState('90');
  const [password, setPassword] = useState('');
  const submit = (): void =>
    create.mutate(
      {
        label: label.trim(),
        ...(hasPassword && { password }),
        expires_in_days: days === '' ? null : Number(days),
        ...(user !== '' && { user: Number(user) }),
      },
      {
        onSuccess(token) {
          onClose();
          onIssued(token);
        },
      },
    );
  return (
    <FormDialog
      title={t('tokens.create')}
      onClose={onClose}
      onSubmit={submit}
      disabled={label.trim() === '' || (hasPassword && password === '')}
      busy={create.isPending}
      error={create.error}
    >
      <TextInput
        label={t('tokens.for')}
        description={t('tokens.forHint')}
        value={label}
        onChange={(event) => setLabel(event.currentTarget.value)}
        error={faultOf('label')}
        required
        data-autofocus
      />
      {admin && <UserChoice value={user} onChange={setUser} />}
      <NativeSelect
        label={t('tokens.lifetime')}
        value={days}
        onChange={(event) => setDays(event.currentTarget.value)}
        data={[
          ...lifetimes.map((count) => ({ value: String(count), label: t('tokens.days', { count }) })),
          { value: '', label: t('tokens.forever') },
        ]}
      />
      {hasPassword && (
        <PasswordInput
          label={t('tokens.password')}
          description={t('tokens.passwordHint')}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          error={faultOf('password')}
          autoComplete="current-password"
          required
        />
      )}
    </FormDialog>
  );
}

/** For whom an administrator makes it. */
function UserChoice({ value, onChange }: { value: string; onChange: (user: string) => void }) {
  const { t } = useTranslation();
  const users = useUsers();
  return (
    <NativeSelect
      label={t('tokens.user')}
      description={t('tokens.userHint')}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      data={[
        { value: '', label: t('tokens.myself') },
        ...(users.data ?? []).map(({ id, name, role }) => ({
          value: String(id),
          label: `${shownText(name)} (${t(`common.role.${role}`)})`,
        })),
      ]}
    />
  );
}
