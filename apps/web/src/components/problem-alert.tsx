import { Alert, Button, Group, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { Problem } from '../api/problem.ts';

/** Problems that aren't told in the words of the node. */
const sentences = {
  UNREACHABLE: 'common.unreachable',
  TOO_LARGE_ON_THE_WAY: 'common.tooLargeOnTheWay',
  STOPPED_ON_THE_WAY: 'common.stoppedOnTheWay',
} as const;

/** The sentence of an error for a person. */
export function useProblemSentence(): (error: unknown) => string {
  const { t } = useTranslation();
  return (error) => {
    const ours = Object.entries(sentences).find(([code]) => error instanceof Problem && error.code === code);
    if (ours !== undefined) return t(ours[1]);
    return error instanceof Error ? error.message : String(error);
  };
}

interface ProblemAlertProps {
  readonly error: unknown;
  readonly title?: string;
  readonly onRetry?: () => void;
}

/** What went wrong, in the node's words; nothing where nothing did. */
export function ProblemAlert({ error, title, onRetry }: ProblemAlertProps) {
  const { t } = useTranslation();
  const sentence = useProblemSentence();
  if (error === null || error === undefined) return null;
  return (
    <Alert color="red" role="alert" icon={<IconAlertTriangle aria-hidden />} {...(title !== undefined && { title })}>
      <Group justify="space-between" gap="sm">
        <Text size="sm">{sentence(error)}</Text>
        {onRetry && (
          <Button size="xs" variant="default" onClick={onRetry}>
            {t('common.retry')}
          </Button>
        )}
      </Group>
    </Alert>
  );
}
