import { Button, Checkbox, Group, Stack, Text, Title } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { BinnedDossier, Restored } from '@dossier/protocol/bin.ts';
import type { WatchList } from '@dossier/protocol/watch-list.ts';
import { DataTable } from '../../components/data-table.tsx';
import type { Column } from '../../components/data-table.tsx';
import { Name } from '../../components/name.tsx';
import { RowMenu } from '../../components/row-menu.tsx';
import { When } from '../../components/when.tsx';
import classes from '../dossiers/face.module.css';
import type { Erasing } from './erase-dialog.tsx';
import { useRestoring } from './use-restoring.tsx';
import type { Restoring } from './use-restoring.tsx';

interface BinnedTableProps {
  readonly dossiers: readonly BinnedDossier[];
  /** Into which can be restored. */
  readonly lists: readonly WatchList[];
  readonly editable: boolean;
  readonly onRestored: (restored: Restored) => void;
  /** Left out for who may not. */
  readonly onErase?: (erasing: Erasing) => void;
}

const keyOf = ({ deletion, dossier }: BinnedDossier): string => `${deletion} ${dossier}`;
const isHomeless = ({ dossier_lists: lists }: BinnedDossier): boolean => lists.every(({ there }) => !there);

/** Dossiers in the bin, to be restored one by one or together. */
export function BinnedTable({ dossiers, lists, editable, onRestored, onErase }: BinnedTableProps) {
  const { t } = useTranslation();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const selected = dossiers.filter((each) => chosen.has(keyOf(each)));
  const restoring = useRestoring({
    lists,
    onRestored(restored) {
      setChosen(new Set());
      onRestored(restored);
    },
  });
  const choose = (of: readonly BinnedDossier[], isChosen: boolean): void =>
    setChosen((before) => {
      const after = new Set(before);
      for (const each of of)
        if (isChosen) after.add(keyOf(each));
        else after.delete(keyOf(each));
      return after;
    });
  const columns = useColumns({ editable, chosen, onChoose: (each, isChosen) => choose([each], isChosen), restoring, onErase });
  return (
    <Stack gap="xs" component="section">
      <Group justify="space-between">
        <Title order={2} size="h4">
          {t('bin.single')}
        </Title>
        {editable && (
          <Group gap="sm">
            <Checkbox
              label={t('common.all')}
              checked={selected.length === dossiers.length}
              indeterminate={selected.length > 0 && selected.length < dossiers.length}
              onChange={(event) => choose(dossiers, event.currentTarget.checked)}
            />
            {selected.length > 0 && (
              <Button
                size="xs"
                loading={restoring.busy !== null && restoring.busy.deletion === undefined}
                onClick={() => restoring.restore({ dossiers: [...new Set(selected.map(({ dossier }) => dossier))].slice(0, mostAtOnce) })}
              >
                {t('bin.restoreSelected', { count: selected.length })}
              </Button>
            )}
          </Group>
        )}
      </Group>
      {restoring.outcome}
      <DataTable label={t('shell.pages.bin')} columns={columns} rows={dossiers} rowKey={keyOf} />
    </Stack>
  );
}

interface ColumnsProps {
  readonly editable: boolean;
  readonly chosen: ReadonlySet<string>;
  readonly onChoose: (dossier: BinnedDossier, isChosen: boolean) => void;
  readonly restoring: Restoring;
  readonly onErase: ((erasing: Erasing) => void) | undefined;
}

/** What is shown of each dossier, and what can be done with it. */
function useColumns({ editable, chosen, onChoose, restoring, onErase }: ColumnsProps): Column<BinnedDossier>[] {
  const { t } = useTranslation();
  return [
    {
      title: t('common.personName'),
      cell: (each) => (
        <Group gap="sm" wrap="nowrap">
          {editable && (
            <Checkbox
              aria-label={t('bulk.select', { name: each.name })}
              checked={chosen.has(keyOf(each))}
              onChange={(event) => onChoose(each, event.currentTarget.checked)}
            />
          )}
          <Person dossier={each} />
        </Group>
      ),
    },
    {
      title: t('dossiers.list'),
      minor: true,
      cell: ({ dossier_lists: from }) =>
        from.map(({ id, name, there }) => (
          <Text key={id} size="sm" className="wrap" {...(!there && { c: 'dimmed' })}>
            <Name>{there ? name : t('bin.listGone', { name })}</Name>
          </Text>
        )),
    },
    { title: t('bin.deleted'), minor: true, cell: ({ deleted_date: date }) => <When time={date} /> },
    { title: t('bin.by'), minor: true, cell: ({ deleted_by: by }) => <Name>{by}</Name> },
    { title: t('bin.erased'), minor: true, cell: ({ erased_date: date }) => <When time={date} /> },
    {
      title: t('common.actions'),
      cell: (each) => (
        <Group gap="xs" wrap="nowrap">
          {editable && (
            <Button
              size="xs"
              variant="light"
              aria-label={`${t(isHomeless(each) ? 'bin.restoreInto' : 'bin.restore')}: ${each.name}`}
              loading={restoring.busy?.deletion === each.deletion && restoring.busy.dossiers?.[0] === each.dossier}
              onClick={() => restoring.restore({ deletion: each.deletion, dossiers: [each.dossier] }, { homeless: isHomeless(each) })}
            >
              {t(isHomeless(each) ? 'bin.restoreInto' : 'bin.restore')}
            </Button>
          )}
          {onErase !== undefined && (
            <RowMenu
              name={each.name}
              actions={[{ label: t('bin.erase'), danger: true, onClick: () => onErase({ dossier: each.dossier, name: each.name }) }]}
            />
          )}
        </Group>
      ),
    },
  ];
}

/** As many as the node takes at once. */
const mostAtOnce = 1000;

function Person({ dossier: { name, external_id: externalId, comment, thumbnail, dossier_lists: lists } }: { dossier: BinnedDossier }) {
  return (
    <Group gap="sm" wrap="nowrap">
      {thumbnail === null ? (
        <div className={classes.face} aria-hidden />
      ) : (
        <img className={classes.face} src={new URL(thumbnail).pathname} alt="" loading="lazy" />
      )}
      <div>
        <Text size="sm" fw={600} className="wrap">
          <Name>{name}</Name>
        </Text>
        <Text size="xs" c="dimmed" lineClamp={1}>
          <Name>{[externalId, comment].filter((part) => part !== null && part !== '').join(' · ')}</Name>
        </Text>
        {/* Where there is no room for a column of them. */}
        <Text size="xs" c="dimmed" hiddenFrom="sm">
          <Name>{lists.map((list) => list.name).join(', ')}</Name>
        </Text>
      </div>
    </Group>
  );
}
