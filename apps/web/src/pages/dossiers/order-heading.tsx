import { Text } from '@mantine/core';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { inPlace } from '../../address.ts';
import { SortButton } from '../../components/sort-button.tsx';
import { directionOf, sortAfter } from '../../components/sorting.ts';
import type { Ordering } from './orderings.ts';

interface OrderHeadingProps {
  /** As the API calls it, ascending. */
  readonly ordering: 'name' | 'modified_date';
  readonly title: string;
  /** Says, while it is searched, that what fits best comes first. */
  readonly ranked?: boolean;
}

/** The heading of a column by which the node can order dossiers; what is searched for comes by how well it fits. */
export function OrderHeading({ ordering, title, ranked }: OrderHeadingProps) {
  const { t } = useTranslation();
  const { q, order } = useSearch({ from: '/dossiers' });
  const navigate = useNavigate({ from: '/dossiers' });
  if (q !== undefined) {
    return (
      <th scope="col" data-column={ordering}>
        {title}
        {ranked === true && (
          <Text span size="xs" c="dimmed" fw={400}>
            {' · '}
            {t('sorting.ranked')}
          </Text>
        )}
      </th>
    );
  }
  const direction = directionOf(order, ordering);
  const sort = (): void => {
    const next = sortAfter(order, ordering) as Ordering | undefined;
    void navigate({ search: (before) => ({ ...before, order: next }), ...inPlace });
  };
  return (
    <th scope="col" data-column={ordering} aria-sort={direction ?? 'none'}>
      <SortButton title={title} direction={direction} onSort={sort} />
    </th>
  );
}
