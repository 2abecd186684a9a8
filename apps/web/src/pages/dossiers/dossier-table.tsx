import { Paper, Text } from '@mantine/core';
import { useVirtualizer } from '@tanstack/react-virtual';
import { Link, useSearch } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { DeclaredField } from '@dossier/domain/declaration.ts';
import type { WatchList } from '@dossier/protocol/watch-list.ts';
import { ListName } from '../../components/list-name.tsx';
import { openRow } from '../../components/open-row.ts';
import { When } from '../../components/when.tsx';
import { columnsOf } from './declared.ts';
import { DeclaredCells, DeclaredHeadings } from './declared-columns.tsx';
import classes from './dossier-table.module.css';
import { Face } from './face.tsx';
import { Marked, OtherMatches } from './marked.tsx';
import type { ListedDossier } from './marked.tsx';
import { SelectBox, SelectLoaded, useSelectionKeys } from './select-box.tsx';
import type { Selection } from './selection.ts';
import { ValidityMark } from './validity.tsx';

export interface DossierViewProps {
  readonly dossiers: readonly ListedDossier[];
  readonly lists: readonly WatchList[];
  /** How many there are with those that aren't loaded yet; null where nobody knows. */
  readonly total: number | null;
  /** Called when what comes next will soon be seen. */
  readonly onNearEnd: () => void;
  /** Which of them are chosen; null for who may do nothing with them. */
  readonly selection: Selection | null;
}

const rowHeight = 44;
/** Rows below the last visible one at which the next page is asked for. */
const ahead = 150;

/** Dossiers as rows, of which only those in sight are on the page. */
export function DossierTable({ dossiers, lists, total, onNearEnd, selection }: DossierViewProps) {
  const { t } = useTranslation();
  const scroller = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: dossiers.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 12,
  });
  const visible = rows.getVirtualItems();
  const last = visible.at(-1)?.index ?? 0;
  useEffect(() => {
    if (last >= dossiers.length - ahead) onNearEnd();
  });
  const above = visible[0]?.start ?? 0;
  const below = rows.getTotalSize() - (visible.at(-1)?.end ?? 0);
  const { list: chosen } = useSearch({ from: '/dossiers' });
  const declared = columnsOf(lists, chosen);
  const byId = new Map(lists.map((list) => [list.id, list]));
  const onKeyDown = useSelectionKeys({ selection, rows: dossiers.length, show: (index) => rows.scrollToIndex(index) });
  return (
    <Paper
      withBorder
      ref={scroller}
      className={classes.scroller ?? ''}
      tabIndex={0}
      role="region"
      aria-label={t('dossiers.title')}
      onKeyDown={onKeyDown}
    >
      <table
        className={classes.table}
        data-selectable={selection !== null}
        data-declared={declared.length > 0}
        style={{ minWidth: 720 + 150 * declared.length }}
        aria-rowcount={(total ?? -2) + 1}
        aria-label={t('dossiers.title')}
      >
        <thead>
          <tr aria-rowindex={1}>
            {selection && <SelectLoaded selection={selection} dossiers={dossiers} />}
            <th scope="col" data-column="name">
              {t('common.personName')}
            </th>
            <th scope="col" data-column="lists">
              {t('dossiers.list')}
            </th>
            <th scope="col">{t('dossiers.externalId')}</th>
            <th scope="col" data-column="photos" className={classes.figures}>
              {t('dossiers.photos')}
            </th>
            <th scope="col">{t('dossiers.modified')}</th>
            <DeclaredHeadings fields={declared} />
          </tr>
        </thead>
        <tbody>
          <Spacer height={above} columns={(selection ? 6 : 5) + declared.length} />
          {visible.map(({ index }) => {
            const dossier = dossiers[index];
            // Copies that differ come one after another, all with one id.
            return dossier && <Row key={index} dossier={dossier} index={index} byId={byId} selection={selection} declared={declared} />;
          })}
          <Spacer height={below} columns={(selection ? 6 : 5) + declared.length} />
        </tbody>
      </table>
    </Paper>
  );
}

/** Stands in for rows that are out of sight. */
function Spacer({ height, columns }: { height: number; columns: number }) {
  return (
    <tr aria-hidden className={classes.spacer}>
      <td colSpan={columns} style={{ height }} />
    </tr>
  );
}

interface RowProps {
  readonly dossier: ListedDossier;
  readonly index: number;
  readonly byId: ReadonlyMap<number, WatchList>;
  readonly selection: Selection | null;
  readonly declared: readonly DeclaredField[];
}

function Row({ dossier, index, byId, selection, declared }: RowProps) {
  const { t } = useTranslation();
  const [first, ...others] = dossier.dossier_lists;
  const list = first === undefined ? undefined : byId.get(first);
  return (
    <tr aria-rowindex={index + 2} onClick={openRow} className={classes.row} data-chosen={selection?.has(dossier)}>
      {selection && <SelectBox selection={selection} dossier={dossier} index={index} />}
      <td>
        <Face dossier={dossier} />
        <Link
          to="/dossiers"
          search={(before) => ({ ...before, open: dossier.id })}
          className={classes.name ?? ''}
          data-opens={dossier.id}
          data-inactive={!dossier.active}
        >
          <Marked text={dossier.name} field="name" matches={dossier.matches} />
        </Link>
        {!dossier.active && (
          <Text span size="xs" c="dimmed" ml="xs">
            {t('dossiers.inactive')}
          </Text>
        )}
        <ValidityMark dossier={dossier} />
        <OtherMatches dossier={dossier} />
      </td>
      <td>
        {list && <ListName name={list.name} color={list.color} />}
        {others.length > 0 && ` +${others.length}`}
      </td>
      <td>
        <Marked text={dossier.external_id ?? ''} field="external_id" matches={dossier.matches} />
      </td>
      <td className={classes.figures}>{dossier.face_count}</td>
      <td>
        <When time={dossier.modified_date} />
      </td>
      <DeclaredCells fields={declared} dossier={dossier} />
    </tr>
  );
}
