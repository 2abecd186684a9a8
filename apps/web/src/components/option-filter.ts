import type { ComboboxParsedItem, OptionsFilter } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useWriting } from '../format/moments.ts';
import { hasWords, shownOptions } from './list-options.ts';

/** Finds options by words of their names; of many some are shown, and that there are more. */
export function useOptionFilter(): OptionsFilter {
  const { t } = useTranslation();
  const writing = useWriting();
  return ({ options, search }) => {
    const found = options.filter((option) => 'label' in option && hasWords(option.label, search));
    if (found.length <= shownOptions) return found;
    const label = t('bulk.choose.more', { shown: writing.number(shownOptions), total: writing.number(found.length) });
    const more: ComboboxParsedItem = { value: 'more', label, disabled: true };
    return [...found.slice(0, shownOptions), more];
  };
}
