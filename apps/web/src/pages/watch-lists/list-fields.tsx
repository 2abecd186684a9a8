import { Switch, Textarea, TextInput } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useFieldFault } from '../../components/field-fault.ts';
import { ColourChoice } from './colour-choice.tsx';
import type { ListDraft } from './list-draft.ts';

interface ListFieldsProps {
  readonly draft: ListDraft;
  /** Whether the list is being made: then what a node decides of its own lists comes later. */
  readonly fresh: boolean;
  readonly error: unknown;
  readonly onChange: (facts: Partial<ListDraft>) => void;
}

/** What people edit of a list, but for what it declares. */
export function ListFields({ draft, fresh, error, onChange }: ListFieldsProps) {
  const { t } = useTranslation();
  const faultOf = useFieldFault(error);
  return (
    <>
      <TextInput
        label={t('common.name')}
        value={draft.name}
        onChange={(event) => onChange({ name: event.currentTarget.value })}
        error={faultOf('name')}
        required
        maxLength={256}
        data-autofocus
      />
      <Textarea
        label={t('common.comment')}
        value={draft.comment}
        onChange={(event) => onChange({ comment: event.currentTarget.value })}
        autosize
        minRows={2}
      />
      <ColourChoice value={draft.color} onChange={(color) => onChange({ color })} />
      <Switch
        label={t('watchLists.active')}
        description={t('watchLists.activeHint')}
        checked={draft.active}
        onChange={(event) => onChange({ active: event.currentTarget.checked })}
      />
      {!fresh && (
        <>
          <Switch
            label={t('watchLists.logReadsLabel')}
            description={t('watchLists.logReadsHint')}
            checked={draft.log_reads}
            onChange={(event) => onChange({ log_reads: event.currentTarget.checked })}
          />
          <Switch
            label={t('watchLists.requireMatchLabel')}
            description={t('watchLists.requireMatchHint')}
            checked={draft.require_match}
            onChange={(event) => onChange({ require_match: event.currentTarget.checked })}
          />
        </>
      )}
    </>
  );
}
