import { Button, Text } from '@mantine/core';
import { IconUserPlus } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { roles } from '@dossier/domain/role.ts';
import type { UserDetails } from '@dossier/protocol/user.ts';
import { useSession } from '../../api/session.ts';
import { useChangeUser, useDeleteUser, useUsers } from '../../api/users.ts';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { DataTable } from '../../components/data-table.tsx';
import type { Column } from '../../components/data-table.tsx';
import { Loaded } from '../../components/loaded.tsx';
import { Page } from '../../components/page.tsx';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { RowMenu } from '../../components/row-menu.tsx';
import { When } from '../../components/when.tsx';
import { Name } from '../../components/name.tsx';
import { SecondFactorReset } from './second-factor-reset.tsx';
import { UserDialog } from './user-dialog.tsx';

type Opened = { kind: 'create' } | { kind: 'edit' | 'delete' | 'reset'; user: UserDetails } | null;

/** Who may come in, and what each may do. */
export function UsersPage() {
  const { t } = useTranslation();
  const users = useUsers();
  const change = useChangeUser();
  const remove = useDeleteUser();
  const [opened, setOpened] = useState<Opened>(null);
  const close = (): void => setOpened(null);
  return (
    <Page
      title={t('shell.pages.users')}
      description={t('users.description')}
      actions={
        <Button leftSection={<IconUserPlus size={18} aria-hidden />} onClick={() => setOpened({ kind: 'create' })}>
          {t('users.create')}
        </Button>
      }
    >
      <ProblemAlert error={change.error} />
      <Loaded query={users}>
        {(found) => (
          <UserTable
            users={found}
            onEdit={(user) => setOpened({ kind: 'edit', user })}
            onDelete={(user) => setOpened({ kind: 'delete', user })}
            onReset={(user) => setOpened({ kind: 'reset', user })}
            onActive={(user) => change.mutate({ id: user.id, active: !user.active })}
          />
        )}
      </Loaded>
      {opened?.kind === 'create' && <UserDialog user={null} onClose={close} />}
      {opened?.kind === 'reset' && <SecondFactorReset user={opened.user} onClose={close} />}
      {opened?.kind === 'edit' && <UserDialog user={opened.user} onClose={close} />}
      {opened?.kind === 'delete' && (
        <ConfirmDialog
          title={t('users.deleteTitle', { name: opened.user.name })}
          onClose={close}
          onConfirm={() => remove.mutate(opened.user.id, { onSuccess: close })}
          confirmLabel={t('common.delete')}
          busy={remove.isPending}
          error={remove.error}
        >
          {t('users.deleteText')}
        </ConfirmDialog>
      )}
    </Page>
  );
}

interface UserTableProps {
  readonly users: readonly UserDetails[];
  readonly onEdit: (user: UserDetails) => void;
  readonly onDelete: (user: UserDetails) => void;
  readonly onReset: (user: UserDetails) => void;
  readonly onActive: (user: UserDetails) => void;
}

function UserTable({ users, onEdit, onDelete, onReset, onActive }: UserTableProps) {
  const { t } = useTranslation();
  const { data: me } = useSession();
  const actionsOf = (user: UserDetails) => [
    { label: t('users.edit'), onClick: () => onEdit(user) },
    ...(user.second_factor ? [{ label: t('secondFactor.users.reset'), onClick: () => onReset(user) }] : []),
    // Nobody shuts themselves out.
    ...(user.id === me?.id
      ? []
      : [
          { label: t(user.active ? 'users.lock' : 'users.unlock'), onClick: () => onActive(user) },
          { label: t('users.delete'), danger: true, onClick: () => onDelete(user) },
        ]),
  ];
  const columns: Column<UserDetails>[] = [
    {
      title: t('users.name'),
      sort: { key: 'name', of: (user) => user.name },
      cell: (user) => (
        <Text size="sm" fw={600} className="wrap">
          <Name>{user.name}</Name>
          {user.id === me?.id && ` (${t('users.you')})`}
        </Text>
      ),
    },
    {
      title: t('users.role'),
      sort: { key: 'role', of: (user) => roles.indexOf(user.role) },
      cell: (user) => t(`common.role.${user.role}`),
    },
    {
      title: t('users.lists'),
      minor: true,
      cell: (user) => (user.dossier_lists === null ? t('users.allLists') : t('users.someLists', { count: user.dossier_lists.length })),
    },
    {
      title: t('secondFactor.users.column'),
      minor: true,
      cell: (user) => (user.sign_in === 'oidc' ? t('secondFactor.users.oidc') : t(user.second_factor ? 'common.yes' : 'common.no')),
    },
    {
      title: t('users.active'),
      sort: { key: 'active', of: (user) => Number(!user.active) },
      cell: (user) => t(user.active ? 'common.yes' : 'common.no'),
    },
    {
      title: t('users.lastSignIn'),
      minor: true,
      sort: { key: 'signed-in', of: (user) => user.last_sign_in },
      cell: (user) => (user.last_sign_in === null ? t('common.never') : <When time={user.last_sign_in} />),
    },
    { title: t('users.sessions'), align: 'right', minor: true, cell: (user) => user.session_count },
    { title: t('users.tokens'), align: 'right', minor: true, cell: (user) => user.token_count },
    { title: t('common.actions'), cell: (user) => <RowMenu name={user.name} actions={actionsOf(user)} /> },
  ];
  return <DataTable label={t('shell.pages.users')} columns={columns} rows={users} rowKey={(user) => user.id} find={(user) => user.name} />;
}
