import { Select } from '@mantine/core';
import type { SelectProps } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { beside, listbox, optionsOf } from './list-options.ts';
import type { ListOption } from './list-options.ts';
import { useOptionFilter } from './option-filter.ts';

interface ListSelectProps extends Omit<SelectProps, 'data' | 'value' | 'onChange' | 'filter'> {
  readonly lists: readonly ListOption[];
  /** The id of a list; undefined for none. */
  readonly value: number | undefined;
  readonly onChange: (list: number | undefined) => void;
  /** What is chosen where no list is; without it a list has to be. */
  readonly none?: string;
}

const noList = 'none';

/** One of many lists, found by writing a part of its name. */
export function ListSelect({ lists, value, onChange, none, ...props }: ListSelectProps) {
  const { t } = useTranslation();
  const filter = useOptionFilter();
  // An address may name a list that isn't there: the box says so, rather than nothing.
  const missing = value !== undefined && lists.length > 0 && !lists.some(({ id }) => id === value);
  const options = optionsOf(missing ? [...lists, { id: value, name: t('dossiers.noSuchList', { id: value }) }] : lists);
  return (
    <Select
      {...props}
      searchable
      data={none === undefined ? options : [{ value: noList, label: none }, ...options]}
      value={value === undefined ? (none === undefined ? null : noList) : String(value)}
      onChange={(chosen) => onChange(chosen === null || chosen === noList ? undefined : Number(chosen))}
      allowDeselect={false}
      // What is written next takes the place of what is chosen.
      onFocus={(event) => event.currentTarget.select()}
      filter={filter}
      withScrollArea={false}
      styles={listbox}
      nothingFoundMessage={t('watchLists.findNone')}
      comboboxProps={beside}
    />
  );
}
