import { NativeSelect, PasswordInput, Switch, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { roles } from '@dossier/domain/role.ts';
import type { Role } from '@dossier/domain/role.ts';
import type { UserDetails } from '@dossier/protocol/user.ts';
import { useWatchLists } from '../../api/watch-lists.ts';
import { useChangeUser, useCreateUser } from '../../api/users.ts';
import { useFieldFault } from '../../components/field-fault.ts';
import { ListsSelect } from '../../components/lists-select.tsx';
import { FormDialog } from '../../components/form-dialog.tsx';
import { useTellEnded } from '../../components/tell-ended.ts';

/** Makes a user, or changes role and password of the one that is given. */
export function UserDialog({ user, onClose }: { user: UserDetails | null; onClose: () => void }) {
  const { t } = useTranslation();
  const tell = useTellEnded();
  const create = useCreateUser();
  const change = useChangeUser();
  const [name, setName] = useState(user?.name ?? '');
  const [role, setRole] = useState<Role>(user?.role ?? 'viewer');
  const [password, setPassword] = useState('');
  const [lists, setLists] = useState<number[] | null>(user?.dossier_lists ?? null);
  const limits = role === 'admin' ? null : lists;
  const error = create.error ?? change.error;
  const faultOf = useFieldFault(error);
  const onSuccess = ({ ended }: UserDetails): void => {
    tell(t(user === null ? 'users.created' : 'users.changed', { name }), ended);
    onClose();
  };
  const submit = (): void => {
    if (user === null) create.mutate({ name: name.trim(), role, password, dossier_lists: limits }, { onSuccess });
    else change.mutate({ id: user.id, role, dossier_lists: limits, ...(password !== '' && { password }) }, { onSuccess });
  };
  return (
    <FormDialog
      title={user === null ? t('users.create') : t('users.editTitle', { name: user.name })}
      onClose={onClose}
      onSubmit={submit}
      disabled={name.trim() === '' || (user === null && password === '')}
      busy={create.isPending || change.isPending}
      error={error}
    >
      {user === null && (
        <TextInput
          label={t('users.name')}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={faultOf('name')}
          autoComplete="off"
          required
          data-autofocus
        />
      )}
      <NativeSelect
        label={t('users.role')}
        value={role}
        onChange={(event) => setRole(event.currentTarget.value as Role)}
        data={roles.map((value) => ({ value, label: t(`common.role.${value}`) }))}
        description={t(`users.roleHints.${role}`)}
      />
      {role !== 'admin' && <Limits value={lists} onChange={setLists} error={faultOf('dossier_lists')} />}
      {user?.sign_in !== 'oidc' && (
        <PasswordInput
          label={t(user === null ? 'account.password' : 'account.new')}
          description={t('account.rules')}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          error={faultOf('password')}
          autoComplete="new-password"
          required={user === null}
        />
      )}
      {user?.sign_in === 'password' && (
        <Text size="sm" c="dimmed">
          {t('users.passwordHint')}
        </Text>
      )}
    </FormDialog>
  );
}

/** The watch lists that there are for a user; null for all. */
function Limits({
  value,
  onChange,
  error,
}: {
  value: number[] | null;
  onChange: (lists: number[] | null) => void;
  error: string | undefined;
}) {
  const { t } = useTranslation();
  const lists = useWatchLists();
  return (
    <>
      <Switch
        label={t('users.limited')}
        description={t('users.limitedHint')}
        checked={value !== null}
        onChange={(event) => onChange(event.currentTarget.checked ? [] : null)}
      />
      {value !== null && <ListsSelect label={t('users.lists')} lists={lists.data ?? []} value={value} onChange={onChange} error={error} />}
    </>
  );
}
