import { Text } from '@mantine/core';
import type { SyncError } from '@dossier/protocol/sync.ts';
import { useNodeWords } from '../i18n/node-words.ts';
import { Original } from './original.tsx';

/** What went wrong, in a line or two. */
export function FaultText({ error, size = 'sm' }: { error: Pick<SyncError, 'code' | 'desc' | 'remedy'>; size?: 'xs' | 'sm' }) {
  const { desc, original } = useNodeWords().fault(error);
  return (
    <>
      <Text size={size} className="wrap" maw={420}>
        {desc}
      </Text>
      <Original text={original} />
    </>
  );
}
