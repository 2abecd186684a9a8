import { Stack, Text, Title } from '@mantine/core';
import { useState } from 'react';
import { Trans, useTranslation } from 'react-i18next';
import type { Master } from '@dossier/protocol/master.ts';
import { useForgetMaster, useKnownMasters } from '../../api/known-masters.ts';
import { useNode } from '../../api/node.ts';
import { useMay } from '../../api/session.ts';
import { whenDone } from '../../api/when-done.ts';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { DataTable } from '../../components/data-table.tsx';
import type { Column } from '../../components/data-table.tsx';
import { KeyWords } from '../../components/key-words.tsx';
import { Name } from '../../components/name.tsx';
import { RowMenu } from '../../components/row-menu.tsx';
import { useTell } from '../../components/tell.ts';
import { When } from '../../components/when.tsx';
import { masterName, OfferedKey } from './offered-key.tsx';

/** The masters whose keys this node knows; nothing where it knows none. */
export function KnownMasters() {
  const { t } = useTranslation();
  const words = useNode().data?.words;
  const { data: masters = [] } = useKnownMasters();
  if (masters.length === 0) return null;
  return (
    <Stack gap="sm">
      <div>
        <Title order={2} size="h4">
          {t('sites.masters.title')}
        </Title>
        {words && (
          <Text size="sm" c="dimmed">
            <Trans t={t} i18nKey="sites.masters.own" values={{ words }} components={{ b: <KeyWords words={words} /> }} />
          </Text>
        )}
      </div>
      {masters.map((master) => (
        <OfferedKey key={master.id} master={master} />
      ))}
      <MasterTable masters={masters} />
    </Stack>
  );
}

function MasterTable({ masters }: { masters: readonly Master[] }) {
  const { t } = useTranslation();
  const tell = useTell();
  const admin = useMay('admin');
  const forget = useForgetMaster();
  const [opened, setOpened] = useState<Master | null>(null);
  const close = (): void => setOpened(null);
  const columns: Column<Master>[] = [
    {
      title: t('sites.masters.master'),
      cell: (master) => (
        <>
          <Text size="sm" fw={600} className="wrap">
            <Name>{masterName(master)}</Name>
          </Text>
          <Text size="xs" c="dimmed" className="wrap">
            {master.remote_url}
          </Text>
        </>
      ),
    },
    { title: t('sites.masters.words'), cell: ({ words }) => <KeyWords words={words} /> },
    { title: t('sites.masters.since'), minor: true, cell: ({ pinned_date: date }) => <When time={date} /> },
    ...(admin
      ? [
          {
            title: t('common.actions'),
            cell: (master: Master) => (
              <RowMenu
                name={masterName(master)}
                actions={[{ label: t('sites.masters.forget'), danger: true, onClick: () => setOpened(master) }]}
              />
            ),
          },
        ]
      : []),
  ];
  return (
    <>
      <DataTable label={t('sites.masters.title')} columns={columns} rows={masters} rowKey={({ id }) => id} />
      {opened && (
        <ConfirmDialog
          title={t('sites.masters.forgetTitle', { master: masterName(opened) })}
          onClose={close}
          onConfirm={() =>
            whenDone(forget.mutateAsync(opened.id), () => {
              tell(t('sites.masters.forgotten'));
              close();
            })
          }
          confirmLabel={t('sites.forget.button')}
          busy={forget.isPending}
          error={forget.error}
        >
          {t('sites.masters.forgetText')}
        </ConfirmDialog>
      )}
    </>
  );
}
