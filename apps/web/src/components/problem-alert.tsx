import { Alert, Button, Group, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { Problem } from '../api/problem.ts';
import { useNodeWords } from '../i18n/node-words.ts';
import { Original } from './original.tsx';

/** Problems that aren't told in the words of the node. */
const sentences = {
  UNREACHABLE: 'common.unreachable',
  TOO_LARGE_ON_THE_WAY: 'common.tooLargeOnTheWay',
  STOPPED_ON_THE_WAY: 'common.stoppedOnTheWay',
  PASSKEY_CANCELLED: 'secondFactor.passkeys.cancelled',
  PASSKEY_PRESENT: 'secondFactor.passkeys.present',
} as const;

/** The sentence of an error for a person, and what the node itself said where that is in another language. */
export function useProblemWords(): (error: unknown) => { text: string; original: string | null } {
  const { t } = useTranslation();
  const words = useNodeWords();
  return (error) => {
    const ours = Object.entries(sentences).find(([code]) => error instanceof Problem && error.code === code);
    if (ours !== undefined) return { text: t(ours[1]), original: null };
    if (error instanceof Problem) return words.problem(error);
    return { text: error instanceof Error ? error.message : String(error), original: null };
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
  const wordsOf = useProblemWords();
  if (error === null || error === undefined) return null;
  const { text, original } = wordsOf(error);
  return (
    <Alert color="red" role="alert" icon={<IconAlertTriangle aria-hidden />} {...(title !== undefined && { title })}>
      <Group justify="space-between" gap="sm">
        <div>
          <Text size="sm">{text}</Text>
          <Original text={original} />
        </div>
        {onRetry && (
          <Button size="xs" variant="default" onClick={onRetry}>
            {t('common.retry')}
          </Button>
        )}
      </Group>
    </Alert>
  );
}
