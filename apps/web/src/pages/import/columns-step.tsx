import { Alert, Group, NativeSelect, Switch, Table, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { shownText } from '@dossier/domain/shown-text.ts';
import { delimiterNames, importTargets } from '@dossier/protocol/import.ts';
import type { DelimiterName, ImportColumns } from '@dossier/protocol/import.ts';
import type { FileReading } from '../../api/import.ts';
import { Name } from '../../components/name.tsx';
import { encodingLabels, useEncodingName } from './encodings.ts';
import { Warnings } from './warnings.tsx';

interface ColumnsStepProps {
  readonly seen: ImportColumns;
  readonly reading: FileReading;
  readonly onChange: (reading: FileReading) => void;
  readonly disabled: boolean;
}

type Column = ImportColumns['columns'][number];

/** How the file is read, and what each of its columns becomes, with values of its first rows. */
export function ColumnsStep({ seen, reading, onChange, disabled }: ColumnsStepProps) {
  const { t } = useTranslation();
  const unknown = seen.columns.filter(({ known }) => !known);
  const nameOf = useEncodingName();
  const hasName = seen.columns.some(({ as }) => as === 'name');
  return (
    <fieldset className="plain" disabled={disabled}>
      <Group gap="sm" align="flex-end">
        <NativeSelect
          label={t('imports.encoding')}
          value={reading.encoding ?? ''}
          onChange={(event) => onChange({ ...reading, encoding: event.currentTarget.value === '' ? undefined : event.currentTarget.value })}
          data={[
            { value: '', label: t('imports.found', { what: nameOf(seen.encoding) }) },
            ...encodingLabels.map((value) => ({ value, label: nameOf(value) })),
          ]}
        />
        {seen.format === 'csv' && (
          <NativeSelect
            label={t('imports.delimiter')}
            value={reading.delimiter ?? ''}
            onChange={(event) => {
              const { value } = event.currentTarget;
              onChange({ ...reading, delimiter: value === '' ? undefined : (value as DelimiterName) });
            }}
            data={[
              { value: '', label: t('imports.found', { what: seen.delimiter === null ? '?' : t(`imports.delimiters.${seen.delimiter}`) }) },
              ...delimiterNames.map((value) => ({ value, label: t(`imports.delimiters.${value}`) })),
            ]}
          />
        )}
        <Switch
          mb={6}
          label={t('imports.keepUnknown')}
          checked={reading.unknown === 'keep'}
          onChange={(event) => onChange({ ...reading, unknown: event.currentTarget.checked ? 'keep' : 'drop' })}
        />
      </Group>
      {seen.columns.length > 0 && !hasName && (
        <Alert color="yellow" mt="sm" icon={<IconAlertTriangle aria-hidden />}>
          {t('imports.noName')}
        </Alert>
      )}
      {unknown.length > 0 && (
        <Alert color={reading.unknown === 'keep' ? 'steel' : 'yellow'} mt="sm">
          {t(reading.unknown === 'keep' ? 'imports.unknownKept' : 'imports.unknownDropped', {
            count: unknown.length,
            names: unknown.map(({ name }) => shownText(name)).join(', '),
          })}
        </Alert>
      )}
      <Warnings warnings={seen.warnings} />
      <ColumnTable
        columns={seen.columns}
        onChoose={(column, to) => onChange({ ...reading, columns: choose({ seen, reading, column, to }) })}
      />
    </fieldset>
  );
}

interface Choice {
  readonly seen: ImportColumns;
  readonly reading: FileReading;
  readonly column: Column;
  readonly to: string;
}

/** What people said, with one more choice: no two columns are the same field. */
function choose({ seen, reading, column, to }: Choice): Record<string, string> {
  const columns = { ...reading.columns, [column.name]: to };
  for (const other of seen.columns) {
    if (to !== '' && other.name !== column.name && other.as === to) columns[other.name] = `meta.${other.name}`;
  }
  return columns;
}

function ColumnTable({ columns, onChoose }: { columns: readonly Column[]; onChoose: (column: Column, to: string) => void }) {
  const { t } = useTranslation();
  if (columns.length === 0) return null;
  return (
    <Table.ScrollContainer
      minWidth={0}
      mt="sm"
      mah={360}
      scrollAreaProps={{ offsetScrollbars: false, viewportProps: { tabIndex: 0, role: 'region', 'aria-label': t('imports.columns') } }}
    >
      <Table verticalSpacing={6} aria-label={t('imports.columns')}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('imports.column')}</Table.Th>
            <Table.Th visibleFrom="xs">{t('imports.samples')}</Table.Th>
            <Table.Th>{t('imports.becomes')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {columns.map((column) => (
            <Table.Tr key={column.name}>
              <Table.Td>
                <Text size="sm" fw={600} className="wrap">
                  <Name>{column.name}</Name>
                </Text>
                <Text size="xs" c="dimmed" className="wrap" lineClamp={1} hiddenFrom="xs">
                  <Name>{column.samples[0] ?? ''}</Name>
                </Text>
              </Table.Td>
              <Table.Td visibleFrom="xs">
                {column.samples.map((sample) => (
                  <Text key={sample} size="xs" c="dimmed" className="wrap" lineClamp={1}>
                    <Name>{sample}</Name>
                  </Text>
                ))}
              </Table.Td>
              <Table.Td>
                <NativeSelect
                  size="xs"
                  miw={140}
                  aria-label={t('imports.becomesOf', { name: column.name })}
                  value={column.as}
                  onChange={(event) => onChoose(column, event.currentTarget.value)}
                  data={targetsOf(column).map((value) => ({ value, label: labelOf(value) }))}
                />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );

  function labelOf(value: string): string {
    if (value === '') return t('imports.leaveOut');
    if (value.startsWith('meta.')) return t('imports.ownField', { name: value.slice('meta.'.length) });
    return t(`imports.targets.${value as (typeof importTargets)[number]}`);
  }
}

function targetsOf({ name, as }: Column): string[] {
  return [...new Set([...importTargets, `meta.${name}`, as, ''])];
}
