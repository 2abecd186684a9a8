import { Button, Stack, Text, Title } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Slave } from '@dossier/protocol/node.ts';
import type { Site } from '@dossier/protocol/site.ts';
import { useSlaves } from '../../api/masters.ts';
import { DataTable } from '../../components/data-table.tsx';
import type { Column } from '../../components/data-table.tsx';
import { Name } from '../../components/name.tsx';
import { When } from '../../components/when.tsx';
import { useWriting } from '../../format/moments.ts';
import { StatementDialog } from './statement-dialog.tsx';

type Holding = Site['holdings'][number];

const nameOf = ({ name, dossier_list: id }: Holding): string => name ?? String(id);

/** What a site holds of each list, by the last statement that it signed. */
export function SiteHoldings({ site }: { site: Site }) {
  const { t } = useTranslation();
  const [opened, setOpened] = useState<number | null>(null);
  const inDialog = site.holdings.find(({ dossier_list: id }) => id === opened);
  const columns = useColumns(site, setOpened);
  return (
    <Stack gap="sm">
      <div>
        <Title order={2} size="h4">
          {t('sites.holds.title')}
        </Title>
        <Text size="sm" c="dimmed">
          {t(site.holdings.length === 0 ? 'sites.holds.none' : site.speaks_by === 'token' ? 'sites.holds.byToken' : 'sites.holds.text')}
        </Text>
      </div>
      {site.holdings.length > 0 && (
        <DataTable
          label={t('sites.holds.title')}
          columns={columns}
          rows={site.holdings.toSorted((a, b) => Number(a.current) - Number(b.current) || nameOf(a).localeCompare(nameOf(b)))}
          rowKey={({ dossier_list: id }) => id}
          find={nameOf}
        />
      )}
      {inDialog?.statement && (
        <StatementDialog site={site.name} list={nameOf(inDialog)} statement={inDialog.statement} onClose={() => setOpened(null)} />
      )}
    </Stack>
  );
}

function useColumns(site: Site, onOpen: (list: number) => void): Column<Holding>[] {
  const { t } = useTranslation();
  const writing = useWriting();
  const behindOf = useBehind(site.id);
  const number = (value: number | null): string => (value === null ? '' : writing.number(value));
  const isWithdrawn = ({ dossier_list: id }: Holding): boolean => site.withdrawn.some((each) => each.dossier_list === id);
  return [
    {
      title: t('sites.holds.list'),
      cell: (holding) => (
        <Text size="sm" fw={600} className="wrap">
          <Name>{nameOf(holding)}</Name>
        </Text>
      ),
    },
    { title: t('sites.holds.state'), cell: (holding) => <HoldingState holding={holding} withdrawn={isWithdrawn(holding)} /> },
    { title: t('sites.holds.behind'), minor: true, cell: (holding) => !isWithdrawn(holding) && behindOf(holding) },
    { title: t('sites.holds.dossiers'), align: 'right', minor: true, cell: ({ count }) => number(count) },
    {
      title: t('sites.holds.revision'),
      align: 'right',
      minor: true,
      cell: ({ revision, head_revision: head }) =>
        revision !== null && t('sites.holds.ofHead', { revision: number(revision), head: number(head) }),
    },
    { title: t('sites.holds.applied'), minor: true, cell: ({ applied_date: date }) => date !== null && <When time={date} /> },
    {
      title: t('sites.holds.signed'),
      cell: (holding) =>
        holding.statement === null ? (
          t('sites.holds.unsigned')
        ) : (
          <Stack gap={4} align="flex-start">
            <When time={holding.statement.date} />
            <Button
              size="compact-xs"
              variant="default"
              aria-label={t('sites.holds.showStatement', { name: nameOf(holding) })}
              onClick={() => onOpen(holding.dossier_list)}
            >
              {t('sites.holds.statement')}
            </Button>
          </Stack>
        ),
    },
  ];
}

function HoldingState({ holding, withdrawn }: { holding: Holding; withdrawn: boolean }) {
  const { t } = useTranslation();
  if (withdrawn) return <>{t('sites.holds.withdrawn')}</>;
  const { revision, current, state, set_aside: setAside } = holding;
  return (
    <>
      <Text size="sm" fw={600}>
        {t(revision === null ? 'sites.holds.unknown' : current ? 'sites.holds.current' : 'sites.holds.old')}
      </Text>
      {(state === 'failed' || state === 'held') && <Text size="sm">{t(`sites.holds.${state}`)}</Text>}
      {setAside !== null && setAside > 0 && <Text size="sm">{t('sites.holds.setAside', { count: setAside })}</Text>}
    </>
  );
}

/** How many changes of a list the site lacks. */
function useBehind(site: number): (holding: Holding) => string {
  const { t } = useTranslation();
  const slaves = useSlaves({ enabled: true }).data?.filter((slave: Slave) => slave.site === site) ?? [];
  return ({ dossier_list: list, current }) => {
    if (current) return '';
    const behind = slaves.find((slave) => slave.dossier_list === list)?.behind;
    if (behind === undefined) return '';
    return behind === null ? t('replication.followers.knownLater') : t('overview.behind', { count: behind });
  };
}
