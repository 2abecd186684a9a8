import { Paper, Text } from '@mantine/core';
import { useVirtualizer } from '@tanstack/react-virtual';
import { Link, useSearch } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { DeclaredField } from '@dossier/domain/declaration.ts';
import type { WatchList } from '@dossier/protocol/watch-list.ts';
import { ListName } from '../../components/list-name.tsx';
import { useNarrow } from '../../components/narrow.ts';
import { openRow } from '../../components/open-row.ts';
import { When } from '../../components/when.tsx';
import { columnsOf } from './declared.ts';
import { DeclaredCells, DeclaredHeadings } from './declared-columns.tsx';
import classes from './dossier-table.module.css';
import { Face } from './face.tsx';
import { Marked, OtherMatches } from './marked.tsx';
import type { ListedDossier } from './marked.tsx';
import { OrderHeading } from './order-heading.tsx';
import { useRowInSight } from './row-in-sight.ts';
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
  /** Which of them are chosen. */
  readonly selection: Selection;
}

const rowHeight = 44;
const narrowRowHeight = 64;
/** Rows below the last visible one at which the next page is asked for. */
const ahead = 150;

/** Dossiers as rows, of which only those in sight are on the page. */
export function DossierTable({ dossiers, lists, total, onNearEnd, selection }: DossierViewProps) {
  const { t } = useTranslation();
  const scroller = useRef<HTMLDivElement>(null);
  const narrow = useNarrow();
  const rows = useVirtualizer({
    count: dossiers.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => (narrow ? narrowRowHeight : rowHeight),
    overscan: 12,
  });
  useRowInSight(dossiers, rows.scrollToIndex);
  const visible = rows.getVirtualItems();
  const last = visible.at(-1)?.index ?? 0;
  useEffect(() => {
    if (last >= dossiers.length - ahead) onNearEnd();
  });
  const above = visible[0]?.start ?? 0;
  const below = rows.getTotalSize() - (visible.at(-1)?.end ?? 0);
  const { list: chosen } = useSearch({ from: '/dossiers' });
  const declared = narrow ? [] : columnsOf(lists, chosen);
  const columns = narrow ? 2 : 6 + declared.length;
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
        data-declared={declared.length > 0}
        data-narrow={narrow}
        style={{ minWidth: narrow ? 0 : 720 + 150 * declared.length }}
        aria-rowcount={(total ?? -2) + 1}
        aria-label={t('dossiers.title')}
      >
        <thead>
          <tr aria-rowindex={1}>
            <Headings dossiers={dossiers} selection={selection} declared={declared} narrow={narrow} />
          </tr>
        </thead>
        <tbody>
          <Spacer height={above} columns={columns} />
          {visible.map(({ index }) => {
            const dossier = dossiers[index];
            // Copies that differ come one after another, all with one id.
            const row = dossier && { dossier, index, byId, selection };
            return row && (narrow ? <NarrowRow key={index} {...row} /> : <Row key={index} {...row} declared={declared} />);
          })}
          <Spacer height={below} columns={columns} />
        </tbody>
      </table>
    </Paper>
  );
}

interface HeadingsProps extends Pick<DossierViewProps, 'dossiers' | 'selection'> {
  readonly declared: readonly DeclaredField[];
  readonly narrow: boolean;
}

function Headings({ dossiers, selection, declared, narrow }: HeadingsProps) {
  const { t } = useTranslation();
  return (
    <>
      <SelectLoaded selection={selection} dossiers={dossiers} />
      <OrderHeading ordering="name" title={t('common.personName')} ranked />
      {!narrow && (
        <>
          <th scope="col" data-column="lists">
            {t('dossiers.list')}
          </th>
          <th scope="col">{t('dossiers.externalId')}</th>
          <th scope="col" data-column="photos" className={classes.figures}>
            {t('dossiers.photos')}
          </th>
          <OrderHeading ordering="modified_date" title={t('dossiers.modified')} />
          <DeclaredHeadings fields={declared} />
        </>
      )}
    </>
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
  readonly selection: Selection;
}

function Row({ dossier, index, byId, selection, declared }: RowProps & { readonly declared: readonly DeclaredField[] }) {
  return (
    <tr aria-rowindex={index + 2} onClick={openRow} className={classes.row} data-chosen={selection.has(dossier)}>
      <SelectBox selection={selection} dossier={dossier} index={index} />
      <td>
        <Face dossier={dossier} />
        <Person dossier={dossier} />
        <OtherMatches dossier={dossier} />
      </td>
      <td>
        <InLists dossier={dossier} byId={byId} />
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

/** A row for a screen that has no place for columns: who it is, and below in which list. */
function NarrowRow({ dossier, index, byId, selection }: RowProps) {
  return (
    <tr aria-rowindex={index + 2} onClick={openRow} className={classes.row} data-chosen={selection.has(dossier)}>
      <SelectBox selection={selection} dossier={dossier} index={index} />
      <td>
        <div className={classes.lines}>
          <Face dossier={dossier} />
          <div className={classes.line}>
            <Person dossier={dossier} />
            <div className={classes.below}>
              <InLists dossier={dossier} byId={byId} />
              {dossier.external_id !== null && (
                <span>
                  {' · '}
                  <Marked text={dossier.external_id} field="external_id" matches={dossier.matches} />
                </span>
              )}
              <OtherMatches dossier={dossier} />
            </div>
          </div>
        </div>
      </td>
    </tr>
  );
}

/** The name that opens the dossier, and what has to be known of it at once. */
function Person({ dossier }: { dossier: ListedDossier }) {
  const { t } = useTranslation();
  return (
    <>
      <Link
        to="/dossiers"
        search={(before) => ({ ...before, open: dossier.id })}
        resetScroll={false}
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
    </>
  );
}

/** The first of its lists, and how many others there are. */
function InLists({ dossier: { dossier_lists: lists }, byId }: Pick<RowProps, 'dossier' | 'byId'>) {
  const [first, ...others] = lists;
  const list = first === undefined ? undefined : byId.get(first);
  return (
    <>
      {list && <ListName name={list.name} color={list.color} />}
      {others.length > 0 && ` +${others.length}`}
    </>
  );
}
