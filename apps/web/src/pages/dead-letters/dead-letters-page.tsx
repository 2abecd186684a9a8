import { Anchor, Button, Text } from '@mantine/core';
import { IconMoodCheck, IconRefresh, IconTrash } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { DeadLetter } from '@dossier/protocol/sync.ts';
import { useDeadLetters, useDiscardAllLetters, useRetryAllLetters } from '../../api/dead-letters.ts';
import { useReplicationPages } from '../../api/node.ts';
import { useMay } from '../../api/session.ts';
import { useListName } from '../../api/watch-lists.ts';
import { whenDone } from '../../api/when-done.ts';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { DataTable } from '../../components/data-table.tsx';
import type { Column } from '../../components/data-table.tsx';
import { Empty } from '../../components/empty.tsx';
import { FaultText } from '../../components/fault-text.tsx';
import { Loaded } from '../../components/loaded.tsx';
import { Page } from '../../components/page.tsx';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { SwitchedOff } from '../../components/switched-off.tsx';
import { useTell } from '../../components/tell.ts';
import { When } from '../../components/when.tsx';
import { Name } from '../../components/name.tsx';
import { useNodeWords } from '../../i18n/node-words.ts';
import { LetterActions } from './letter-actions.tsx';

/** What failed for good: to be tried again, or forgotten. */
export function DeadLettersPage() {
  const { t } = useTranslation();
  const pages = useReplicationPages();
  const letters = useDeadLetters({ enabled: pages === true });
  const admin = useMay('admin');
  if (pages === false) return <SwitchedOff title={t('shell.pages.deadLetters')} />;
  const some = (letters.data ?? []).length > 0;
  return (
    <Page title={t('shell.pages.deadLetters')} description={t('deadLetters.description')} actions={admin && some && <AllActions />}>
      <Loaded query={letters}>
        {(found) =>
          found.length === 0 ? (
            <Empty icon={<IconMoodCheck size={40} />} title={t('deadLetters.empty.title')}>
              {t('deadLetters.empty.text')}
            </Empty>
          ) : (
            <LetterTable letters={found} admin={admin} />
          )
        }
      </Loaded>
    </Page>
  );
}

function AllActions() {
  const { t } = useTranslation();
  const tell = useTell();
  const retry = useRetryAllLetters();
  const discard = useDiscardAllLetters();
  const [asking, setAsking] = useState(false);
  return (
    <>
      <ProblemAlert error={retry.error} />
      <Button variant="default" leftSection={<IconTrash size={18} aria-hidden />} onClick={() => setAsking(true)}>
        {t('deadLetters.discardAll')}
      </Button>
      <Button
        leftSection={<IconRefresh size={18} aria-hidden />}
        loading={retry.isPending}
        onClick={() => whenDone(retry.mutateAsync(undefined), ({ count }) => tell(t('deadLetters.retried', { count })))}
      >
        {t('deadLetters.retryAll')}
      </Button>
      {asking && (
        <ConfirmDialog
          title={t('deadLetters.discardAllTitle')}
          onClose={() => setAsking(false)}
          onConfirm={() => discard.mutate(undefined, { onSuccess: () => setAsking(false) })}
          confirmLabel={t('deadLetters.discardAll')}
          busy={discard.isPending}
          error={discard.error}
        >
          {t('deadLetters.discardText')}
        </ConfirmDialog>
      )}
    </>
  );
}

function LetterTable({ letters, admin }: { letters: readonly DeadLetter[]; admin: boolean }) {
  const { t } = useTranslation();
  const nameOf = useListName();
  const columns: Column<DeadLetter>[] = [
    {
      title: t('dossiers.list'),
      sort: { key: 'list', of: (letter) => nameOf(letter.slave_dossier_list) },
      cell: (letter) => (
        <Anchor
          size="sm"
          fw={600}
          renderRoot={(props) => (
            <Link {...props} to="/replication/$list" params={{ list: String(letter.slave_dossier_list) }} data-opens />
          )}
        >
          <Name>{nameOf(letter.slave_dossier_list)}</Name>
        </Anchor>
      ),
    },
    {
      title: t('deadLetters.what'),
      sort: { key: 'code', of: (letter) => letter.code },
      cell: (letter) => <What letter={letter} />,
    },
    {
      title: t('deadLetters.last'),
      sort: { key: 'last', of: (letter) => letter.last_date },
      cell: (letter) => <When time={letter.last_date} />,
    },
    {
      title: t('deadLetters.first'),
      minor: true,
      sort: { key: 'first', of: (letter) => letter.first_date },
      cell: (letter) => <When time={letter.first_date} />,
    },
    {
      title: t('deadLetters.count'),
      align: 'right',
      minor: true,
      sort: { key: 'count', of: (letter) => letter.count },
      cell: (letter) => letter.count,
    },
    ...(admin ? [{ title: t('common.actions'), cell: (letter: DeadLetter) => <LetterActions letter={letter} /> }] : []),
  ];
  return (
    <DataTable
      label={t('shell.pages.deadLetters')}
      columns={columns}
      rows={letters}
      rowKey={(letter) => letter.id}
      find={(letter) => `${nameOf(letter.slave_dossier_list)} ${letter.code}`}
    />
  );
}

function What({ letter }: { letter: DeadLetter }) {
  const { t, i18n } = useTranslation();
  const { remedy } = useNodeWords().fault(letter);
  const key = `replication.runState.${letter.phase}`;
  const phase = i18n.exists(key) ? t(key as 'replication.runState.fetching') : letter.phase;
  return (
    <>
      <FaultText error={letter} />
      <Text size="sm" c="dimmed" className="wrap">
        {remedy}
      </Text>
      <Text size="xs" c="dimmed">
        {letter.code} · {phase}
      </Text>
    </>
  );
}
