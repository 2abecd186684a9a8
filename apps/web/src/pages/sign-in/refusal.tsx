import { Alert } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useProblemWords } from '../../components/problem-alert.tsx';

/** Why somebody was not let in; nothing where nothing is wrong. */
export function Refusal({ error }: { error: unknown }) {
  const wordsOf = useProblemWords();
  if (error === null) return null;
  return (
    <Alert color="red" role="alert" icon={<IconAlertTriangle aria-hidden />}>
      {wordsOf(error).text}
    </Alert>
  );
}
