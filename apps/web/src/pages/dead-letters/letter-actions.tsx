import { Button, Group } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { DeadLetter } from '@dossier/protocol/sync.ts';
import { useDiscardLetter, useRetryLetter } from '../../api/dead-letters.ts';
import { whenDone } from '../../api/when-done.ts';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { useTell } from '../../components/tell.ts';

/** Tries one again, or forgets it; the link stays as it is. */
export function LetterActions({ letter }: { letter: DeadLetter }) {
  const { t } = useTranslation();
  const tell = useTell();
  const retry = useRetryLetter();
  const discard = useDiscardLetter();
  return (
    <>
      <Group gap="xs" wrap="nowrap">
        <Button
          size="compact-sm"
          loading={retry.isPending}
          onClick={() => whenDone(retry.mutateAsync(letter.id), () => tell(t('deadLetters.retried', { count: 1 })))}
        >
          {t('common.retry')}
        </Button>
        <Button size="compact-sm" variant="default" loading={discard.isPending} onClick={() => discard.mutate(letter.id)}>
          {t('deadLetters.discard')}
        </Button>
      </Group>
      <ProblemAlert error={retry.error ?? discard.error} />
    </>
  );
}
