import { Button, Group, Stack, Text, Title } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Token } from '@dossier/protocol/user.ts';
import { useSession } from '../../api/session.ts';
import { useRevokeToken, useTokens } from '../../api/users.ts';
import { whenDone } from '../../api/when-done.ts';
import { DataTable } from '../../components/data-table.tsx';
import type { Column } from '../../components/data-table.tsx';
import { Loaded } from '../../components/loaded.tsx';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { useTell } from '../../components/tell.ts';
import { When } from '../../components/when.tsx';
import { Name } from '../../components/name.tsx';

/** Where the person is signed in, and how to end that. */
export function OwnSessions() {
  const tokens = useTokens();
  const { data: me } = useSession();
  return (
    <Stack gap="sm">
      <Loaded query={tokens}>
        {(found) => <Sessions sessions={found.filter(({ kind, user }) => kind === 'session' && user.id === me?.id)} />}
      </Loaded>
    </Stack>
  );
}

function Sessions({ sessions }: { sessions: readonly Token[] }) {
  const { t } = useTranslation();
  const tell = useTell();
  const revoke = useRevokeToken();
  const others = sessions.filter(({ current }) => !current);
  const endOthers = (): void =>
    whenDone(Promise.all(others.map(({ id }) => revoke.mutateAsync(id))), (ended) =>
      tell(t('account.endedOthers', { count: ended.length })),
    );
  const columns: Column<Token>[] = [
    {
      title: t('account.browser'),
      sort: { key: 'browser', of: (session) => session.label },
      cell: (session) => (
        <Text size="sm" className="wrap" maw={480} lineClamp={2} fw={session.current ? 600 : 400}>
          {session.current && `${t('tokens.current')}: `}
          <Name>{session.label}</Name>
        </Text>
      ),
    },
    {
      title: t('tokens.created'),
      minor: true,
      sort: { key: 'created', of: (session) => session.created_date },
      cell: (session) => <When time={session.created_date} />,
    },
    {
      title: t('tokens.lastUsed'),
      sort: { key: 'used', of: (session) => session.last_used_date },
      cell: (session) => (session.last_used_date === null ? t('common.never') : <When time={session.last_used_date} />),
    },
    {
      title: t('common.actions'),
      cell: (session) =>
        !session.current && (
          <Button size="compact-sm" variant="default" onClick={() => revoke.mutate(session.id)}>
            {t('account.end')}
          </Button>
        ),
    },
  ];
  return (
    <>
      <Group justify="space-between">
        <Title order={2} size="h4">
          {t('account.sessions')}
        </Title>
        {others.length > 0 && (
          <Button size="xs" variant="default" loading={revoke.isPending} onClick={endOthers}>
            {t('account.endOthers')}
          </Button>
        )}
      </Group>
      <ProblemAlert error={revoke.error} />
      <DataTable label={t('account.sessions')} columns={columns} rows={sessions} rowKey={(session) => session.id} />
    </>
  );
}
