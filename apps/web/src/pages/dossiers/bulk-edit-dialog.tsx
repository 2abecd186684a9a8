import { Group, NativeSelect, Textarea, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { BulkRequest } from '@dossier/protocol/bulk.ts';
import type { WatchList } from '@dossier/protocol/watch-list.ts';
import { BulkForm } from './bulk-dialog.tsx';
import type { BulkDialogProps } from './bulk-dialog.tsx';
import { typeOf } from './declared.ts';
import { metaOf } from './meta-rows.ts';

type Change = NonNullable<BulkRequest['change']>;
/** What becomes of a field. */
type Way = 'leave' | 'set' | 'remove';

interface Draft {
  readonly active: '' | 'true' | 'false';
  readonly from: { readonly way: Way; readonly day: string };
  readonly until: { readonly way: Way; readonly day: string };
  readonly comment: string;
  readonly field: { readonly way: Way; readonly name: string; readonly value: string };
}

const nothing: Draft = {
  active: '',
  from: { way: 'leave', day: '' },
  until: { way: 'leave', day: '' },
  comment: '',
  field: { way: 'leave', name: '', value: '' },
};

/** The change that is written down, or null while it is none, or not whole. */
function changeOf({ active, from, until, comment, field }: Draft, lists: readonly WatchList[]): Change | null {
  const unfinished =
    [from, until].some(({ way, day }) => way === 'set' && day === '') || (field.way !== 'leave' && field.name.trim() === '');
  const name = field.name.trim();
  const type = typeOf(name, lists);
  const row = { key: name, text: field.value, json: type === 'number' || type === 'yes_no' };
  const change: Change = {
    ...(active !== '' && { active: active === 'true' }),
    ...(from.way !== 'leave' && { valid_from: from.way === 'set' ? from.day : null }),
    ...(until.way !== 'leave' && { valid_until: until.way === 'set' ? until.day : null }),
    ...(comment.trim() !== '' && { add_comment: comment.trim() }),
    ...(field.way !== 'leave' && { meta: field.way === 'set' ? metaOf([row]) : { [name]: null } }),
  };
  return unfinished || Object.keys(change).length === 0 ? null : change;
}

/** Changes some fields of many dossiers; what isn't touched stays as each has it. A field is written as the lists declare it that they are in. */
export function BulkEditDialog({ lists, ...props }: BulkDialogProps & { lists: readonly WatchList[] }) {
  const { t } = useTranslation();
  const { count } = props;
  const [draft, setDraft] = useState(nothing);
  const change = changeOf(draft, lists);
  const write = (facts: Partial<Draft>): void => setDraft((before) => ({ ...before, ...facts }));
  return (
    <BulkForm
      {...props}
      title={t('bulk.editing.title', { count })}
      deed={change && { change }}
      submitLabel={t('bulk.editing.save', { count })}
      done="bulk.done"
    >
      <NativeSelect
        label={t('dossiers.state')}
        value={draft.active}
        onChange={(event) => write({ active: event.currentTarget.value as Draft['active'] })}
        data={[
          { value: '', label: t('bulk.editing.leave') },
          { value: 'true', label: t('dossiers.active') },
          { value: 'false', label: t('dossiers.inactive') },
        ]}
        data-autofocus
      />
      <Bound label={t('dossiers.validFrom')} value={draft.from} onChange={(from) => write({ from })} />
      <Bound label={t('dossiers.validUntil')} value={draft.until} onChange={(until) => write({ until })} />
      <Textarea
        label={t('bulk.editing.addComment')}
        description={t('bulk.editing.addCommentHint')}
        value={draft.comment}
        onChange={(event) => write({ comment: event.currentTarget.value })}
        autosize
        minRows={2}
        maxRows={6}
      />
      <CustomField value={draft.field} onChange={(field) => write({ field })} />
    </BulkForm>
  );
}

function useWays(): { value: Way; label: string }[] {
  const { t } = useTranslation();
  return (['leave', 'set', 'remove'] as const).map((value) => ({ value, label: t(`bulk.editing.${value}`) }));
}

interface BoundProps {
  readonly label: string;
  readonly value: Draft['from'];
  readonly onChange: (value: Draft['from']) => void;
}

/** What becomes of one end of the validity. */
function Bound({ label, value, onChange }: BoundProps) {
  const ways = useWays();
  return (
    <Group align="flex-end" grow>
      <NativeSelect
        label={label}
        value={value.way}
        onChange={(event) => onChange({ ...value, way: event.currentTarget.value as Way })}
        data={ways}
      />
      {value.way === 'set' && (
        <TextInput
          type="date"
          aria-label={label}
          value={value.day}
          onChange={(event) => onChange({ way: 'set', day: event.currentTarget.value })}
        />
      )}
    </Group>
  );
}

/** What becomes of one custom field. */
function CustomField({ value, onChange }: { value: Draft['field']; onChange: (value: Draft['field']) => void }) {
  const { t } = useTranslation();
  const ways = useWays();
  return (
    <Group align="flex-end" grow>
      <NativeSelect
        label={t('bulk.editing.field')}
        value={value.way}
        onChange={(event) => onChange({ ...value, way: event.currentTarget.value as Way })}
        data={ways}
      />
      {value.way !== 'leave' && (
        <TextInput
          label={t('dossiers.fieldName')}
          value={value.name}
          onChange={(event) => onChange({ ...value, name: event.currentTarget.value })}
        />
      )}
      {value.way === 'set' && (
        <TextInput
          label={t('dossiers.fieldValue')}
          value={value.value}
          onChange={(event) => onChange({ ...value, value: event.currentTarget.value })}
        />
      )}
    </Group>
  );
}
