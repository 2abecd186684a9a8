import { Box, Button, Text } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Passkey } from '@dossier/protocol/second-factor.ts';
import { passkeyObstacle } from '../../api/second-factor.ts';
import { DataTable } from '../../components/data-table.tsx';
import type { Column } from '../../components/data-table.tsx';
import { Name } from '../../components/name.tsx';
import { RowMenu } from '../../components/row-menu.tsx';
import { useTell } from '../../components/tell.ts';
import { When } from '../../components/when.tsx';
import { FactorPart } from './factor-part.tsx';
import { PasskeyDialog, RemovePasskeyDialog, RenamePasskeyDialog } from './passkey-dialogs.tsx';

interface PasskeysProps {
  readonly passkeys: readonly Passkey[];
  readonly onCodes: (codes: readonly string[] | null) => void;
}

type Opened = { kind: 'add' } | { kind: 'rename' | 'remove'; passkey: Passkey } | null;

/** The passkeys that one has: added, renamed and removed. */
export function Passkeys({ passkeys, onCodes }: PasskeysProps) {
  const { t } = useTranslation();
  const tell = useTell();
  const [opened, setOpened] = useState<Opened>(null);
  const close = (): void => setOpened(null);
  const obstacle = passkeyObstacle();
  return (
    <FactorPart
      title={t('secondFactor.passkeys.title')}
      text={t('secondFactor.passkeys.text')}
      action={
        obstacle === null && (
          <Button size="xs" variant="default" onClick={() => setOpened({ kind: 'add' })}>
            {t('secondFactor.passkeys.add')}
          </Button>
        )
      }
    >
      {obstacle !== null && (
        <Text size="sm" mt="xs">
          {t(`secondFactor.passkeys.${obstacle}`)}
        </Text>
      )}
      {passkeys.length > 0 && (
        <Box mt="sm">
          <PasskeyTable passkeys={passkeys} onOpen={setOpened} />
        </Box>
      )}
      {opened?.kind === 'add' && (
        <PasskeyDialog
          onClose={close}
          onDone={(name, codes) => {
            close();
            tell(t('secondFactor.passkeys.added', { name }));
            onCodes(codes);
          }}
        />
      )}
      {opened?.kind === 'rename' && <RenamePasskeyDialog passkey={opened.passkey} onClose={close} />}
      {opened?.kind === 'remove' && (
        <RemovePasskeyDialog
          passkey={opened.passkey}
          onClose={close}
          onDone={() => {
            close();
            onCodes(null);
          }}
        />
      )}
    </FactorPart>
  );
}

function PasskeyTable({ passkeys, onOpen }: { passkeys: readonly Passkey[]; onOpen: (opened: Opened) => void }) {
  const { t } = useTranslation();
  const columns: Column<Passkey>[] = [
    {
      title: t('secondFactor.passkeys.name'),
      cell: ({ label }) => (
        <Text size="sm" fw={600} className="wrap">
          <Name>{label}</Name>
        </Text>
      ),
    },
    { title: t('secondFactor.passkeys.host'), minor: true, cell: ({ host }) => host },
    {
      title: t('secondFactor.passkeys.lastUsed'),
      cell: ({ last_used_date: used }) => (used === null ? t('common.never') : <When time={used} />),
    },
    {
      title: t('common.actions'),
      cell: (passkey) => (
        <RowMenu
          name={passkey.label}
          actions={[
            { label: t('secondFactor.passkeys.rename'), onClick: () => onOpen({ kind: 'rename', passkey }) },
            { label: t('secondFactor.passkeys.remove'), danger: true, onClick: () => onOpen({ kind: 'remove', passkey }) },
          ]}
        />
      ),
    },
  ];
  return <DataTable label={t('secondFactor.passkeys.title')} columns={columns} rows={passkeys} rowKey={({ id }) => id} />;
}
