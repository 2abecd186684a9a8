import { Group, Switch, Textarea, TextInput } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Dossier } from '@dossier/protocol/dossier.ts';
import type { WatchList } from '@dossier/protocol/watch-list.ts';
import { useFieldFault } from '../../components/field-fault.ts';
import { ListsSelect } from '../../components/lists-select.tsx';
import type { DossierDraft } from './dossier-draft.ts';
import { fieldsOf } from './declared.ts';
import { DeclaredInputs } from './declared-inputs.tsx';
import { MetaEditor } from './meta-editor.tsx';
import { declaredRow } from './meta-rows.ts';
import { Namesakes } from './namesakes.tsx';

interface DossierFieldsProps {
  readonly draft: DossierDraft;
  readonly lists: readonly WatchList[];
  /** The dossier that is changed, as it was read; null for a new one. */
  readonly base: Dossier | null;
  readonly error: unknown;
  readonly onChange: (facts: Partial<DossierDraft>) => void;
}

/** The fields of a dossier that people edit. */
export function DossierFields({ draft, lists, base, error, onChange }: DossierFieldsProps) {
  const { t } = useTranslation();
  const chosen = lists.filter(({ id }) => draft.lists.includes(id));
  const declared = fieldsOf(chosen).flatMap(({ name }) => declaredRow(draft.rows, name) ?? []);
  const faultOf = useFieldFault(error);
  return (
    <>
      <TextInput
        label={t('common.personName')}
        value={draft.name}
        onChange={(event) => onChange({ name: event.currentTarget.value })}
        error={faultOf('name')}
        maxLength={256}
        required
        data-autofocus
      />
      <Namesakes draft={draft} known={base} lists={lists} />
      <ListsSelect
        label={t('dossiers.inLists')}
        lists={lists}
        value={draft.lists}
        onChange={(ids) => onChange({ lists: ids })}
        error={faultOf('dossier_lists')}
        withAsterisk
      />
      <DeclaredInputs rows={draft.rows} lists={chosen} base={base} onChange={(rows) => onChange({ rows })} />
      <Textarea
        label={t('common.comment')}
        value={draft.comment}
        onChange={(event) => onChange({ comment: event.currentTarget.value })}
        autosize
        minRows={3}
        maxRows={10}
      />
      <TextInput
        label={t('dossiers.externalId')}
        description={t('dossiers.externalIdHint')}
        value={draft.external}
        onChange={(event) => onChange({ external: event.currentTarget.value })}
        error={faultOf('external_id')}
        maxLength={256}
      />
      <Days draft={draft} error={error} onChange={onChange} />
      <MetaEditor
        rows={draft.rows.filter((row) => !declared.includes(row))}
        onChange={(rows) => onChange({ rows: [...declared, ...rows] })}
      />
      <Switch
        label={t('dossiers.active')}
        description={t('dossiers.activeHint')}
        checked={draft.active}
        onChange={(event) => onChange({ active: event.currentTarget.checked })}
      />
    </>
  );
}

/** From when until when it holds. */
function Days({ draft, error, onChange }: Pick<DossierFieldsProps, 'draft' | 'error' | 'onChange'>) {
  const { t } = useTranslation();
  const faultOf = useFieldFault(error);
  return (
    <Group gap="md" align="flex-start" grow>
      <TextInput
        type="date"
        label={t('dossiers.validFrom')}
        value={draft.from}
        onChange={(event) => onChange({ from: event.currentTarget.value })}
        error={faultOf('valid_from')}
      />
      <TextInput
        type="date"
        label={t('dossiers.validUntil')}
        description={t('dossiers.validUntilHint')}
        inputWrapperOrder={['label', 'input', 'description', 'error']}
        value={draft.until}
        onChange={(event) => onChange({ until: event.currentTarget.value })}
        error={faultOf('valid_until')}
      />
    </Group>
  );
}
