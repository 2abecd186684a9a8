import { TextInput } from '@mantine/core';
import { useTranslation } from 'react-i18next';

/** Where a master is, as people write it. It has the focus first. */
export function AddressInput({ value, onChange }: { value: string; onChange: (address: string) => void }) {
  const { t } = useTranslation();
  return (
    <TextInput
      label={t('replication.enable.url')}
      description={t('replication.enable.urlHint')}
      placeholder="https://headquarters.example:8000"
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      inputMode="url"
      autoComplete="off"
      required
      data-autofocus
    />
  );
}
