import { Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Changes } from '../../components/changes.tsx';

/** What the other dossier was, which was merged into this one. */
export function MergedAway({ values }: { values: Readonly<Record<string, unknown>> }) {
  const { t } = useTranslation();
  const { name } = values;
  return (
    <details>
      <Text component="summary" size="sm">
        {t('duplicates.mergedAway', { name: typeof name === 'string' ? name : '' })}
      </Text>
      <Changes before={{ ...values }} after={null} />
    </details>
  );
}
