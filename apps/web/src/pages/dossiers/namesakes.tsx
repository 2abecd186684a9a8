import { useDebouncedValue } from '@mantine/hooks';
import { useTranslation } from 'react-i18next';
import type { Dossier } from '@dossier/protocol/dossier.ts';
import type { WatchList } from '@dossier/protocol/watch-list.ts';
import { useNamesakes } from '../../api/duplicates.ts';
import type { DossierDraft } from './dossier-draft.ts';
import { Duplicates } from './duplicates.tsx';

const typingPauseMs = 400;

interface NamesakesProps {
  readonly draft: DossierDraft;
  /** The dossier that is changed: of the name that it has already nobody needs to be warned. */
  readonly known: Dossier | null;
  readonly lists: readonly WatchList[];
}

/** Warns, while a name is typed, of people in the chosen lists who have it or a similar one. */
export function Namesakes({ draft, known, lists }: NamesakesProps) {
  const { t } = useTranslation();
  const [name] = useDebouncedValue(draft.name, typingPauseMs);
  const isNew = name.trim() !== (known?.name ?? '');
  const looked = draft.lists.length > 0 ? draft.lists : lists.map(({ id }) => id);
  const { data: found = [] } = useNamesakes(isNew ? name : '', { lists: looked, except: known?.id });
  return <Duplicates found={isNew ? found : []} title={t('duplicates.names')} />;
}
