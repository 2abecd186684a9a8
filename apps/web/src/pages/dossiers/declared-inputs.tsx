import { Alert, NativeSelect, Text, TextInput } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { valueFault } from '@dossier/domain/declaration.ts';
import type { DeclaredField } from '@dossier/domain/declaration.ts';
import type { Dossier } from '@dossier/protocol/dossier.ts';
import type { WatchList } from '@dossier/protocol/watch-list.ts';
import { Name } from '../../components/name.tsx';
import { useNodeWords } from '../../i18n/node-words.ts';
import { contradictions, fieldsOf, findingsOf, labelOf } from './declared.ts';
import type { Finding } from './declared.ts';
import { declaredRow, metaOf, withDeclared } from './meta-rows.ts';
import type { MetaRow } from './meta-rows.ts';

interface DeclaredInputsProps {
  readonly rows: readonly MetaRow[];
  /** The lists that the dossier is to be in. */
  readonly lists: readonly WatchList[];
  /** The dossier as it was read; null: it is new. */
  readonly base: Dossier | null;
  readonly onChange: (rows: MetaRow[]) => void;
}

/** What the dossier's lists ask for, each by an input of its kind. */
export function DeclaredInputs({ rows, lists, base, onChange }: DeclaredInputsProps) {
  const { t } = useTranslation();
  const findings = findingsOf(lists, base, metaOf(rows));
  return (
    <>
      {contradictions(lists).map(({ field, one, other }) => (
        <Alert key={`${field} ${one} ${other}`} color="yellow" role="alert">
          {t('fields.contradiction', { field, one, other })}
        </Alert>
      ))}
      {fieldsOf(lists).map((field) => (
        <DeclaredInput
          key={field.name}
          field={field}
          row={declaredRow(rows, field.name)}
          finding={findings.get(field.name)}
          onChange={(row) => onChange(withDeclared(rows, row))}
        />
      ))}
    </>
  );
}

interface DeclaredInputProps {
  readonly field: DeclaredField;
  readonly row: MetaRow | undefined;
  readonly finding: Finding | undefined;
  readonly onChange: (row: MetaRow) => void;
}

function DeclaredInput({ field, row, finding, onChange }: DeclaredInputProps) {
  const { t, i18n } = useTranslation();
  const words = useNodeWords();
  const { name, type } = field;
  const value = row?.text ?? '';
  const reason = finding && value !== '' ? words.sentence(finding.reason) : undefined;
  const shared = {
    label: <Name>{labelOf(field, i18n.language)}</Name>,
    withAsterisk: field.required,
    inputWrapperOrder: ['label' as const, 'input' as const, 'description' as const, 'error' as const],
    description: finding?.kept === true && reason !== undefined && <Kept reason={reason} />,
    error: finding?.kept === false ? reason : undefined,
    value,
  };
  if (type === 'choice' || type === 'yes_no') {
    const offered =
      type === 'choice'
        ? (field.choices ?? []).map((choice) => ({ value: choice, label: choice }))
        : [
            { value: 'true', label: t('common.yes') },
            { value: 'false', label: t('common.no') },
          ];
    // What is there already is shown, whatever it is.
    const isOffered = value === '' || offered.some((choice) => choice.value === value);
    return (
      <NativeSelect
        {...shared}
        data={[{ value: '', label: t('fields.nothingChosen') }, ...(isOffered ? [] : [{ value, label: value }]), ...offered]}
        onChange={(event) => {
          const chosen = event.currentTarget.value;
          onChange({ key: name, text: chosen, json: type === 'yes_no' });
        }}
      />
    );
  }
  // A text that is no day can't be seen in an input for days.
  const isDay = type === 'date' && (value === '' || valueFault({ type, required: false }, value) === null);
  return (
    <TextInput
      {...shared}
      type={isDay ? 'date' : 'text'}
      {...(type === 'number' && { inputMode: 'decimal' })}
      onChange={(event) => {
        const text = event.currentTarget.value;
        onChange(type === 'number' ? { key: name, text: text.trim().replace(',', '.'), json: true } : { key: name, text, json: false });
      }}
    />
  );
}

function Kept({ reason }: { reason: string }) {
  const { t } = useTranslation();
  return (
    <Text span size="xs" c="var(--mantine-color-error)">
      {t('fields.kept', { reason })}
    </Text>
  );
}
