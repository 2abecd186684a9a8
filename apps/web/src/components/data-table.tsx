import { Paper, Stack, Table } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import classes from './data-table.module.css';
import { useFound } from './found-rows.tsx';
import type { FindKey } from './found-rows.tsx';
import { openRow } from './open-row.ts';
import { SortButton } from './sort-button.tsx';
import { directionOf, sortAfter, sorted } from './sorting.ts';
import type { SortColumn } from './sorting.ts';
import { useSort } from './use-sort.ts';

export interface Column<Row> {
  readonly title: string;
  readonly align?: 'right';
  /** Hidden on narrow screens. */
  readonly minor?: boolean;
  /** By which rows can be sorted; no other table of the page has one of the same key. */
  readonly sort?: SortColumn<Row>;
  readonly cell: (row: Row) => ReactNode;
}

interface DataTableProps<Row> {
  /** What is in the table, for who doesn't see it. */
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly rowKey: (row: Row) => string | number;
  /** What a row is found by, where there may be hundreds: then some are shown at first. */
  readonly find?: (row: Row) => string;
  /** Where the address says what is looked for. */
  readonly findKey?: FindKey;
}

/** A table that scrolls sideways where it must, in the order that the address names. */
export function DataTable<Row>({ find, findKey = 'find', rows, ...rest }: DataTableProps<Row>) {
  const { i18n } = useTranslation();
  const [sort] = useSort();
  const sortable = rest.columns.flatMap(({ sort: column }) => column ?? []);
  const table = { ...rest, rows: sorted(rows, sortable, { sort, language: i18n.language }) };
  return find === undefined ? <PlainTable {...table} /> : <LongTable {...table} find={find} findKey={findKey} />;
}

function PlainTable<Row>({ label, columns, rows, rowKey }: Omit<DataTableProps<Row>, 'find' | 'findKey'>) {
  return (
    <Paper withBorder>
      <Table.ScrollContainer
        minWidth={0}
        scrollAreaProps={{ offsetScrollbars: false, viewportProps: { tabIndex: 0, role: 'region', 'aria-label': label } }}
      >
        {/* The roles are said, as a table that is laid out as blocks is none by itself. */}
        <Table verticalSpacing="xs" highlightOnHover aria-label={label} className={classes.table ?? ''} role="table">
          <Table.Thead role="rowgroup">
            <Table.Tr role="row">
              {columns.map((column) => (
                <Heading key={column.title} {...column} />
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody role="rowgroup">
            {rows.map((row) => (
              <Table.Tr key={rowKey(row)} onClick={openRow} className={classes.row ?? ''} role="row">
                {columns.map(({ title, align, minor, cell }) => (
                  <Table.Td
                    key={title}
                    role="cell"
                    data-label={title}
                    {...(align && { ta: align, className: 'figures' })}
                    {...(minor && { visibleFrom: 'sm' })}
                  >
                    {cell(row)}
                  </Table.Td>
                ))}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Paper>
  );
}

function Heading<Row>({ title, align, minor, sort: column }: Column<Row>) {
  const [sort, setSort] = useSort();
  const direction = column && directionOf(sort, column.key);
  return (
    <Table.Th
      role="columnheader"
      {...(align && { ta: align })}
      {...(minor && { visibleFrom: 'sm' })}
      {...(column && { 'aria-sort': direction ?? ('none' as const) })}
    >
      {column ? <SortButton title={title} direction={direction} onSort={() => setSort(sortAfter(sort, column.key))} /> : title}
    </Table.Th>
  );
}

/** Of hundreds of rows some, and a box that finds the others. */
function LongTable<Row>({ rows, find, findKey, ...table }: Required<DataTableProps<Row>>) {
  const { shown, box, more } = useFound(rows, find, findKey);
  return (
    <Stack gap="sm">
      {box}
      {shown.length > 0 && <PlainTable {...table} rows={shown} />}
      {more}
    </Stack>
  );
}
