import { Loader } from '@mantine/core';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { useColumns } from '../../api/import.ts';
import type { FileReading, ImportedFile } from '../../api/import.ts';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { ColumnsStep } from './columns-step.tsx';

interface MappingProps {
  readonly list: number;
  readonly file: ImportedFile;
  readonly reading: FileReading;
  readonly onChange: (reading: FileReading) => void;
  readonly disabled: boolean;
  /** Told whether the file can be imported as it is read. */
  readonly onReady: (isReady: boolean) => void;
}

/** What the node sees in the beginning of the file, as it is to be read. */
export function Mapping({ list, file, reading, onChange, disabled, onReady }: MappingProps) {
  const { t } = useTranslation();
  const columns = useColumns({ list, file, reading });
  const isReady =
    columns.data !== undefined &&
    !columns.isError &&
    (columns.data.format !== 'csv' || columns.data.columns.some(({ as }) => as === 'name'));
  useEffect(() => onReady(isReady), [isReady, onReady]);
  if (columns.isError) return <ProblemAlert error={columns.error} />;
  if (columns.data === undefined) return <Loader size="sm" role="status" aria-label={t('imports.looking')} />;
  return <ColumnsStep seen={columns.data} reading={reading} onChange={onChange} disabled={disabled} />;
}
