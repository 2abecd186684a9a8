import { Button, Group, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { Restored } from '@dossier/protocol/bin.ts';
import { useRestore } from '../api/bin.ts';
import { useNode } from '../api/node.ts';
import { useIsLimited } from '../api/session.ts';
import { whenDone } from '../api/when-done.ts';
import { useProblemWords } from './problem-alert.tsx';
import { useTell } from './tell.ts';

/** Long enough for who comes by keyboard; afterwards there is the bin. */
const shownMs = 20_000;
/** A dialog that closes gives its focus back first. */
const focusAfterMs = 400;

/** Tells that something was done, and offers to take it back; of one `id` only the last is told. */
export function useTellUndoable(): (message: string, { id, undo }: { id: string; undo: () => void }) => void {
  const { t } = useTranslation();
  return (message, { id, undo }) => {
    const takeBack = (): void => {
      notifications.hide(id);
      undo();
    };
    notifications.show({
      id,
      autoClose: shownMs,
      closeButtonProps: { 'aria-label': t('common.close') },
      message: <Undoable message={message} onUndo={takeBack} />,
    });
  };
}

/** Tells that something was deleted, and offers to take it back where it is in the bin, by one deletion or several; null, or none: it isn't. */
export function useTellDeleted(): (message: string, deletion: number | readonly number[] | null) => void {
  const { t } = useTranslation();
  const tell = useTell();
  const tellUndoable = useTellUndoable();
  const restore = useRestore();
  const wordsOf = useProblemWords();
  const isLimited = useIsLimited();
  return (message, deletion) => {
    // The bin isn't for who is limited to some watch lists.
    const deletions = isLimited ? [] : [deletion ?? []].flat();
    if (deletions.length === 0) {
      tell(message);
      return;
    }
    const undo = (): void =>
      whenDone(
        restoreAll(deletions, (one) => restore.mutateAsync({ deletion: one })).catch((error: unknown) => {
          tell(wordsOf(error).text);
          throw error;
        }),
        (count) => tell(count === 0 ? t('bin.undone') : t('bin.undoneInPart', { count })),
      );
    tellUndoable(message, { id: `deletion-${deletions.join('-')}`, undo });
  };
}

/** Restores one after another, for none to be kept in the bin by what is wrong with another; returns how many stay there. */
async function restoreAll(deletions: readonly number[], restore: (deletion: number) => Promise<Restored>): Promise<number> {
  let conflicts = 0;
  const errors: unknown[] = [];
  for (const deletion of deletions) {
    try {
      conflicts += (await restore(deletion)).conflict_count;
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
  return conflicts;
}

/** Whether what is deleted can be restored, and for how long, in a sentence. */
export function useKeptWords(): string {
  const { t } = useTranslation();
  const { data: node } = useNode();
  if (node === undefined) return '';
  return node.bin_days === 0 ? t('bin.notKept') : t('bin.keptFor', { count: node.bin_days });
}

function Undoable({ message, onUndo }: { message: string; onUndo: () => void }) {
  const { t } = useTranslation();
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    // What had the focus was deleted: without a place of its own it would begin again at the top of the page.
    const timer = window.setTimeout(() => {
      if (document.activeElement === document.body) button.current?.focus();
    }, focusAfterMs);
    return () => window.clearTimeout(timer);
  }, []);
  return (
    <Group justify="space-between" gap="sm" wrap="nowrap">
      <Text size="sm" className="wrap">
        {message}
      </Text>
      <Button ref={button} size="xs" variant="light" onClick={onUndo} style={{ flexShrink: 0 }}>
        {t('bin.undo')}
      </Button>
    </Group>
  );
}
