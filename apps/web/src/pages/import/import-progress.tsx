import { Group, Progress, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useImportProgress } from '../../api/import.ts';
import { useWriting } from '../../format/moments.ts';

interface ImportProgressProps {
  /** Null for a check, which the node keeps nothing of. */
  readonly uuid: string | null;
  /** How much is sent, from 0 to 1. */
  readonly part: number;
}

/** How far a check or an import is. */
export function ImportProgress({ uuid, part }: ImportProgressProps) {
  const { t } = useTranslation();
  const writing = useWriting();
  const progress = useImportProgress(uuid ?? '', { enabled: uuid !== null });
  const label = t(uuid === null ? 'imports.checking' : part < 1 ? 'imports.sending' : 'imports.writing');
  return (
    <div>
      <Group justify="space-between" gap="xs">
        <Text size="sm" fw={600}>
          {label}
        </Text>
        <Text size="sm" c="dimmed" className="figures">
          {progress.data
            ? t('imports.rowsDone', { count: progress.data.lines, shown: writing.number(progress.data.lines) })
            : `${Math.floor(part * 100)} %`}
        </Text>
      </Group>
      <Progress mt={4} value={part * 100} animated={part === 1} aria-label={label} />
    </div>
  );
}
