import { Button, Text } from '@mantine/core';
import { IconKey } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { IssuedToken, Token } from '@dossier/protocol/user.ts';
import { useRevokeToken, useTokens } from '../../api/users.ts';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { DataTable } from '../../components/data-table.tsx';
import type { Column } from '../../components/data-table.tsx';
import { Loaded } from '../../components/loaded.tsx';
import { Page } from '../../components/page.tsx';
import { RowMenu } from '../../components/row-menu.tsx';
import { SecretOnce } from '../../components/secret-once.tsx';
import { When } from '../../components/when.tsx';
import { Name } from '../../components/name.tsx';
import { TokenDialog } from './token-dialog.tsx';

/** Tokens for programs, and the sessions of browsers: what lets in, and how to end it. */
export function TokensPage() {
  const { t } = useTranslation();
  const tokens = useTokens();
  const revoke = useRevokeToken();
  const [creating, setCreating] = useState(false);
  const [issued, setIssued] = useState<IssuedToken | null>(null);
  const [revoking, setRevoking] = useState<Token | null>(null);
  return (
    <Page
      title={t('shell.pages.tokens')}
      description={t('tokens.description')}
      actions={
        <Button leftSection={<IconKey size={18} aria-hidden />} onClick={() => setCreating(true)}>
          {t('tokens.create')}
        </Button>
      }
    >
      <Loaded query={tokens}>{(found) => <TokenTable tokens={found} onRevoke={setRevoking} />}</Loaded>
      {creating && <TokenDialog onClose={() => setCreating(false)} onIssued={setIssued} />}
      {issued !== null && (
        <SecretOnce title={t('tokens.issued')} text={t('tokens.once')} secret={issued.token} onClose={() => setIssued(null)} />
      )}
      {revoking !== null && (
        <ConfirmDialog
          title={t('tokens.revokeTitle')}
          onClose={() => setRevoking(null)}
          onConfirm={() => revoke.mutate(revoking.id, { onSuccess: () => setRevoking(null) })}
          confirmLabel={t('tokens.revoke')}
          busy={revoke.isPending}
          error={revoke.error}
        >
          {t('tokens.revokeText', { user: revoking.user.name })}
        </ConfirmDialog>
      )}
    </Page>
  );
}

function TokenTable({ tokens, onRevoke }: { tokens: readonly Token[]; onRevoke: (token: Token) => void }) {
  const { t } = useTranslation();
  const columns: Column<Token>[] = [
    {
      title: t('tokens.label'),
      sort: { key: 'label', of: (token) => `${t(`tokens.kinds.${token.kind}`)} ${token.label}` },
      cell: (token) => (
        <>
          <Text size="sm" fw={600}>
            {t(`tokens.kinds.${token.kind}`)}
            {token.current && ` (${t('tokens.current')})`}
          </Text>
          <Text size="xs" c="dimmed" className="wrap" maw={360} lineClamp={2}>
            <Name>{token.label}</Name>
          </Text>
        </>
      ),
    },
    { title: t('tokens.user'), sort: { key: 'user', of: (token) => token.user.name }, cell: (token) => <Name>{token.user.name}</Name> },
    {
      title: t('tokens.created'),
      minor: true,
      sort: { key: 'created', of: (token) => token.created_date },
      cell: (token) => <When time={token.created_date} />,
    },
    {
      title: t('tokens.lastUsed'),
      sort: { key: 'used', of: (token) => token.last_used_date },
      cell: (token) => (token.last_used_date === null ? t('common.never') : <When time={token.last_used_date} />),
    },
    {
      title: t('tokens.expires'),
      minor: true,
      sort: { key: 'expires', of: (token) => token.expires_date },
      cell: (token) => (token.expires_date === null ? t('common.never') : <When time={token.expires_date} />),
    },
    {
      title: t('common.actions'),
      // ADMIN_TOKEN is ended where it is configured.
      cell: (token) =>
        token.kind !== 'configured' && (
          <RowMenu name={token.label} actions={[{ label: t('tokens.revoke'), danger: true, onClick: () => onRevoke(token) }]} />
        ),
    },
  ];
  return (
    <DataTable
      label={t('shell.pages.tokens')}
      columns={columns}
      rows={tokens}
      rowKey={(token) => token.id}
      find={(token) => `${token.user.name} ${token.label}`}
    />
  );
}
