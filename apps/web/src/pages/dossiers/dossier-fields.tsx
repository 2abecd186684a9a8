import { Checkbox, Group, Switch, Textarea, TextInput } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Dossier } from '@dossier/protocol/dossier.ts';
import type { WatchList } from '@dossier/protocol/watch-list.ts';
import { useFieldFault } from '../../components/field-fault.ts';
import { ListName } from '../../components/list-name.tsx';
import type { DossierDraft } from './dossier-draft.ts';
import { MetaEditor } from './meta-editor.tsx';
import { Namesakes } from './namesakes.tsx';

interface DossierFieldsProps {
  readonly draft: DossierDraft;
  readonly lists: readonly WatchList[];
  readonly error: unknown;
  /** The dossier that is changed; null for a new one. */
  readonly known: Dossier | null;
  readonly onChange: (facts: Partial<DossierDraft>) => void;
}

/** The fields of a dossier that people edit. */
export function DossierFields({ draft, lists, error, known, onChange }: DossierFieldsProps) {
  const { t } = useTranslation();
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
      <Namesakes draft={draft} known={known} lists={lists} />
      <Lists draft={draft} lists={lists} error={faultOf('dossier_lists')} onChange={onChange} />
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
      <MetaEditor rows={draft.rows} onChange={(rows) => onChange({ rows })} />
      <Switch
        label={t('dossiers.active')}
        description={t('dossiers.activeHint')}
        checked={draft.active}
        onChange={(event) => onChange({ active: event.currentTarget.checked })}
      />
    </>
  );
}

/** In which lists the dossier is; hundreds of them are scrolled. */
function Lists({ draft, lists, error, onChange }: Omit<DossierFieldsProps, 'error' | 'known'> & { error: string | undefined }) {
  const { t } = useTranslation();
  return (
    <Checkbox.Group
      label={t('dossiers.inLists')}
      value={draft.lists.map(String)}
      onChange={(values) => onChange({ lists: values.map(Number) })}
      error={error}
      withAsterisk
    >
      <Group gap="md" mt={6} mah={200} style={{ overflowY: 'auto' }}>
        {lists.map((list) => (
          <Checkbox key={list.id} value={String(list.id)} label={<ListName name={list.name} color={list.color} />} />
        ))}
      </Group>
    </Checkbox.Group>
  );
}
