import { Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { valueFault, valueOf } from '@dossier/domain/declaration.ts';
import type { DeclaredField } from '@dossier/domain/declaration.ts';
import { shownLines } from '@dossier/domain/shown-text.ts';
import { useWriting } from '../../format/moments.ts';
import { useNodeWords } from '../../i18n/node-words.ts';

interface DeclaredValueProps {
  readonly field: DeclaredField;
  readonly meta: Readonly<Record<string, unknown>>;
}

/** The value of a declared field in the reader's way; what doesn't fit is shown as it is. */
export function DeclaredValue({ field, meta }: DeclaredValueProps) {
  const { t } = useTranslation();
  const writing = useWriting();
  const value = valueOf(meta, field.name);
  if (value === undefined) return null;
  const fits = valueFault(field, value) === null;
  if (fits && typeof value === 'boolean') return <>{t(value ? 'common.yes' : 'common.no')}</>;
  if (fits && field.type === 'date' && typeof value === 'string') return <>{writing.day(value)}</>;
  return <bdi className="written">{shownLines(typeof value === 'string' ? value : JSON.stringify(value))}</bdi>;
}

/** Why a value doesn't fit what a list declares; null where it does. */
function useMisfit({ field, meta }: DeclaredValueProps): string | null {
  const { t } = useTranslation();
  const words = useNodeWords();
  const value = valueOf(meta, field.name);
  const reason = valueFault(field, value);
  if (reason === null) return null;
  return value === undefined ? t('fields.missing') : t('fields.misfit', { reason: words.sentence(reason) });
}

/** That a value doesn't fit what a list declares, and why. */
export function MisfitMark(props: DeclaredValueProps) {
  const misfit = useMisfit(props);
  if (misfit === null) return null;
  return (
    <Text span size="xs" fw={600} c="var(--mantine-color-error)">
      {misfit}
    </Text>
  );
}

/** The same where there is no room for words. */
export function MisfitSign(props: DeclaredValueProps) {
  const misfit = useMisfit(props);
  if (misfit === null) return null;
  return (
    <Text span c="var(--mantine-color-error)" title={misfit}>
      <IconAlertTriangle size={14} role="img" aria-label={misfit} />
    </Text>
  );
}
