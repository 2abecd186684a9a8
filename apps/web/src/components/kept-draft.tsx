import { Alert, Button, Group, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useWriting } from '../format/moments.ts';
import type { Draft } from './draft.ts';

/** Says that what was written before is there again, and lets it be thrown away. */
export function KeptDraft({ draft }: { draft: Pick<Draft<object, unknown>, 'keptSince' | 'discard'> }) {
  const { t } = useTranslation();
  const writing = useWriting();
  if (draft.keptSince === null) return null;
  return (
    <Alert color="blue" role="status" p="xs">
      <Group justify="space-between" gap="sm">
        <Text size="sm">{t('drafts.kept', { when: writing.relative(draft.keptSince) })}</Text>
        <Button size="compact-sm" variant="default" onClick={draft.discard}>
          {t('drafts.discard')}
        </Button>
      </Group>
    </Alert>
  );
}
