import { MultiSelect } from '@mantine/core';
import type { MultiSelectProps } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { beside, listbox, optionsOf } from './list-options.ts';
import type { ListOption } from './list-options.ts';
import { useOptionFilter } from './option-filter.ts';

interface ListsSelectProps extends Omit<MultiSelectProps, 'data' | 'value' | 'onChange' | 'filter'> {
  readonly lists: readonly ListOption[];
  readonly value: readonly number[];
  readonly onChange: (lists: number[]) => void;
}

/** Some of many lists, each found by writing a part of its name. */
export function ListsSelect({ lists, value, onChange, ...props }: ListsSelectProps) {
  const { t } = useTranslation();
  const filter = useOptionFilter();
  return (
    <MultiSelect
      {...props}
      searchable
      hidePickedOptions
      data={optionsOf(lists)}
      value={value.map(String)}
      onChange={(chosen) => onChange(chosen.map(Number))}
      placeholder={value.length === 0 ? t('watchLists.find') : ''}
      filter={filter}
      withScrollArea={false}
      styles={listbox}
      nothingFoundMessage={t('watchLists.findNone')}
      comboboxProps={beside}
      clearButtonProps={{ 'aria-label': t('bulk.choose.clear') }}
    />
  );
}
