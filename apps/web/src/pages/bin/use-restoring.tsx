import { useState } from 'react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Restored } from '@dossier/protocol/bin.ts';
import type { WatchList } from '@dossier/protocol/watch-list.ts';
import { useRestore } from '../../api/bin.ts';
import { whenDone } from '../../api/when-done.ts';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { useTell } from '../../components/tell.ts';
import { IntoDialog } from './into-dialog.tsx';

/** What is to be restored, as the node takes it. */
export interface Selection {
  readonly deletion?: number | undefined;
  readonly dossiers?: number[] | undefined;
}

/** What restores, and what came of it. */
export interface Restoring {
  /** `homeless`: the lists are gone; asks for another one first. */
  restore(which: Selection, options?: { homeless?: boolean }): void;
  /** What is being restored. */
  readonly busy: Selection | null;
  /** The question for a list, and what went wrong; to be shown somewhere. */
  readonly outcome: ReactNode;
}

/** Restores from the bin into the lists that things were in, or into one of `lists`. */
export function useRestoring({ lists, onRestored }: { lists: readonly WatchList[]; onRestored: (restored: Restored) => void }): Restoring {
  const { t } = useTranslation();
  const tell = useTell();
  const mutation = useRestore();
  const [asking, setAsking] = useState<Selection | null>(null);
  const run = (which: Selection & { dossier_list?: number }): void => {
    whenDone(mutation.mutateAsync(which), (restored) => {
      tell(t('bin.restored', { count: restored.restored }));
      setAsking(null);
      onRestored(restored);
    });
  };
  return {
    restore(which, { homeless = false } = {}) {
      mutation.reset();
      if (homeless) setAsking(which);
      else run(which);
    },
    busy: mutation.isPending ? mutation.variables : null,
    outcome: (
      <>
        <ProblemAlert error={asking === null ? mutation.error : null} />
        {asking !== null && (
          <IntoDialog
            lists={lists}
            busy={mutation.isPending}
            error={mutation.error}
            onClose={() => setAsking(null)}
            onChoose={(list) => run({ ...asking, dossier_list: list })}
          />
        )}
      </>
    ),
  };
}
