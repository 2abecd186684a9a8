import { Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { DossierSearch } from '@dossier/protocol/dossier.ts';
import type { WatchList } from '@dossier/protocol/watch-list.ts';
import { useDossierCount } from '../../api/dossiers.ts';
import { useWriting } from '../../format/moments.ts';
import { filterOf, filterQuery, isFiltered } from './filter.ts';
import type { DossierSearch as Filters } from './search.ts';

/** In lists that hold more together counting takes longer than the number is worth. */
const mostCounted = 300_000;

interface Asked {
  readonly search: Filters;
  readonly lists: readonly WatchList[];
  /** Dossiers that are loaded. */
  readonly loaded: number;
  /** Whether there are others. */
  readonly more: boolean;
}

/** How many dossiers fit the filters; null until that is known, where it takes long to count them, and under a search, which counts for itself. */
export function useTotal({ search, lists, loaded, more }: Asked): number | null {
  const asked = search.list === undefined ? lists : lists.filter(({ id }) => id === search.list);
  const [only, ...others] = asked;
  const whole = !isFiltered(search) && others.length === 0;
  const size = asked.reduce((sum, list) => sum + list.dossier_count, 0);
  // Who has an external id is one, or a few.
  const isPlain = search.q === undefined && search.external === undefined;
  const counted = useDossierCount(filterQuery(filterOf(search)), { enabled: more && isPlain && !whole && size <= mostCounted });
  if (!more) return loaded;
  const total = whole ? only?.dossier_count : counted.data?.count;
  // The number and the rows are of two moments: fewer than can be seen are none.
  return total === undefined || total <= loaded ? null : total;
}

interface HowManyProps {
  /** What a search by words said. */
  readonly answer: DossierSearch | undefined;
  readonly loaded: number;
  readonly more: boolean;
  readonly total: number | null;
}

export function HowMany({ answer, loaded, more, total }: HowManyProps) {
  const { t } = useTranslation();
  const writing = useWriting();
  const shown = writing.number(loaded);
  const words = (): string => {
    if (answer) {
      return t(answer.total_is_more ? 'dossiers.foundMore' : 'dossiers.found', {
        count: answer.total,
        shown: writing.number(answer.total),
      });
    }
    if (!more) return t('dossiers.loadedAll', { count: loaded, shown });
    if (total === null) return t('dossiers.loadedSome', { count: loaded, shown });
    return t('dossiers.loadedOf', { shown, total: writing.number(total) });
  };
  return (
    <Text size="sm" c="dimmed">
      {words()}
    </Text>
  );
}
