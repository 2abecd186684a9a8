import { IconArrowDown, IconArrowsSort, IconArrowUp } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import classes from './sort-button.module.css';

interface SortButtonProps {
  readonly title: string;
  /** As the column is sorted now. */
  readonly direction: 'ascending' | 'descending' | undefined;
  readonly onSort: () => void;
}

/** The heading of a column by which rows can be sorted; the cell that it stands in says by `aria-sort` how they are. */
export function SortButton({ title, direction, onSort }: SortButtonProps) {
  const { t } = useTranslation();
  const Icon = direction === undefined ? IconArrowsSort : direction === 'ascending' ? IconArrowUp : IconArrowDown;
  return (
    <button
      type="button"
      className={classes.button}
      data-direction={direction ?? 'none'}
      title={t(`sorting.${direction ?? 'none'}`)}
      onClick={onSort}
    >
      <span className={classes.title}>{title}</span>
      <Icon size={14} aria-hidden />
    </button>
  );
}
